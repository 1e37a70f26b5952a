import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import mqtt, { type IConnectPacket, type IPublishPacket, type Packet, type Parser } from "mqtt-packet";
import { count } from "./counters.ts";
import type { MqttCore } from "./mqtt-server.ts";
import { readJsonPositions, readOwnTracks, type ReadItem } from "./position-formats.ts";
import type { Source } from "./source-keys.ts";
import { takeItems } from "./take-items.ts";

/** Reason codes of MQTT 5 (2.4) that are used here. */
const Reason = {
  ok: 0x00,
  malformed: 0x81,
  protocolError: 0x82,
  unsupportedVersion: 0x84,
  badCredentials: 0x86,
  notAuthorized: 0x87,
  unavailable: 0x88,
  shuttingDown: 0x8b,
  keepAlive: 0x8d,
  takenOver: 0x8e,
  badTopic: 0x90,
  tooLarge: 0x95,
  badPayload: 0x99,
} as const;

/** CONNACK of 3.1.1 (3.2.2.3). */
const V4_RETURN: Readonly<Record<number, number>> = {
  [Reason.ok]: 0,
  [Reason.unsupportedVersion]: 1,
  [Reason.badCredentials]: 4,
  [Reason.notAuthorized]: 5,
};

type Topic = { kind: "owntracks"; device: string } | { kind: "fixes"; source: string };

/**
 * One MQTT client, 3.1.1 or 5, that sends positions and gets nothing: what it publishes is acknowledged (QoS 1 and 2) when it
 * is durable, subscriptions are refused.
 */
export class MqttConnection {
  /** Source and client id, once let in. */
  name: string | undefined;
  lastPacketMs: number;
  readonly openedMs: number;
  readonly #core: MqttCore;
  readonly #socket: Socket;
  readonly #parser: Parser;
  #source: Source | undefined;
  /** How the parser reads and the writer writes; the CONNECT says which version. */
  readonly #format = { protocolVersion: 4 };
  #keepAliveMs: number;
  /** Messages taken and not acknowledged yet. */
  #underWay = 0;
  #closed = false;

  constructor(core: MqttCore, socket: Socket) {
    this.#core = core;
    this.#socket = socket;
    this.openedMs = this.lastPacketMs = core.nowMs();
    this.#keepAliveMs = core.limits.keepAliveMs;
    this.#parser = mqtt.parser(this.#format);
    this.#parser.on("packet", (packet) => this.#onPacket(packet));
    this.#parser.on("error", () => this.end("malformed", Reason.malformed));
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
  }

