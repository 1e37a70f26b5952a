import { connect } from "node:net";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { WuxingError } from "../model/errors.ts";
import { encodeLocationBatch } from "../wire/jt808/0704-location-batch.ts";
import { startJt808Server, type Jt808Server, type Jt808ServerOptions } from "./jt808-server.ts";

const NOW = Date.UTC(2026, 2, 1, 4);
const PLACE = { latitude: 35.303, longitude: 113.9268 };

let nowMs = NOW;
let sink: MemorySink;
let server: Jt808Server;
/** Processes that hold the connections. */
let processes = 0;
const lines: { message: string; facts: Record<string, unknown> }[] = [];
const terminals: RawTerminal[] = [];

beforeEach(async () => {
  nowMs = NOW;
  lines.length = 0;
  sink = new MemorySink();
  server = await start();
});
afterEach(async () => {
  for (const { socket } of terminals.splice(0)) socket.destroy();
  await server.close();
});

function start(options: Partial<Jt808ServerOptions> = {}): Promise<Jt808Server> {
  const note = (facts: object, message: string): number => lines.push({ message, facts: { ...facts } });
  const log = { info: note, warn: note };
  const secret = "a secret of these tests";
  return startJt808Server({
    host: "127.0.0.1",
    port: 0,
    sink,
    secret,
    log,
    nowMs: () => nowMs,
    sweepMs: 20,
    processes,
    ...options,
  });
}

async function restart(options: Partial<Jt808ServerOptions>): Promise<void> {
  await server.close();
  server = await start(options);
}

async function terminal(phone = "13900000001", from?: string): Promise<RawTerminal> {
  const made = await connectTerminal(server.port, phone, "2013", from);
  terminals.push(made);
  return made;
}

