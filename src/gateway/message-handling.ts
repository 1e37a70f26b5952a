import { Buffer } from "node:buffer";
import { MalformedBody } from "../wire/octets.ts";
import { decodeGeneralReply, ReplyResult, TERMINAL_REPLY } from "../wire/jt808/0001-general-reply.ts";
import { REGISTRATION } from "../wire/jt808/0100-registration.ts";
import { AUTHENTICATION } from "../wire/jt808/0102-authentication.ts";
import { LOCATION_REPORT } from "../wire/jt808/0200-location-report.ts";
import { LOCATION_ANSWER, locationAnswerOffset } from "../wire/jt808/0201-location-answer.ts";
import { BatchType, eachLocationInBatch, LOCATION_BATCH } from "../wire/jt808/0704-location-batch.ts";
import { decodeMediaEvent, encodeMediaAnswer, MEDIA_ANSWER, MEDIA_DATA } from "../wire/jt808/0800-media-event.ts";
import type { FrameHeader } from "../wire/jt808/header.ts";
import { timeField } from "../wire/jt808/time.ts";
import { authenticate, register } from "./admission.ts";
import type { GatewayCore } from "./core.ts";
import { count } from "./counters.ts";
import { countMessageDeviations, countPartDeviations } from "./deviations.ts";
import type { Session } from "./session.ts";

const HEARTBEAT = 0x0002;
const DEREGISTRATION = 0x0003;
const TIME_QUERY = 0x0004;
const TIME_ANSWER = 0x8004;
const RESEND_REQUEST = 0x0005;
const OTHER_HEARTBEAT = 0x0506;
const GMT8_MS = 8 * 3_600_000;

/** Messages that are passed on as they are and answered `ok`. */
const PASSED_ON: ReadonlySet<number> = new Set([
  0x0107, 0x0104, 0x0301, 0x0302, 0x0303, 0x0500, 0x0701, 0x0702, 0x0705, 0x0800, 0x0801, 0x0900,
]);

/** One message, whole: the body is `bytes[start, end)`, answered part by part when it came in parts. */
interface Incoming {
  messageId: number;
  serials: readonly number[];
  bytes: Buffer;
  start: number;
  end: number;
}

/** Acts on one frame of a session. What it answers at once is left in the core's encoder. */
export function handleMessage(core: GatewayCore, session: Session, header: FrameHeader, bytes: Buffer): void {
  const { messageId, serial } = header;
  const { counters } = core;
  countMessage(counters.messages, messageId);
  if (header.encryption !== 0) {
    count(counters.faults, "encrypted");
    session.reply(serial, messageId, ReplyResult.unsupported);
    return;
  }
  if (!session.live && !admitsWithoutCode(core, session, messageId)) {
    if (messageId === REGISTRATION || messageId === AUTHENTICATION) {
      handleWhole(core, session, whole(header, bytes));
    } else if (messageId === HEARTBEAT || messageId === DEREGISTRATION) {
      session.reply(serial, messageId, ReplyResult.ok);
    } else {
      count(counters.faults, "notAuthenticated");
      session.reply(serial, messageId, ReplyResult.failed);
    }
    return;
  }
  if (header.packageTotal > 0) handlePart(core, session, header, bytes);
  else handleWhole(core, session, whole(header, bytes));
}

/**
 * With optional authentication, a terminal is let in by its first message that is neither registration nor code. So is one
 * that is let in already and whose datagrams come from another port of the same address: a router between has forgotten it.
 */
function admitsWithoutCode(core: GatewayCore, session: Session, messageId: number): boolean {
  const { connection } = session;
  const earlier = core.sessions.get(session.phone)?.connection;
  const moved = connection.datagrams && earlier?.datagrams === true && earlier.address === connection.address;
  if (core.policy.authentication === "required" && !moved) return false;
  if (messageId === REGISTRATION || messageId === AUTHENTICATION || session.registering) return false;
  const known = core.register.find(session.phone);
  const accepted = known === undefined ? core.policy.admission === "open" : known.status === "accepted";
  if (!accepted || !session.begin()) return false;
  core.commands.loggedIn(session, core.nowMs());
  return true;
}

