/** The simulated terminals against the real gateway, over TCP; only the store behind it is in memory. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startJt808Server, type Jt808Server, type Jt808ServerOptions } from "../src/gateway/jt808-server.ts";
import { openTerminalRegister } from "../src/gateway/terminal-register.ts";
import { FIX_UNUSABLE, FixFlag } from "../src/model/fix.ts";
import { startFleetProcess } from "../src/simulate/fleet-process.ts";
import { planTiming } from "../src/simulate/fleet-timing.ts";
import { runFleet, type FleetProgress } from "../src/simulate/fleet.ts";
import { replayTracks, type ReplayProgress } from "../src/simulate/replay.ts";
import { TrackCollector, type RecordedTrack } from "../src/tracks/recorded-tracks.ts";
import { loadDemo } from "./demo-city.ts";
import { MemorySink } from "./gateway-sink.ts";

let dir: string;
let sink: MemorySink;
let gateway: Jt808Server;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "wuxing-simulate-"));
  sink = new MemorySink();
  gateway = await startGateway();
});
afterEach(async () => {
  await gateway.close();
  await rm(dir, { recursive: true });
});

async function startGateway(options: Partial<Jt808ServerOptions> = {}): Promise<Jt808Server> {
  const register = await openTerminalRegister(join(dir, "terminals.ndjson"));
  const secret = "a secret of these tests";
  return startJt808Server({ host: "127.0.0.1", port: 0, sink, register, secret, ...options });
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 100_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`not within 100 s: ${isTrue.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Tracks as a file may hold them: unordered, with doubles, two places at one time, and places that are none. */
function recordedTracks(vehicles: number, fixes: number): RecordedTrack[] {
  const collector = new TrackCollector();
  for (let v = 0; v < vehicles; v++) {
    for (let i = 0; i < fixes; i++) {
      const second = (i * 7) % fixes;
      const isPlace = i % 50 !== 3;
      const [lonE6, latE6] = isPlace ? [113_900_000 + 100 * second, 35_300_000 + v] : [0, 0];
      collector.add(`LSV${1000 + v}`, Date.UTC(2021, 5, 1) + second * 30_000, lonE6, latE6, 300, 90);
      if (i % 10 === 0) collector.add(`LSV${1000 + v}`, Date.UTC(2021, 5, 1) + second * 30_000, lonE6, latE6, 300, 90);
    }
  }
  return collector.finish();
}

function fixesOf({ length, timeMs, lonE6, latE6 }: RecordedTrack): number[][] {
  const rows = Array.from({ length }, (_, i) => [timeMs[i], lonE6[i], latE6[i]]);
  const distinct = new Map(rows.map((row) => [row.join(), row]));
  return [...distinct.values()].toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
}

/** `ackTimeoutMs`: what is not acknowledged by then is sent again. */
async function replay(tracks: RecordedTrack[], ackTimeoutMs: number, connections?: number): Promise<ReplayProgress> {
  const { signal } = new AbortController();
  const to = { host: "127.0.0.1", port: gateway.port, ackTimeoutMs };
  return replayTracks({ tracks, ...to, speed: Infinity, connections, signal });
}

describe("a replay into the gateway", { timeout: 240_000 }, () => {
  it.each([undefined, 4])(
    "brings every fix under the recorded id, with the recorded time (connections: %s)",
    async (connections) => {
      sink.delayMs = 10;
      const tracks = recordedTracks(12, 300);
      // Nothing is sent twice: every fix is counted below.
      const result = await replay(tracks, 100_000, connections);
      expect(result).toMatchObject({ total: 12 * 330, acknowledged: 12 * 330, refused: 0 });
      expect(sink.length).toBe(12 * 330);
      expect(sink.facts.map(({ vehicle }) => vehicle).toSorted()).toEqual(tracks.map(({ vehicle }) => vehicle));
      for (const track of tracks) expect(sink.fixesOf(track.vehicle)).toEqual(fixesOf(track));
      const marked = sink.batches.flatMap(({ length, flags }) => [...flags.subarray(0, length)]);
      expect(marked.filter((flags) => (flags & FixFlag.invalid) !== 0)).toHaveLength(result.unlocated);
      expect(result.unlocated).toBeGreaterThan(50);
      expect(marked.some((flags) => (flags & FixFlag.quarantined) !== 0)).toBe(false);
    },
  );

  it("loses nothing when the store fails for a while", async () => {
    const tracks = recordedTracks(3, 200);
    sink.failures = 2;
    const { acknowledged, total } = await replay(tracks, 1000);
    expect(acknowledged).toBe(total);
    for (const track of tracks) expect(sink.fixesOf(track.vehicle)).toEqual(fixesOf(track));
  });

  it("loses nothing when the gateway is restarted in the middle", async () => {
    const tracks = recordedTracks(3, 3000);
    sink.delayMs = 30;
    const { port } = gateway;
    const run = replay(tracks, 1000);
    await until(() => sink.length > 1000);
    await gateway.close();
    gateway = await startGateway({ port });
    const { acknowledged, total } = await run;
    expect(acknowledged).toBe(total);
    for (const track of tracks) expect(sink.fixesOf(track.vehicle)).toEqual(fixesOf(track));
  });
});

