/**
 * Messages that make and keep a link (JT/T 809-2011, 4.5.2 and 4.6.1). The lower platform dials the upper one (main
 * link) and says in its login where the upper one can dial back (sub link).
 *
 *     1001 login          DWORD user, BYTE[8] password, [2019: DWORD access code], BYTE[32] address, WORD port
 *     1002 login answer   BYTE result, DWORD verify code
 *     1003 logout         DWORD user, BYTE[8] password
 *     9001 sub login      DWORD verify code        9002 answer   BYTE result
 *     9003 sub logout     DWORD verify code
 *     1007, 1008, 9007, 9008  notices of a broken or closed link: BYTE
 *     9101 positions received   DWORD count, time_t start, time_t end
 */
import type { Buffer } from "node:buffer";
import { OctetReader, OctetWriter } from "../octets.ts";
import type { Version809 } from "./header.ts";

export const Message809Id = {
  login: 0x1001,
  loginAnswer: 0x1002,
  logout: 0x1003,
  logoutAnswer: 0x1004,
  keepAlive: 0x1005,
  keepAliveAnswer: 0x1006,
  disconnectNotice: 0x1007,
  closeNotice: 0x1008,
  subLogin: 0x9001,
  subLoginAnswer: 0x9002,
  subLogout: 0x9003,
  subLogoutAnswer: 0x9004,
  subKeepAlive: 0x9005,
  subKeepAliveAnswer: 0x9006,
  subDisconnectNotice: 0x9007,
  subCloseNotice: 0x9008,
  receivedCount: 0x9101,
  vehicles: 0x1200,
  vehiclesDown: 0x9200,
} as const;

/** Results of a login (1002). */
export const LoginResult809 = {
  ok: 0,
  wrongAddress: 1,
  wrongAccessCode: 2,
  unknownUser: 3,
  wrongPassword: 4,
  busy: 5,
  other: 6,
} as const;

export interface Login809 {
  userId: number;
  password: string;
  /** 2019 only. */
  accessCode?: number;
  downLinkIp: string;
  downLinkPort: number;
}

/** @throws MalformedBody */
export function decodeLogin809(body: Buffer): Login809 {
  const reader = new OctetReader(body);
  const userId = reader.u32();
  const password = reader.text(8);
  // 46 bytes in 2011, 50 in 2019: the length says which, whatever the header's edition.
  const accessCode = body.length >= 50 ? { accessCode: reader.u32() } : {};
  return { userId, password, ...accessCode, downLinkIp: reader.text(32), downLinkPort: reader.u16() };
}

export function encodeLogin809(login: Login809, version: Version809): Buffer {
  const out = new OctetWriter(50).u32(login.userId).text(login.password, 8);
  if (version === "2019") out.u32(login.accessCode ?? 0);
  return out.text(login.downLinkIp, 32).u16(login.downLinkPort).toBuffer();
}

export interface LoginAnswer809 {
  /** One of `LoginResult809`. */
  result: number;
  verifyCode: number;
}

/** @throws MalformedBody */
export function decodeLoginAnswer809(body: Buffer): LoginAnswer809 {
  const reader = new OctetReader(body);
  return { result: reader.u8(), verifyCode: reader.u32() };
}

export function encodeLoginAnswer809(answer: LoginAnswer809): Buffer {
  return new OctetWriter(5).u8(answer.result).u32(answer.verifyCode).toBuffer();
}

export interface Logout809 {
  userId: number;
  password: string;
}

/** @throws MalformedBody */
export function decodeLogout809(body: Buffer): Logout809 {
  const reader = new OctetReader(body);
  return { userId: reader.u32(), password: reader.text(8) };
}

export function encodeLogout809(logout: Logout809): Buffer {
  return new OctetWriter(12).u32(logout.userId).text(logout.password, 8).toBuffer();
}

/** 9001 and 9003. @throws MalformedBody */
export function decodeVerifyCode809(body: Buffer): { verifyCode: number } {
  return { verifyCode: new OctetReader(body).u32() };
}

export function encodeVerifyCode809(verifyCode: number): Buffer {
  return new OctetWriter(4).u32(verifyCode).toBuffer();
}

/** 9002 and the notices: one byte. @throws MalformedBody */
export function decodeCode809(body: Buffer): { result: number } {
  return { result: new OctetReader(body).u8() };
}

export function encodeCode809(result: number): Buffer {
  return new OctetWriter(1).u8(result).toBuffer();
}

/** 9101: how many positions the upper platform got in a span of time. */
export interface ReceivedCount809 {
  count: number;
  startMs: number;
  endMs: number;
}

/** @throws MalformedBody */
export function decodeReceivedCount809(body: Buffer): ReceivedCount809 {
  const reader = new OctetReader(body);
  return { count: reader.u32(), startMs: epochMs(reader.u64()), endMs: epochMs(reader.u64()) };
}

export function encodeReceivedCount809(received: ReceivedCount809): Buffer {
  return new OctetWriter(20)
    .u32(received.count)
    .u64(Math.floor(received.startMs / 1000))
    .u64(Math.floor(received.endMs / 1000))
    .toBuffer();
}

/** A `time_t` as ms UTC. The standard has seconds; one vendor sends milliseconds, which no year before 5138 reaches. */
function epochMs(time: number): number {
  return time > 1e11 ? time : time * 1000;
}