describe.each([0, 1])("connections held by %i processes beside this one", (beside) => {
  beforeAll(() => {
    processes = beside;
  });

  describe("hostile input", () => {
    it("a frame with a wrong checksum is counted and left out; the connection goes on", async () => {
      const truck = await terminal();
      await truck.logIn();
      const [frame] = truck.frames(0x0002);
      frame[5] ^= 1;
      truck.socket.write(frame);
      expect(await truck.resultOf(truck.send(0x0002))).toBe(0);
      expect(server.metrics().faults).toEqual({ checksum: 1 });
    });

    it("bad frames in a row are logged once with their number and end the connection at the limit", async () => {
      const truck = await terminal();
      const [frame] = truck.frames(0x0002);
      frame[5] ^= 1;
      truck.socket.write(Buffer.concat(Array.from({ length: 200 }, () => frame)));
      await truck.until(() => truck.closed);
      expect(server.metrics()).toMatchObject({ faults: { checksum: 50 }, closed: { faults: 1 } });
      expect(lines.filter(({ message }) => message === "a frame was refused: checksum")).toHaveLength(1);
      nowMs += 10_000;
      const other = await terminal("13900000002");
      other.socket.write(frame);
      await other.until(() => lines.filter(({ message }) => message.includes("checksum")).length === 2);
      expect(lines.at(-1)).toMatchObject({ facts: { leftOut: 49 } });
    });

    it.each([
      ["tooLong", Buffer.concat([Buffer.of(0x7e), Buffer.alloc(3000, 0x11), Buffer.of(0x7e)])],
      ["tooShort", Buffer.from("7e0002007e", "hex")],
      ["badEscape", Buffer.from("7e000200000139000000010000007d03117e", "hex")],
      ["bodyLength", Buffer.from("7e0002000501390000000100003e7e", "hex")],
    ])("a frame that is none is counted as %s", async (reason, bytes) => {
      const truck = await terminal();
      await truck.logIn();
      truck.socket.write(bytes);
      expect(await truck.resultOf(truck.send(0x0002))).toBe(0);
      expect(server.metrics().faults).toEqual({ [reason]: 1 });
    });

    it("a web browser or scanner gets nothing and is cut off after 16 kB", async () => {
      const socket = connect({ host: "127.0.0.1", port: server.port });
      const got: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => got.push(chunk)).on("error", () => {});
      await once(socket, "connect");
      for (let i = 0; i < 40; i++) socket.write("GET / HTTP/1.1\r\nhost: scanner\r\n".padEnd(1024, "x"));
      await once(socket, "close");
      expect(got).toEqual([]);
      expect(server.metrics().closed).toEqual({ unauthenticatedBytes: 1 });
      expect(server.metrics().bytesOutsideFrames).toBeGreaterThan(16 * 1024);
    });

    it("a frame that the connection's end cuts short is counted", async () => {
      const truck = await terminal();
      await truck.logIn();
      truck.socket.end(truck.frames(0x0002)[0].subarray(0, 9));
      await truck.until(() => server.metrics().faults["unfinishedFrame"] === 1);
      expect(server.metrics()).toMatchObject({ sessions: 0, connections: 0 });
    });

    it("a client that never finishes its frame is dropped like an idle one, and holds 2 kB at most", async () => {
      const truck = await terminal();
      await truck.logIn();
      truck.socket.write(Buffer.of(0x7e));
      for (let i = 0; i < 20; i++) {
        nowMs += 10_000;
        truck.socket.write(Buffer.alloc(10, 1));
        await sleep(5);
      }
      expect(truck.closed).toBe(false);
      nowMs += 101_000;
      await truck.until(() => truck.closed);
      expect(server.metrics().closed).toEqual({ idle: 1 });
    });

    it("sub-packages without end take no more memory than their budget", async () => {
      await restart({ limits: { reassemblyBytes: 64 * 1024 } });
      const truck = await terminal();
      await truck.logIn();
      const frames = truck.frames(0x0900, Buffer.alloc(1023 * 200, 1));
      for (let i = 0; i < 150; i++) truck.socket.write(frames[i]);
      await truck.until(() => (server.metrics().faults["partBudget"] ?? 0) > 50);
      expect(server.metrics().reassemblyBytes).toBeLessThanOrEqual(64 * 1024);
      truck.socket.destroy();
      await truck.until(() => server.metrics().connections === 0);
      expect(server.metrics().reassemblyBytes).toBe(0);
    });
  });

  describe("idle, silent and slow clients", () => {
    it("one that says nothing is dropped after a minute, one that was let in after five", async () => {
      const silent = await terminal("13900000001");
      const truck = await terminal("13900000002");
      await truck.logIn();
      nowMs += 61_000;
      await silent.until(() => silent.closed);
      nowMs += 200_000;
      await truck.resultOf(truck.send(0x0002));
      nowMs += 299_000;
      await sleep(60);
      expect(truck.closed).toBe(false);
      nowMs += 2000;
      await truck.until(() => truck.closed);
      expect(server.metrics().closed).toEqual({ unauthenticated: 1, idle: 1 });
    });

    it("one that does not read its answers is dropped", async () => {
      await restart({ limits: { outputBytes: 32 * 1024 } });
      const truck = await terminal();
      await truck.logIn();
      truck.socket.pause();
      const beats = Buffer.concat(Array.from({ length: 2000 }, () => truck.frames(0x0002)[0]));
      truck.socket.on("error", () => {});
      for (let i = 0; i < 2000 && server.metrics().closed["slow"] === undefined; i++) {
        truck.socket.write(beats);
        await sleep(1);
      }
      expect(server.metrics().closed).toEqual({ slow: 1 });
      expect(server.metrics().sessions).toBe(0);
    });
  });

  describe("limits of connections", () => {
    it("hold for one address, and leave others alone", async () => {
      await restart({ limits: { connectionsPerAddress: 2 } });
      await (await terminal("1")).logIn();
      await (await terminal("2")).logIn();
      const third = await terminal("3");
      await third.until(() => third.closed);
      await (await terminal("4", "127.0.0.5")).logIn();
      expect(server.metrics()).toMatchObject({ connections: 3, closed: { connectionsPerAddress: 1 } });
      expect(lines.filter(({ message }) => message === "an address holds too many connections")).toHaveLength(1);
      terminals[0].socket.destroy();
      await terminals[1].until(() => server.metrics().connections === 2);
      await (await terminal("5")).logIn();
    });

    it("hold in total", async () => {
      await restart({ limits: { connections: 2 } });
      await terminal("1");
      await terminal("2");
      const third = await terminal("3");
      await third.until(() => third.closed);
      expect(server.metrics()).toMatchObject({ connections: 2, closed: { connections: 1 } });
    });

    it("hold for terminals that register", async () => {
      await restart({ limits: { terminals: 1 } });
      expect((await (await terminal("1")).register()).result).toBe(0);
      expect((await (await terminal("2")).register()).result).toBe(4);
      expect(server.metrics().registrations).toEqual({ accepted: 1, registerFull: 1 });
    });
  });

  describe("back-pressure", () => {
    it("a socket is not read while its fixes wait for the store, and read again when they are durable", async () => {
      await restart({ limits: { unacknowledgedFixesPerConnection: 1000 } });
      const truck = await terminal();
      await truck.logIn();
      const store = Promise.withResolvers<void>();
      const append = sink.append.bind(sink);
      sink.append = async (batch) => {
        await store.promise;
        await append(batch);
      };
      const serials: number[] = [];
      for (let n = 0; n < 400; n++) {
        const reports = Array.from({ length: 20 }, (_, i) => ({ ...PLACE, timeMs: NOW - 1000 * (20 * n + i) }));
        serials.push(truck.send(0x0704, encodeLocationBatch(1, reports)));
        if (n % 20 === 0) await sleep(2);
      }
      await truck.until(() => server.metrics().pausedConnections === 1);
      await sleep(50);
      const held = server.metrics().unacknowledgedFixes;
      // What one chunk of the socket may bring beyond the limit: 64 kB hold fewer than 1,900 fixes.
      expect(held).toBeLessThan(1000 + 1900);
      expect(truck.isAnswered(serials[0])).toBe(false);
      store.resolve();
      for (const serial of serials) expect(await truck.resultOf(serial)).toBe(0);
      expect(sink.fixesOf("豫G12345_2")).toHaveLength(8000);
      expect(server.metrics()).toMatchObject({ pausedConnections: 0, unacknowledgedFixes: 0 });
    });

    it("what fixes bring of additional items is bounded in bytes too", async () => {
      await restart({ limits: { unacknowledgedItemBytes: 100_000 } });
      const truck = await terminal();
      await truck.logIn();
      const store = Promise.withResolvers<void>();
      const append = sink.append.bind(sink);
      sink.append = async (batch) => {
        await store.promise;
        await append(batch);
      };
      const items = [1, 2, 3].map((n) => ({ id: 0xe0 + n, value: new Uint8Array(250).fill(n) }));
      const serials: number[] = [];
      for (let n = 0; n < 400; n++) {
        serials.push(truck.report({ ...PLACE, timeMs: NOW - 1000 * n, items }));
        if (n % 20 === 0) await sleep(2);
      }
      await truck.until(() => server.metrics().pausedConnections === 1);
      await sleep(50);
      const held = server.metrics().unacknowledgedItemBytes;
      expect(held).toBeGreaterThan(100_000);
      // What two chunks of the socket may bring beyond the limit.
      expect(held).toBeLessThan(100_000 + 2 * 65_536);
      store.resolve();
      for (const serial of serials) expect(await truck.resultOf(serial)).toBe(0);
      expect(server.metrics()).toMatchObject({ pausedConnections: 0, unacknowledgedItemBytes: 0 });
    });

    it("one truck's backlog does not stop another truck", async () => {
      await restart({ limits: { unacknowledgedFixesPerConnection: 10 } });
      const busy = await terminal("1");
      const other = await terminal("2");
      await busy.logIn();
      await other.logIn();
      sink.delayMs = 100;
      for (let n = 0; n < 50; n++) busy.report({ ...PLACE, timeMs: NOW - n * 1000 });
      await busy.until(() => server.metrics().pausedConnections === 1);
      expect(await other.resultOf(other.report({ ...PLACE, timeMs: NOW }))).toBe(0);
      await busy.until(() => server.metrics().fixesStored === 51);
    });
  });

  describe("a shutdown", () => {
    it("answers what has arrived before it closes", async () => {
      const truck = await terminal();
      await truck.logIn();
      sink.delayMs = 100;
      const serial = truck.report({ ...PLACE, timeMs: NOW });
      await truck.until(() => server.metrics().fixes === 1);
      await server.close();
      await truck.until(() => truck.closed);
      expect(truck.isAnswered(serial)).toBe(true);
      expect(sink.length).toBe(1);
    });

    it("and a port that is taken say so", async () => {
      await expect(
        startJt808Server({ host: "127.0.0.1", port: server.port, sink, secret: "0123456789abcdef" }),
      ).rejects.toThrow(WuxingError);
      await expect(start({ policy: { forwarders: ["10.0.0.0/40"] } })).rejects.toMatchObject({
        code: "CONFIG_INVALID",
      });
    });
  });
});