describe("a simulated fleet on the gateway", { timeout: 240_000 }, () => {
  it("registers, reports live and kept positions, and logs out", async () => {
    const { city } = await loadDemo();
    const timing = planTiming(Date.now(), { seed: 1, speed: 60 });
    const stop = new AbortController();
    let last: FleetProgress | undefined;
    const run = runFleet({
      host: "127.0.0.1",
      port: gateway.port,
      city,
      timing,
      trucks: 60,
      signal: stop.signal,
      onProgress: (progress) => (last = progress),
    });
    await until(() => (last?.online ?? 0) > 55 && (last?.acknowledged ?? 0) > 200);
    stop.abort();
    const done = await run;
    await until(() => gateway.metrics().connections === 0);
    expect(done.acknowledged).toBeGreaterThan(200);
    expect(sink.facts.length).toBeGreaterThan(55);
    for (const { vehicle } of sink.facts) expect(vehicle).toMatch(/^[豫鲁晋冀][A-Z][A-Z\d]\d{4}_[12]$/u);
    const flags = sink.batches.flatMap((batch) => [...batch.flags.subarray(0, batch.length)]);
    expect(flags.every((flag) => (flag & FIX_UNUSABLE) === 0)).toBe(true);
    expect(flags.some((flag) => (flag & FixFlag.stored) !== 0)).toBe(true);
    const { faults, messages } = gateway.metrics();
    expect(faults).toEqual({});
    expect(Object.keys(messages)).toEqual(expect.arrayContaining(["0x0100", "0x0102", "0x0200", "0x0704", "0x0003"]));
  });

  it("drives in a process of its own, knows its time there, and ends with its parent's word", async () => {
    const timing = planTiming(Date.now(), { seed: 1, speed: 60 });
    const options = { cityDir: "demo/xinxiang", host: "127.0.0.1", port: gateway.port, timing, trucks: 40 };
    const fleet = startFleetProcess(options);
    await until(() => sink.length > 200);
    const newest = Math.max(...sink.batches.flatMap(({ length, timeMs }) => [...timeMs.subarray(0, length)]));
    expect(newest).toBeLessThanOrEqual(fleet.cityTimeMs());
    expect(newest).toBeGreaterThan(fleet.cityTimeMs() - 5 * 60_000);
    await fleet.stop();
    expect(await fleet.ended).toBeUndefined();
    expect(() => process.kill(fleet.pid!, 0)).toThrow(/ESRCH/u);
  });

  it("goes on where it was when it is taken up again: the same trucks, no leap", async () => {
    const timing = planTiming(Date.now(), { seed: 1, speed: 60 });
    const options = { cityDir: "demo/xinxiang", host: "127.0.0.1", port: gateway.port, timing, trucks: 40 };
    const first = startFleetProcess(options);
    await until(() => sink.length > 400);
    await first.stop();
    const lastFixMs = first.cityTimeMs();
    const before = sink.facts.length;
    const known = sink.length;
    const second = startFleetProcess({ ...options, lastFixMs });
    await until(() => sink.length > known + 400);
    await second.stop();
    expect(sink.facts.length - before).toBeLessThan(5);
    for (const { vehicle } of sink.facts) {
      const fixes = sink.fixesOf(vehicle);
      for (let i = 1; i < fixes.length; i++) {
        const [[timeA, lonA, latA], [timeB, lonB, latB]] = [fixes[i - 1], fixes[i]];
        const meters = Math.hypot((lonB - lonA) * 0.0908, (latB - latA) * 0.111);
        expect(Math.max(0, meters - 30) / ((timeB - timeA) / 3600)).toBeLessThan(95);
      }
    }
  });

  it("says why it cannot drive", async () => {
    const timing = planTiming(Date.now(), {});
    const fleet = startFleetProcess({ cityDir: "demo/nowhere", host: "127.0.0.1", port: gateway.port, timing });
    expect(await fleet.ended).toMatchObject({ message: expect.stringContaining("demo/nowhere") });
  });
});
