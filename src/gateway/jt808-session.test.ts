import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { FixFlag } from "../model/fix.ts";
import { encodeLocationBatch } from "../wire/jt808/0704-location-batch.ts";
import type { Jt808Version } from "../wire/jt808/encoding.ts";
import { startJt808Server, type Jt808Server, type Jt808ServerOptions } from "./jt808-server.ts";
import { openTerminalRegister } from "./terminal-register.ts";

const SECRET = "a secret of these tests";
const NOW = Date.UTC(2026, 2, 1, 4);
const PLACE = { latitude: 35.303, longitude: 113.9268 };

let sink: MemorySink;
let server: Jt808Server;
/** Processes that hold the connections. */
let processes = 0;
const terminals: RawTerminal[] = [];

beforeEach(async () => {
  sink = new MemorySink();
  server = await start();
});
afterEach(async () => {
  for (const { socket } of terminals.splice(0)) socket.destroy();
  await server.close();
});

function start(options: Partial<Jt808ServerOptions> = {}): Promise<Jt808Server> {
  return startJt808Server({
    host: "127.0.0.1",
    port: 0,
    sink,
    secret: SECRET,
    processes,
    nowMs: () => NOW,
    ...options,
  });
}

async function restart(options: Partial<Jt808ServerOptions>): Promise<void> {
  await server.close();
  server = await start(options);
}

async function terminal(phone = "13900000001", version: Jt808Version = "2013", from?: string): Promise<RawTerminal> {
  const made = await connectTerminal(server.port, phone, version, from);
  terminals.push(made);
  return made;
}

