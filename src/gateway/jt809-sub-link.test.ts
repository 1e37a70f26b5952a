import { Buffer } from "node:buffer";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeJt809, type Decoded809 } from "../wire/jt809/decode.ts";
import { writeFrame809 } from "../wire/jt809/header.ts";
import { encodeCode809, encodeLogin809, Message809Id } from "../wire/jt809/link-messages.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { startJt809Server, type Jt809Server } from "./jt809-server.ts";

/** A lower platform made of bytes: its main link, and the port where it can be dialled back. */

interface Line {
  socket: Socket;
  heard: Decoded809[];
}

let server: Jt809Server;
let main: Line;
/** Every connection that came to the lower platform's port, in order. */
let dialled: Line[];
let listening: ReturnType<typeof createServer>;
/** What the lower platform answers on its sub link. */
let answers: ReadonlyMap<number, [number, Buffer]>;
let port: number;

const ANSWERS = new Map<number, [number, Buffer]>([
  [Message809Id.subLogin, [Message809Id.subLoginAnswer, encodeCode809(0)]],
  [Message809Id.subKeepAlive, [Message809Id.subKeepAliveAnswer, Buffer.alloc(0)]],
]);

beforeEach(async () => {
  dialled = [];
  answers = ANSWERS;
  listening = createServer((socket) => dialled.push(lineOf(socket)));
  await listen(0);
  port = (listening.address() as AddressInfo).port;
});
afterEach(async () => {
  main.socket.destroy();
  for (const { socket } of dialled) socket.destroy();
  listening.close();
  await server.close();
});

async function listen(at: number): Promise<void> {
  await new Promise<void>((resolve) => listening.listen({ port: at, host: "127.0.0.1" }, resolve));
}

/** Logs in, and says that it can be dialled back at `port`. */
async function logIn(silentMs = 60_000): Promise<void> {
  server = await startJt809Server({
    host: "127.0.0.1",
    port: 0,
    sink: new MemorySink(),
    platforms: [{ accessCode: 4107, userId: 42, password: "secret", version: "2011" }],
    silentMs,
    redialMs: 20,
    confirmMs: 20,
  });
  main = lineOf(connect({ host: "127.0.0.1", port: server.port }));
  const login = { userId: 42, password: "secret", downLinkIp: "127.0.0.1", downLinkPort: port };
  say(main.socket, Message809Id.login, encodeLogin809(login, "2011"));
}

function lineOf(socket: Socket): Line {
  const line: Line = { socket, heard: [] };
  let waiting = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let end = waiting.indexOf(0x5d); end >= 0; end = waiting.indexOf(0x5d)) {
      const message = decodeJt809(waiting.subarray(0, end + 1));
      waiting = waiting.subarray(end + 1);
      line.heard.push(message);
      const answer = answers.get(message.messageId ?? 0);
      if (answer !== undefined) say(socket, ...answer);
    }
  });
  return line;
}

function say(socket: Socket, messageId: number, body: Buffer): void {
  socket.write(writeFrame809({ messageId, serial: 1, accessCode: 4107, version: "2011", body }));
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 1500; i++) {
    if (holds()) return;
    await sleep(10);
  }
  throw new Error(`waited 15 s for: ${what}`);
}

/** The platform has its sub link, and the lower one has heard the code on it. */
function isLinked(): boolean {
  return server.online().some(({ subLink }) => subLink) && (dialled.at(-1)?.heard.length ?? 0) > 0;
}

/** A main link that beats all the while, so that only the sub link is silent. */
function beat(): NodeJS.Timeout {
  return setInterval(() => say(main.socket, Message809Id.keepAlive, Buffer.alloc(0)), 50);
}

describe("the sub link", () => {
  it("that breaks is told over the main link and dialled anew, with the same code", async () => {
    await logIn();
    await until("the sub link", isLinked);
    dialled[0].socket.destroy();
    await until("another one", () => dialled.length === 2 && isLinked());
    const codes = dialled.map(({ heard }) => heard[0]["verifyCode"]);
    expect(codes).toEqual([codes[0], codes[0]]);
    await until("told", () => main.heard.some(({ messageId }) => messageId === Message809Id.subDisconnectNotice));
  });

  it("that cannot be dialled at the login is dialled until it can", async () => {
    await new Promise((resolve) => listening.close(resolve));
    await logIn();
    await until("the login", () => server.online().length === 1);
    expect(server.online()[0].subLink).toBe(false);
    await until("a few tries", () => (server.metrics().closed["socketError"] ?? 0) >= 2);
    await listen(port);
    await until("the sub link", isLinked);
  });

  it("that was refused is dialled anew", async () => {
    answers = new Map([[Message809Id.subLogin, [Message809Id.subLoginAnswer, encodeCode809(2)]]]);
    await logIn();
    await until("refused", () => server.metrics().closed["subLoginRefused"] === 1);
    answers = ANSWERS;
    await until("another one", () => dialled.length >= 2 && isLinked());
    expect(server.online()).toEqual([{ accessCode: 4107, subLink: true }]);
  });

  it("that no longer answers is closed and dialled anew, while the main link goes on", async () => {
    answers = new Map([[Message809Id.subLogin, ANSWERS.get(Message809Id.subLogin)!]]);
    await logIn(600);
    const beating = beat();
    try {
      await until("closed for silence", () => server.metrics().closed["silent"] === 1);
      expect(dialled[0].heard.map(({ messageId }) => messageId)).toContain(Message809Id.subKeepAlive);
      await until("another one", () => dialled.length >= 2);
      expect(main.socket.destroyed).toBe(false);
      expect(server.online()).toHaveLength(1);
    } finally {
      clearInterval(beating);
    }
  });

  it("that answers stays, also when only confirmations are sent over it", async () => {
    await logIn(600);
    const beating = beat();
    try {
      await until(
        "kept alive",
        () => (dialled[0]?.heard.filter(({ messageId }) => messageId === Message809Id.subKeepAlive).length ?? 0) > 4,
      );
      expect(dialled).toHaveLength(1);
    } finally {
      clearInterval(beating);
    }
  });

  it("is not dialled any more when the platform has logged out", async () => {
    await logIn();
    await until("the sub link", isLinked);
    say(main.socket, Message809Id.logout, Buffer.alloc(12));
    await until("gone", () => server.online().length === 0 && dialled[0].socket.closed);
    await sleep(200);
    expect(dialled).toHaveLength(1);
  });
});