function whole(header: FrameHeader, bytes: Buffer): Incoming {
  const { messageId, serial, bodyStart, bodyEnd } = header;
  return { messageId, serials: [serial], bytes, start: bodyStart, end: bodyEnd };
}

function handlePart(core: GatewayCore, session: Session, header: FrameHeader, bytes: Buffer): void {
  const { messageId, serial, packageTotal, packageIndex } = header;
  const body = bytes.subarray(header.bodyStart, header.bodyEnd);
  const part = { messageId, serial, total: packageTotal, index: packageIndex, body };
  const outcome = session.reassembler.add(part, core.nowMs());
  if (outcome.state === "complete") {
    const { body: bodyWhole } = outcome;
    countPartDeviations(core.counters.deviations, outcome.serials);
    // Positions are answered when they are durable, part by part; of other messages the earlier parts have been answered.
    const serials = messageId === LOCATION_BATCH ? outcome.serials : [serial];
    handleWhole(core, session, { messageId, serials, bytes: bodyWhole, start: 0, end: bodyWhole.length });
  } else if (outcome.state === "refused") {
    count(core.counters.faults, outcome.fault);
    session.reply(serial, messageId, ReplyResult.failed);
  } else if (messageId !== LOCATION_BATCH) {
    // Some terminals send no further part before this one is answered.
    session.reply(serial, messageId, ReplyResult.ok);
  }
}

function handleWhole(core: GatewayCore, session: Session, message: Incoming): void {
  try {
    dispatch(core, session, message);
  } catch (error) {
    if (!(error instanceof MalformedBody)) throw error;
    count(core.counters.faults, "malformedBody");
    const facts = { terminal: session.phone, messageId: message.messageId, why: error.message };
    core.log.warn("a body was not understood", facts, core.nowMs());
    answer(session, message, ReplyResult.badMessage);
  }
}

function dispatch(core: GatewayCore, session: Session, message: Incoming): void {
  const { deviations } = core.counters;
  switch (message.messageId) {
    case LOCATION_REPORT:
      takeLocation(core, session, message, 0);
      break;
    case LOCATION_BATCH:
      takeBatch(core, session, message);
      break;
    case LOCATION_ANSWER: {
      const offset = locationAnswerOffset(message.bytes, message.start, message.end);
      const replySerial = offset === 0 ? undefined : replySerialOf(message);
      if (offset === 0) count(deviations, "answerWithoutSerial");
      core.commands.answered(session, message.messageId, replySerial, bodyOf(message), core.nowMs());
      takeLocation(core, session, message, offset);
      break;
    }
    case HEARTBEAT:
    case OTHER_HEARTBEAT:
      countMessageDeviations(deviations, message.messageId, bodyOf(message));
      answer(session, message, ReplyResult.ok);
      break;
    case REGISTRATION:
      register(core, session, message.serials[0]!, bodyOf(message));
      break;
    case AUTHENTICATION:
      authenticate(core, session, message.serials[0]!, bodyOf(message));
      break;
    case DEREGISTRATION:
      answer(session, message, ReplyResult.ok);
      session.flushAnswers();
      session.leave("loggedOut");
      break;
    case TERMINAL_REPLY: {
      const { replySerial, replyId, result } = decodeGeneralReply(bodyOf(message));
      core.commands.replied(session, replySerial, replyId, result, core.nowMs());
      break;
    }
    case TIME_QUERY:
      // The only time of the protocol that is UTC.
      session.encode(TIME_ANSWER, timeField(core.nowMs() - GMT8_MS));
      break;
    case RESEND_REQUEST:
      core.commands.sendAgain(session, bodyOf(message));
      answer(session, message, ReplyResult.ok);
      break;
    default:
      passOn(core, session, message);
  }
}

function takeLocation(core: GatewayCore, session: Session, message: Incoming, offset: number): void {
  core.collector.reserve(1);
  const { bytes, start, end } = message;
  if (!core.collector.add(bytes, start + offset, end, session.vehicle, core.nowMs(), false)) {
    throw new MalformedBody(`a location report has at least 28 bytes, here are ${end - start - offset}`);
  }
  session.connection.expect(1);
  core.collector.endMessage(session, message.serials[0]!, message.messageId, 1);
}

