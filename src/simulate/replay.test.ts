import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TcpPlatform } from "../../test/counterpart/tcp-platform.ts";
import { TrackCollector, type RecordedTrack } from "../tracks/recorded-tracks.ts";
import { replayTracks, type Replay } from "./replay.ts";

const AT_MS = Date.UTC(2020, 6, 18, 1, 7, 17);
let platform: TcpPlatform;
beforeEach(async () => (platform = await new TcpPlatform().listen()));
afterEach(async () => platform.close());

/** `[vehicle, seconds after AT_MS, lonE6, latE6]` in the order of the file. */
function tracksOf(...fixes: [string, number, number, number][]): RecordedTrack[] {
  const collector = new TrackCollector();
  for (const [vehicle, second, lonE6, latE6] of fixes) {
    collector.add(vehicle, AT_MS + second * 1000, lonE6, latE6, 123, 271);
  }
  return collector.finish();
}

function fleetOf(vehicles: number, fixesEach: number, everySeconds: number): RecordedTrack[] {
  return tracksOf(
    ...Array.from({ length: vehicles * fixesEach }, (_, i): [string, number, number, number] => {
      const vehicle = i % vehicles;
      return [`V${vehicle}`, Math.floor(i / vehicles) * everySeconds, 113_900_000 + i, 35_300_000 + vehicle];
    }),
  );
}

function replay(tracks: RecordedTrack[], options: Partial<Replay> = {}): ReturnType<typeof replayTracks> {
  const { signal } = new AbortController();
  return replayTracks({ tracks, host: "127.0.0.1", port: platform.port, speed: Infinity, signal, ...options });
}

