import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readJsonPositions, readOsmAnd, readOwnTracks } from "./position-formats.ts";
import { addSource, readSourceKeys } from "./source-keys.ts";

describe("readJsonPositions", () => {
  it("takes good items and says of each bad one where, which value and what was expected", () => {
    const good = { vehicle: "豫G12345_2", time: "2026-05-13T10:20:30+08:00", lon: 113.9, lat: 35.3, speed: 60 };
    const items = readJsonPositions({ fixes: [good, { ...good, lat: 135.3 }, { ...good, time: "yesterday" }, 7] });
    expect(items?.[0]).toEqual({
      vehicle: "豫G12345_2",
      position: { timeMs: Date.UTC(2026, 4, 13, 2, 20, 30), longitude: 113.9, latitude: 35.3, speedKmh: 60 },
    });
    expect(items?.[1]).toEqual({
      problem: { where: "fixes[1].lat", value: "135.3", expected: expect.stringContaining("90") },
    });
    const expected = "ISO 8601 with its offset, or milliseconds since the epoch";
    expect(items?.[2]).toEqual({ problem: { where: "fixes[2].time", value: '"yesterday"', expected } });
    expect(items?.[3]).toMatchObject({ problem: { where: "fixes[3]", value: "7" } });
  });

  it("reads GeoJSON points, with their height as altitude", () => {
    const feature = {
      type: "Feature",
      geometry: { type: "Point", coordinates: [113.9, 35.3, 75] },
      properties: { vehicle: "V1", time: 1_778_638_830_000 },
    };
    const read = {
      vehicle: "V1",
      position: { timeMs: 1_778_638_830_000, longitude: 113.9, latitude: 35.3, altitude: 75 },
    };
    expect(readJsonPositions(feature)).toEqual([read]);
    expect(readJsonPositions({ type: "FeatureCollection", features: [feature, {}] })).toMatchObject([
      read,
      { problem: { where: "features[1].type" } },
    ]);
  });

  it.each([[undefined], [7], [{}], [{ type: "Polygon" }], [{ fixes: Array.from({ length: 10_001 }, () => 0) }]])(
    "is undefined for %j",
    (message) => expect(readJsonPositions(message)).toBeUndefined(),
  );
});

describe("readOwnTracks", () => {
  it("names the vehicle by its topic, or by the device that the caller knows", () => {
    const message = {
      _type: "location",
      lat: 35.3,
      lon: 113.9,
      tst: 1_778_638_830,
      vel: 42,
      cog: 90,
      topic: "owntracks/a/bus-7",
    };
    expect(readOwnTracks(message, undefined)).toEqual({
      vehicle: "bus-7",
      position: { timeMs: 1_778_638_830_000, longitude: 113.9, latitude: 35.3, speedKmh: 42, direction: 90 },
    });
    expect(readOwnTracks(message, "van")).toMatchObject({ vehicle: "van" });
    expect(readOwnTracks({ _type: "lwt", tst: 1 }, "van")).toBeUndefined();
    expect(readOwnTracks({ ...message, lat: "x" }, "van")).toMatchObject({ problem: { where: "lat" } });
  });
});

describe("readOsmAnd", () => {
  it.each([
    ["seconds", "1778638830"],
    ["milliseconds", "1778638830000"],
    ["ISO 8601", "2026-05-13T02:20:30Z"],
  ])("reads a query with its time in %s and its speed in knots", (_, timestamp) => {
    expect(readOsmAnd({ id: "V1", lat: "35.3", lon: "113.9", timestamp, speed: "10", bearing: "90" })).toEqual({
      vehicle: "V1",
      position: { timeMs: 1_778_638_830_000, longitude: 113.9, latitude: 35.3, speedKmh: 18.52, direction: 90 },
    });
  });

  it("says what is missing", () => {
    expect(readOsmAnd({ lat: "35", lon: "113", timestamp: "1" })).toMatchObject({ problem: { where: "id" } });
    expect(readOsmAnd({ id: "V", lat: "35", lon: "213", timestamp: "1" })).toMatchObject({ problem: { where: "lon" } });
    expect(readOsmAnd({ id: "V", lat: "35", lon: "113", timestamp: "soon" })).toMatchObject({
      problem: { where: "timestamp", value: "soon" },
    });
  });
});

describe("source keys", () => {
  it("are found by the key that was shown once, which is kept nowhere", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "wuxing-")), "deep", "sources.json");
    expect((await readSourceKeys(path)).sources).toEqual([]);
    const first = await addSource(path, "buses", "gcj02");
    const second = await addSource(path, "vans", "wgs84");
    const keys = await readSourceKeys(path);
    expect(keys.find(first)).toMatchObject({ name: "buses", datum: "gcj02" });
    expect(keys.find(second)?.name).toBe("vans");
    expect(keys.find(`${first}x`)).toBeUndefined();
    expect(await readFile(path, "utf8")).not.toContain(first);
    const renewed = await addSource(path, "buses", "gcj02");
    expect((await readSourceKeys(path)).find(first)).toBeUndefined();
    expect((await readSourceKeys(path)).find(renewed)?.name).toBe("buses");
  });

  it("refuse a file that is no list of sources, with the place", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "wuxing-")), "sources.json");
    await writeFile(path, '[{"name":"buses","datum":"mars","keyHash":""}]');
    await expect(readSourceKeys(path)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      problems: [{ where: "0.datum" }],
    });
  });
});