describe.each([0, 1])("connections held by %i processes beside this one", (beside) => {
  beforeAll(() => {
    processes = beside;
  });

  describe("a session", () => {
    it.each(["2011", "2013", "2019"] as const)(
      "of a terminal of %s registers, authenticates, reports and logs out",
      async (version) => {
        const truck = await terminal("13900000001", version);
        const { result, authCode } = await truck.register();
        expect(result).toBe(0);
        expect(authCode).toMatch(/^[A-Z2-7]{16}$/u);
        expect(await truck.authenticate(authCode)).toBe(0);
        expect(server.isOnline("13900000001")).toBe(true);
        expect(await truck.resultOf(truck.send(0x0002))).toBe(0);
        expect(await truck.resultOf(truck.report({ ...PLACE, timeMs: NOW - 5000, speedKmh: 60.5 }))).toBe(0);
        const batch = [NOW - 3000, NOW - 2000].map((timeMs) => ({ ...PLACE, timeMs }));
        expect(await truck.resultOf(truck.send(0x0704, encodeLocationBatch(1, batch)))).toBe(0);
        expect(sink.fixesOf("豫G12345_2").map(([timeMs]) => timeMs)).toEqual([NOW - 5000, NOW - 3000, NOW - 2000]);
        expect(await truck.resultOf(truck.send(0x0003))).toBe(0);
        await truck.until(() => truck.closed);
        expect(server.isOnline("13900000001")).toBe(false);
        const [first] = sink.batches;
        expect([first.lonE6[0], first.latE6[0], first.speedKmh10[0], first.flags[0]]).toEqual([
          113_926_800, 35_303_000, 605, 0,
        ]);
        expect(new Set(truck.received.map(({ phoneBytes }) => phoneBytes))).toEqual(
          new Set([version === "2019" ? 10 : 6]),
        );
        expect(truck.received.map(({ serial }) => serial)).toEqual([0, 1, 2, 3, 4, 5]);
        expect(server.metrics()).toMatchObject({
          framesIn: 6,
          framesOut: 6,
          fixes: 3,
          fixesStored: 3,
          unacknowledgedFixes: 0,
          closed: { loggedOut: 1 },
          faults: {},
        });
      },
    );

    it("acknowledges a report only after it is durable", async () => {
      const truck = await terminal();
      await truck.logIn();
      const gate = Promise.withResolvers<void>();
      const append = sink.append.bind(sink);
      sink.append = async (batch) => {
        await gate.promise;
        await append(batch);
      };
      const serial = truck.report({ ...PLACE, timeMs: NOW });
      await sleep(150);
      expect(truck.isAnswered(serial)).toBe(false);
      expect(server.metrics().unacknowledgedFixes).toBe(1);
      gate.resolve();
      expect(await truck.resultOf(serial)).toBe(0);
    });

    it("acknowledges nothing of what could not be stored, and goes on when the store is back", async () => {
      const truck = await terminal();
      await truck.logIn();
      sink.failures = 1;
      const lost = truck.report({ ...PLACE, timeMs: NOW - 1000 });
      await truck.until(() => server.metrics().fixesNotStored === 1);
      expect(server.metrics().storeHealthy).toBe(false);
      const kept = truck.report({ ...PLACE, timeMs: NOW });
      expect(await truck.resultOf(kept)).toBe(0);
      expect(truck.isAnswered(lost)).toBe(false);
      expect(server.metrics()).toMatchObject({ storeHealthy: true, unacknowledgedFixes: 0 });
      expect(sink.length).toBe(1);
    });

    it("marks what takes no part in matching, once, at receipt", async () => {
      const truck = await terminal();
      await truck.logIn();
      truck.report({ ...PLACE, timeMs: NOW + 120_000 });
      truck.report({ ...PLACE, timeMs: NOW + 121_000 });
      truck.report({ ...PLACE, timeMs: NOW, statusFlags: 0 });
      truck.report({ latitude: 0, longitude: 0, timeMs: NOW });
      truck.report({ ...PLACE, timeMs: NOW, statusFlags: 0b10_0010 });
      truck.report({ latitude: 95, longitude: 113, timeMs: NOW });
      truck.report({ ...PLACE, timeMs: NaN });
      await truck.resultOf(truck.send(0x0704, encodeLocationBatch(1, [{ ...PLACE, timeMs: NOW }])));
      const flags = sink.batches.flatMap((batch) => [...batch.flags.subarray(0, batch.length)]);
      const { invalid, quarantined, processed, stored } = FixFlag;
      expect(flags).toEqual([0, quarantined, invalid, invalid, processed, invalid, invalid, stored]);
      expect(server.metrics()).toMatchObject({ fixesInvalid: 4, fixesQuarantined: 1, faults: { noDate: 1 } });
    });

    it("converts places that are declared to be in another datum, once", async () => {
      await restart({ toWgs84: (lon, lat) => [lon - 0.006, lat + 0.001] });
      const truck = await terminal();
      await truck.logIn();
      await truck.resultOf(truck.report({ ...PLACE, timeMs: NOW }));
      expect(sink.fixesOf("豫G12345_2")).toEqual([[NOW, 113_920_800, 35_304_000]]);
    });
  });

  describe("a vehicle's id", () => {
    it("is plate and colour, the VIN when the colour is 0, and the terminal's own number when it never registered", async () => {
      await restart({ policy: { authentication: "optional" } });
      const plated = await terminal("13900000001");
      await plated.logIn({ plate: "豫G12345", plateColor: 2 });
      const unplated = await terminal("13900000002");
      await unplated.logIn({ plate: "LSVAA4182E2184847", plateColor: 0 });
      const silent = await terminal("013900000003");
      for (const truck of [plated, unplated, silent]) await truck.resultOf(truck.report({ ...PLACE, timeMs: NOW }));
      expect(sink.facts).toEqual([
        { vehicle: "豫G12345_2", plate: "豫G12345", plateColour: 2, terminal: "13900000001" },
        { vehicle: "LSVAA4182E2184847", plate: null, plateColour: null, terminal: "13900000002" },
        { vehicle: "@13900000003", plate: null, plateColour: null, terminal: "13900000003" },
      ]);
    });

    it("changes when the terminal registers for another vehicle", async () => {
      const truck = await terminal();
      await truck.logIn({ plate: "豫G11111" });
      await truck.resultOf(truck.report({ ...PLACE, timeMs: NOW - 1000 }));
      await truck.logIn({ plate: "豫G22222" });
      await truck.resultOf(truck.report({ ...PLACE, timeMs: NOW }));
      expect(sink.fixesOf("豫G11111_2")).toHaveLength(1);
      expect(sink.fixesOf("豫G22222_2")).toHaveLength(1);
    });
  });

  describe("admission", () => {
    it("lets nothing count before a right code, and says so", async () => {
      const truck = await terminal();
      expect(await truck.resultOf(truck.report({ ...PLACE, timeMs: NOW }))).toBe(1);
      expect(await truck.authenticate("A".repeat(16))).toBe(1);
      expect(sink.length).toBe(0);
      expect(server.metrics()).toMatchObject({
        faults: { notAuthenticated: 1 },
        authentications: { wrongCode: 1 },
        sessions: 0,
      });
    });

    it("closes a connection after five wrong codes", async () => {
      const truck = await terminal();
      await truck.register();
      for (let i = 0; i < 5; i++) expect(await truck.authenticate(`WRONG${i}`)).toBe(1);
      await truck.until(() => truck.closed);
      expect(server.metrics().closed).toEqual({ wrongCodes: 1 });
    });

    it("takes no code of another terminal", async () => {
      const one = await terminal("13900000001");
      const code = await one.logIn();
      const other = await terminal("13900000002");
      await other.register();
      expect(await other.authenticate(code)).toBe(1);
    });

    it("keeps an unknown terminal waiting until a person accepts it", async () => {
      await restart({ policy: { admission: "listed" } });
      const truck = await terminal();
      expect(await truck.register()).toEqual({ result: 4, authCode: "" });
      expect(await truck.authenticate("ANYTHING")).toBe(1);
      expect(server.terminals("waiting")).toMatchObject([{ phone: "13900000001", plate: "豫G12345", plateColour: 2 }]);
      await server.decide("13900000001", "accepted");
      await truck.logIn();
      await server.decide("13900000001", "refused");
      await truck.until(() => truck.closed);
      const again = await terminal();
      expect((await again.register()).result).toBe(4);
      await expect(server.decide("1", "accepted")).rejects.toMatchObject({ code: "VEHICLE_NOT_FOUND" });
    });

    it("takes a revoked code no more; a new registration gives a new one", async () => {
      const truck = await terminal();
      const code = await truck.logIn();
      await server.revokeCode("13900000001");
      await truck.until(() => truck.closed);
      const again = await terminal();
      expect(await again.authenticate(code)).toBe(1);
      expect(await again.logIn()).not.toBe(code);
    });

    it("loses none of two decisions that are written at the same time", async () => {
      const dir = await mkdtemp(join(tmpdir(), "wuxing-register-"));
      try {
        await restart({ register: await openTerminalRegister(join(dir, "terminals.ndjson")) });
        const truck = await terminal("13900000001");
        await truck.logIn();
        await Promise.all([server.revokeCode("13900000001"), server.decide("13900000001", "refused")]);
        expect(server.findTerminal("13900000001")).toMatchObject({ status: "refused", codeGeneration: 1 });
      } finally {
        await server.close();
        await rm(dir, { recursive: true });
      }
    });

    it("knows a terminal and its vehicle after a restart", async () => {
      const dir = await mkdtemp(join(tmpdir(), "wuxing-register-"));
      try {
        await restart({ register: await openTerminalRegister(join(dir, "terminals.ndjson")) });
        const code = await (await terminal()).logIn({ plate: "豫G77777" });
        await restart({ register: await openTerminalRegister(join(dir, "terminals.ndjson")) });
        const truck = await terminal();
        expect(await truck.authenticate(code)).toBe(0);
        await truck.resultOf(truck.report({ ...PLACE, timeMs: NOW }));
        expect(sink.fixesOf("豫G77777_2")).toHaveLength(1);
      } finally {
        await server.close();
        await rm(dir, { recursive: true });
      }
    });
  });

  describe("one live session of a terminal", () => {
    it("is the newer one; the older connection ends, and the log says so", async () => {
      const lines: string[] = [];
      const note = (_: object, message: string): number => lines.push(message);
      await restart({ log: { info: note, warn: note } });
      const first = await terminal("13900000001");
      const code = await first.logIn();
      const second = await terminal("13900000001");
      expect(await second.authenticate(code)).toBe(0);
      await first.until(() => first.closed);
      expect(server.metrics()).toMatchObject({ sessions: 1, closed: { replaced: 1 } });
      expect(lines).toContain("a second session of a terminal replaces the first");
      expect(await second.resultOf(second.report({ ...PLACE, timeMs: NOW }))).toBe(0);
    });

    it("is not fought over without end: two devices with one number are slowed down", async () => {
      await restart({ limits: { replacementsPerMinute: 2 } });
      const code = await (await terminal()).logIn();
      for (let i = 0; i < 2; i++) expect(await (await terminal()).authenticate(code)).toBe(0);
      const oneTooMany = await terminal();
      oneTooMany.send(0x0102, Buffer.from(code));
      await oneTooMany.until(() => oneTooMany.closed);
      expect(server.metrics()).toMatchObject({ sessions: 1, closed: { replaced: 2, replacedTooOften: 1 } });
    });

    it("speaks for no other terminal", async () => {
      const truck = await terminal("13900000001");
      await truck.logIn();
      truck.phone = "13900000002";
      truck.report({ ...PLACE, timeMs: NOW });
      await truck.until(() => server.metrics().faults["foreignTerminal"] === 1);
      expect(sink.length).toBe(0);
    });
  });

  describe("a forwarder", () => {
    it("carries many terminals on one connection, each with its own session", async () => {
      await restart({ policy: { forwarders: ["127.0.0.9"] }, limits: { connectionsPerAddress: 1 } });
      const relay = await terminal("1", "2013", "127.0.0.9");
      const second = await terminal("100", "2013", "127.0.0.9");
      for (let truck = 1; truck <= 20; truck++) {
        relay.phone = String(truck);
        await relay.logIn({ plate: `豫G${10_000 + truck}` });
      }
      const serials: number[] = [];
      for (let truck = 1; truck <= 20; truck++) {
        relay.phone = String(truck);
        serials.push(relay.report({ ...PLACE, timeMs: NOW }));
      }
      for (const serial of serials) expect(await relay.resultOf(serial)).toBe(0);
      expect(sink.facts).toHaveLength(20);
      expect(server.metrics().sessions).toBe(20);
      relay.phone = "7";
      expect(await relay.resultOf(relay.send(0x0003))).toBe(0);
      await relay.until(() => server.metrics().sessions === 19);
      expect(relay.closed).toBe(false);
      await second.logIn();
    });
  });
});