describe("a replay", () => {
  it("registers each vehicle with colour 0 and its id, and sends each fix with its own time, place, speed and heading", async () => {
    const result = await replay(
      tracksOf(["WX0001", 0, 119_677_671, 31_279_080], ["LSV1", 7, -70_000_001, -33_500_000]),
    );
    expect(
      platform
        .registrations()
        .map(({ plate, plateColor }) => `${plate} ${plateColor}`)
        .toSorted(),
    ).toEqual(["LSV1 0", "WX0001 0"]);
    expect(platform.reports().toSorted((a, b) => a.timeMs - b.timeMs)).toMatchObject([
      { timeMs: AT_MS, longitude: 119.677671, latitude: 31.27908, speedKmh: 12.3, direction: 271 },
      { timeMs: AT_MS + 7000, longitude: -70.000001, latitude: -33.5 },
    ]);
    expect(result).toMatchObject({ total: 2, sent: 2, acknowledged: 2, refused: 0, unlocated: 0, fractional: 0 });
  });

  it("sends in the order of time across vehicles; what has one time stays in the order of the file", async () => {
    await replay(tracksOf(["A", 30, 1, 1], ["A", 10, 2, 2], ["A", 10, 3, 3], ["A", 10, 2, 2], ["A", 20, 4, 4]));
    expect(platform.reports().map(({ latitude }) => Math.round(latitude * 1e6))).toEqual([2, 3, 2, 4, 1]);
  });

  it("marks a place that is none as not located, and drops fractions of a second, and counts both", async () => {
    const tracks = tracksOf(["A", 0, 0, 0], ["A", 1.25, 113_000_000, 35_000_000]);
    expect(await replay(tracks)).toMatchObject({ unlocated: 1, fractional: 1 });
    const [first, second] = platform.reports();
    expect(first.statusFlags & 2).toBe(0);
    expect(second).toMatchObject({ timeMs: AT_MS + 1000, statusFlags: 3 });
  });

  it("takes as long as the recording divided by the speed", async () => {
    const startMs = Date.now();
    await replay(fleetOf(3, 11, 60), { speed: 600 });
    const tookMs = Date.now() - startMs;
    expect(tookMs).toBeGreaterThan(990);
    expect(tookMs).toBeLessThan(3000);
    const times = platform
      .of(0x0200)
      .filter(({ phone }) => phone.endsWith("1"))
      .map(({ atMs }) => atMs);
    expect(times.at(-1)! - times[0]).toBeGreaterThan(700);
  });

  it("ends only when every fix is acknowledged", async () => {
    platform.resultOf = ({ messageId }) => (messageId === 0x0200 ? undefined : 0);
    let ended = false;
    const run = replay(fleetOf(5, 20, 30)).then((result) => {
      ended = true;
      return result;
    });
    await platform.until(() => platform.of(0x0200).length === 100);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(ended).toBe(false);
    platform.resultOf = () => 0;
    platform.cutAll();
    expect(await run).toMatchObject({ sent: 100, acknowledged: 100 });
    expect(new Set(platform.reports().map(({ latitude, longitude }) => `${latitude} ${longitude}`)).size).toBe(100);
  });

  it("gives every vehicle a connection of its own, and never holds more at once than it may", async () => {
    const result = await replay(fleetOf(12, 40, 30), { connections: 3 });
    expect(result.acknowledged).toBe(480);
    expect(platform.mostConnections).toBe(3);
    const phonesOf = new Map<number, Set<string>>();
    for (const { connection, phone } of platform.received) {
      phonesOf.set(connection, (phonesOf.get(connection) ?? new Set()).add(phone));
    }
    expect([...phonesOf.values()].every((phones) => phones.size === 1)).toBe(true);
    expect(platform.of(0x0100)).toHaveLength(12);
    for (let v = 0; v < 12; v++) {
      const times = platform.reports().filter(({ latitude }) => Math.round(latitude * 1e6) === 35_300_000 + v);
      expect(times.map(({ timeMs }) => timeMs)).toEqual(Array.from({ length: 40 }, (_, i) => AT_MS + i * 30_000));
    }
  });

  it("waits for a slow platform instead of piling up fixes", async () => {
    platform.resultOf = ({ messageId }) => (messageId === 0x0200 ? undefined : 0);
    const stop = new AbortController();
    let sent = 0;
    const run = replay(fleetOf(1, 20_000, 1), {
      signal: stop.signal,
      onProgress: (progress) => (sent = progress.sent),
    });
    await platform.until(() => sent > 1000);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(sent).toBe(2000);
    stop.abort();
    expect(await run).toMatchObject({ sent: 2000, acknowledged: 0 });
  });

  it("ends at once when it is stopped", async () => {
    const stop = new AbortController();
    const run = replay(fleetOf(2, 100, 3600), { speed: 1, signal: stop.signal });
    await platform.until(() => platform.of(0x0200).length > 0);
    const startMs = Date.now();
    stop.abort();
    expect((await run).sent).toBeLessThan(200);
    expect(Date.now() - startMs).toBeLessThan(1000);
    expect(platform.of(0x0003).length).toBeGreaterThan(0);
  });

  it("says who does not answer: a platform that cannot be reached, and one that falls silent", async () => {
    platform.resultOf = ({ messageId }) => (messageId === 0x0200 ? undefined : 0);
    await expect(replay(fleetOf(1, 3, 1), { silenceMs: 1000 })).rejects.toMatchObject({
      code: "PLATFORM_UNREACHABLE",
      message: expect.stringMatching(/acknowledged nothing for \d s \(it is connected\)/),
    });
    await platform.close();
    await expect(replay(fleetOf(1, 3, 1), { silenceMs: 1000 })).rejects.toThrow(/ECONNREFUSED/);
    await platform.listen();
  });

  it("does not take a long pause in the recording for silence", async () => {
    const result = await replay(fleetOf(1, 3, 1500), { speed: 1000, silenceMs: 1000 });
    expect(result.acknowledged).toBe(3);
  });

  it.each([
    ["a speed of 0", { speed: 0 }, "speed"],
    ["half a connection", { connections: 0.5 }, "connections"],
  ])("refuses %s", async (_, options, where) => {
    await expect(replay(fleetOf(1, 1, 1), options)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      problems: [{ where }],
    });
  });

  it("refuses a time that the protocol cannot say, and an id that a platform would shorten", async () => {
    await expect(replay(tracksOf(["A", -30 * 365 * 86_400, 1, 1]))).rejects.toMatchObject({
      code: "INPUT_INVALID",
      problems: [{ where: "A, fix 1, time" }],
    });
    await expect(replay(tracksOf(["a b", 0, 1, 1]))).rejects.toMatchObject({ problems: [{ value: "a b" }] });
    await expect(replay(tracksOf(["x".repeat(33), 0, 1, 1]))).rejects.toMatchObject({ code: "INPUT_INVALID" });
    expect(platform.connections).toBe(0);
  });

  it("has nothing to do for no tracks", async () => {
    expect(await replay([])).toMatchObject({ total: 0, sent: 0 });
  });
});