function takeBatch(core: GatewayCore, session: Session, message: Incoming): void {
  const { bytes, start, end } = message;
  const { collector, counters } = core;
  const announced = end - start < 3 ? 0 : bytes.readUInt16BE(start);
  const walked = eachLocationInBatch(bytes, start, end, () => {});
  const fixes = walked < 0 ? -1 - walked : walked;
  if (fixes > collector.capacity) throw new MalformedBody(`${fixes} reports: at most ${collector.capacity} are taken`);
  if (walked < 0) {
    count(counters.deviations, "batchCount");
    if (fixes === 0) throw new MalformedBody(`a batch announces ${announced} reports, none of them can be read`);
  }
  collector.reserve(fixes);
  const stored = bytes[start + 2] === BatchType.stored;
  const receivedMs = core.nowMs();
  eachLocationInBatch(bytes, start, end, (from, to) => {
    collector.add(bytes, from, to, session.vehicle, receivedMs, stored);
  });
  session.connection.expect(fixes);
  for (const [at, serial] of message.serials.entries()) {
    collector.endMessage(session, serial, message.messageId, at === 0 ? fixes : 0);
  }
}

function passOn(core: GatewayCore, session: Session, message: Incoming): void {
  const { messageId } = message;
  const known = PASSED_ON.has(messageId);
  const body = bodyOf(message);
  countMessageDeviations(core.counters.deviations, messageId, body);
  core.commands.answered(session, messageId, replySerialOf(message), body, core.nowMs());
  const keeping = core.onMessage?.({
    terminal: session.phone,
    vehicle: session.vehicle,
    messageId,
    body: Buffer.from(body),
    wideHeader: session.wideHeader,
    receivedMs: core.nowMs(),
  });
  if (!known) count(core.counters.faults, "unknownMessage");
  const result = known ? ReplyResult.ok : ReplyResult.unsupported;
  // A camera sends a picture again and again until it hears that it is complete.
  const picture = messageId === MEDIA_DATA ? encodeMediaAnswer(decodeMediaEvent(body).mediaId, []) : undefined;
  const { serials } = message;
  const respond = (): void => {
    answer(session, { serials, messageId }, result);
    if (picture !== undefined) session.encode(MEDIA_ANSWER, picture);
  };
  if (keeping instanceof Promise) void respondWhenKept(core, session, keeping, respond);
  else respond();
}

async function respondWhenKept(
  core: GatewayCore,
  session: Session,
  keeping: Promise<void>,
  respond: () => void,
): Promise<void> {
  try {
    await keeping;
  } catch (error) {
    count(core.counters.faults, "messageNotStored");
    core.log.warn("a message could not be stored and was not acknowledged", { error }, core.nowMs());
    return;
  }
  if (session.connection.closed) return;
  respond();
  session.flushAnswers();
}

function answer(session: Session, message: Pick<Incoming, "serials" | "messageId">, result: number): void {
  for (const serial of message.serials) session.reply(serial, message.messageId, result);
}

function bodyOf({ bytes, start, end }: Incoming): Buffer {
  return bytes.subarray(start, end);
}

function replySerialOf({ bytes, start, end }: Incoming): number {
  return end - start < 2 ? -1 : bytes.readUInt16BE(start);
}

const MESSAGE_NAMES = new Map<number, string>(
  [0x0001, 0x0002, 0x0003, 0x0004, 0x0005, 0x0100, 0x0102, 0x0104, 0x0107, 0x0200, 0x0201, 0x0301, 0x0302, 0x0303]
    .concat([0x0500, 0x0506, 0x0701, 0x0702, 0x0704, 0x0705, 0x0800, 0x0801, 0x0900])
    .map((id) => [id, `0x${id.toString(16).padStart(4, "0")}`]),
);

function countMessage(messages: Record<string, number>, messageId: number): void {
  count(messages, MESSAGE_NAMES.get(messageId) ?? "unknown");
}