  /** Closes it when it does not keep its own time. */
  sweep(nowMs: number): void {
    const { limits } = this.#core;
    if (this.#source === undefined && nowMs - this.openedMs > limits.connectMs) this.end("unauthenticated");
    else if (nowMs - this.lastPacketMs > this.#keepAliveMs * 1.5) this.end("idle", Reason.keepAlive);
  }

  /** Closes it; `reason` is a fixed word, `code` is told to a client of MQTT 5. */
  end(reason: string, code?: number): void {
    if (this.#closed) return;
    this.#closed = true;
    const { counters, log } = this.#core;
    count(counters.closed, reason);
    if (reason !== "disconnected" && reason !== "shutdown") {
      log.info(`an MQTT connection was closed: ${reason}`, { address: this.#socket.remoteAddress }, this.#core.nowMs());
    }
    if (code !== undefined && this.#format.protocolVersion === 5 && this.#source !== undefined) {
      this.#send({ cmd: "disconnect", reasonCode: code });
    }
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), 1000).unref();
  }

  takenOver(): void {
    this.end("takenOver", Reason.takenOver);
  }

  shutDown(): void {
    this.end("shutdown", Reason.shuttingDown);
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return;
    const { limits } = this.#core;
    let rest: number;
    try {
      rest = this.#parser.parse(chunk);
    } catch {
      this.end("malformed", Reason.malformed);
      return;
    }
    if (rest > (this.#source === undefined ? limits.connectBytes : limits.packetBytes)) {
      this.end("tooLarge", Reason.tooLarge);
    } else if (this.#underWay >= limits.underWay) this.#socket.pause();
  }

  #onPacket(packet: Packet): void {
    if (this.#closed) return;
    this.lastPacketMs = this.#core.nowMs();
    if (packet.cmd === "connect") {
      if (this.#source === undefined) this.#connect(packet);
      else this.end("protocol", Reason.protocolError);
      return;
    }
    if (this.#source === undefined) {
      this.end("protocol");
      return;
    }
    const { messageId } = packet;
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- what only a server sends is an error
    switch (packet.cmd) {
      case "publish":
        void this.#publish(this.#source, packet);
        break;
      case "pubrel":
        this.#send({ cmd: "pubcomp", ...numbered(messageId), reasonCode: Reason.ok });
        break;
      case "subscribe":
        count(this.#core.counters.refused, "subscription");
        this.#send({
          cmd: "suback",
          ...numbered(messageId),
          granted: packet.subscriptions.map(() => (this.#format.protocolVersion === 5 ? Reason.notAuthorized : 0x80)),
        });
        break;
      case "unsubscribe":
        this.#send({ cmd: "unsuback", ...numbered(messageId), granted: packet.unsubscriptions.map(() => 0x11) });
        break;
      case "pingreq":
        this.#send({ cmd: "pingresp" });
        break;
      case "disconnect":
        this.end("disconnected");
        break;
      default:
        this.end("protocol", Reason.protocolError);
    }
  }

  #connect({ protocolVersion = 4, clientId, username, password, keepalive = 0 }: IConnectPacket): void {
    const { sources, limits, counters } = this.#core;
    this.#format.protocolVersion = protocolVersion;
    const source = password === undefined ? undefined : sources.find(Buffer.from(password).toString());
    let code: number = Reason.ok;
    if (protocolVersion !== 4 && protocolVersion !== 5) code = Reason.unsupportedVersion;
    else if (source === undefined || source.name !== username) code = Reason.badCredentials;
    else if (!source.takes.includes("fixes")) code = Reason.notAuthorized;
    if (code !== Reason.ok || source === undefined) {
      this.#acknowledgeConnect(code);
      count(counters.refused, code === Reason.unsupportedVersion ? "version" : "credentials");
      this.end("refused");
      return;
    }
    this.#source = source;
    this.#keepAliveMs = keepalive === 0 ? limits.keepAliveMs : Math.min(keepalive * 1000, limits.keepAliveMs);
    // A client without an id of its own stands for nobody else.
    this.name = clientId === "" ? undefined : JSON.stringify([source.name, clientId]);
    this.#core.letIn(this);
    this.#acknowledgeConnect(code, clientId === "" ? `wuxing-${counters.accepted}` : undefined);
  }

  #acknowledgeConnect(code: number, assigned?: string): void {
    const { limits } = this.#core;
    if (this.#format.protocolVersion !== 5) {
      this.#send({ cmd: "connack", sessionPresent: false, returnCode: V4_RETURN[code] ?? 5 });
      return;
    }
    const properties = {
      receiveMaximum: limits.underWay,
      maximumPacketSize: limits.packetBytes,
      retainAvailable: false,
      wildcardSubscriptionAvailable: false,
      sharedSubscriptionAvailable: false,
      subscriptionIdentifiersAvailable: false,
      serverKeepAlive: Math.floor(this.#keepAliveMs / 1000),
      ...(assigned === undefined ? {} : { assignedClientIdentifier: assigned }),
    };
    this.#send({ cmd: "connack", sessionPresent: false, reasonCode: code, properties });
  }

  /** A client of 3.1.1 gets its acknowledgement for what can never be taken too, or it would send it for ever. */
  async #publish(source: Source, packet: IPublishPacket): Promise<void> {
    const { counters, intake } = this.#core;
    const { qos, topic, payload, messageId } = packet;
    const read = readMessage(source, topic, Buffer.from(payload));
    if ("refused" in read) {
      count(counters.refused, read.refused);
      this.#acknowledge(qos, messageId, read.code, read.refused);
      return;
    }
    this.#underWay++;
    try {
      const { accepted, rejected } = await takeItems(intake, source, read.items);
      counters.fixes += accepted;
      for (const _ of rejected) count(counters.refused, "position");
      const [first] = rejected;
      const all = rejected.length > 0 && accepted === 0;
      const said = first && `${accepted} taken, ${rejected.length} refused; ${first.where}: expected ${first.expected}`;
      this.#acknowledge(qos, messageId, all ? Reason.badPayload : Reason.ok, said);
    } catch {
      // Not durable, not acknowledged: the client sends it again on its next connection.
      count(counters.refused, "notStored");
      this.end("notStored", Reason.unavailable);
    } finally {
      this.#underWay--;
      if (this.#socket.isPaused() && this.#underWay <= this.#core.limits.underWay / 2) this.#socket.resume();
    }
  }

  #acknowledge(qos: number, messageId: number | undefined, reasonCode: number, reasonString?: string): void {
    if (qos === 0 || messageId === undefined) return;
    const properties = reasonString === undefined ? {} : { properties: { reasonString } };
    this.#send({ cmd: qos === 1 ? "puback" : "pubrec", messageId, reasonCode, ...properties });
  }

  #send(packet: Packet): void {
    if (this.#socket.destroyed || !this.#socket.writable) return;
    this.#socket.write(mqtt.generate(packet, this.#format));
    if (this.#socket.writableLength > this.#core.limits.outputBytes) this.#socket.destroy();
  }
}

function numbered(messageId: number | undefined): { messageId?: number } {
  return messageId === undefined ? {} : { messageId };
}

/** What a message brings; or why it is refused: a fixed word and its reason code. */
function readMessage(
  source: Source,
  topic: string,
  payload: Buffer,
): { items: ReadItem[] } | { refused: string; code: number } {
  const place = topicOf(topic);
  if (place === undefined) return { refused: "topic", code: Reason.badTopic };
  if (place.kind === "fixes" && place.source !== source.name) return { refused: "source", code: Reason.notAuthorized };
  let message: unknown;
  try {
    message = JSON.parse(payload.toString());
  } catch {
    return { refused: "json", code: Reason.badPayload };
  }
  if (place.kind === "owntracks") {
    const item = readOwnTracks(message, place.device);
    // What is no location (a region, a card, the last will) is taken and forgotten.
    return { items: item === undefined ? [] : [item] };
  }
  const items = readJsonPositions(message);
  return items === undefined ? { refused: "payload", code: Reason.badPayload } : { items };
}

/** `owntracks/USER/DEVICE`, or `wuxing/fixes/SOURCE`. */
function topicOf(topic: string): Topic | undefined {
  const [root, second, third, ...rest] = topic.split("/");
  if (second === undefined || third === undefined || third === "" || rest.length > 0) return undefined;
  if (root === "owntracks" && second !== "") return { kind: "owntracks", device: third };
  return root === "wuxing" && second === "fixes" ? { kind: "fixes", source: third } : undefined;
}
