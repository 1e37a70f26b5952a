import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ABSENT_I16, ABSENT_U16, createFixBatch, FixFlag } from "../model/fix.ts";
import { EXPORT_FORMATS, exportTracks } from "./export-tracks.ts";
import { importTracks } from "./import-tracks.ts";
import { openTrackStore, type TrackStore } from "./track-store.ts";

const NOON = Date.UTC(2021, 10, 6, 4);
const ALL = { vehicles: null, fromMs: -Infinity, toMs: Infinity };

let dir: string;
const stores: TrackStore[] = [];
const open = async (name: string): Promise<TrackStore> => {
  const store = await openTrackStore({ dir: join(dir, name), compactEveryMs: null, retentionMs: null, gatherMs: 1 });
  stores.push(store);
  return store;
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-exchange-"));
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  rmSync(dir, { recursive: true, force: true });
});

/** Two vehicles; one fix of the first is not located, one of the second comes without speed, heading and altitude. */
async function filled(name: string): Promise<TrackStore> {
  const store = await open(name);
  store.vehicles.numberOf('豫G12345_2 & "Sons"');
  store.vehicles.numberOf("@013900000001");
  const batch = createFixBatch(7);
  batch.length = 7;
  for (let row = 0; row < 7; row++) {
    batch.vehicle[row] = row < 4 ? 0 : 1;
    batch.timeMs[row] = NOON + row * 30_500;
    batch.receivedMs[row] = NOON + row * 30_500 + 700;
    batch.lonE6[row] = 113_912_345 + row * 4001;
    batch.latE6[row] = 35_300_001 - row * 1003;
    batch.speedKmh10[row] = row === 6 ? ABSENT_U16 : 400 + row;
    batch.headingDeg[row] = row === 6 ? ABSENT_U16 : 350 + row;
    batch.altitudeM[row] = row === 6 ? ABSENT_I16 : -3 + row;
    batch.status[row] = 3;
  }
  batch.flags[2] = FixFlag.invalid | FixFlag.stored;
  await store.append(batch);
  return store;
}

async function placesOf(store: TrackStore): Promise<Record<string, [number, number, number][]>> {
  const places: Record<string, [number, number, number][]> = {};
  const all = Uint32Array.from({ length: store.vehicles.count }, (_, vehicle) => vehicle);
  await store.eachTrack(all, -Infinity, Infinity, (vehicle, { length, timeMs, lonE6, latE6 }) => {
    places[store.vehicles.idOf(vehicle)] = Array.from({ length }, (_, row) => [timeMs[row], lonE6[row], latE6[row]]);
  });
  return places;
}

describe.each(EXPORT_FORMATS)("tracks as %s", (format) => {
  test("are written, and read again into another store, twice without doubling anything", async () => {
    const store = await filled("first");
    const path = join(dir, `tracks.${format}`);
    const usable = format === "geojson" || format === "gpx";
    expect(await exportTracks(store, { path, format, ...ALL })).toEqual({ vehicles: 2, fixes: usable ? 6 : 7 });
    const other = await open("other");
    for (let round = 0; round < 2; round++) {
      expect(await importTracks(other, { paths: [path], datum: "wgs84" })).toEqual({
        files: 1,
        vehicles: 2,
        fixes: usable ? 6 : 7,
        rejected: 0,
      });
    }
    const wanted = await placesOf(store);
    if (usable) wanted['豫G12345_2 & "Sons"'].splice(2, 1);
    expect(await placesOf(other)).toEqual(wanted);
    const track = await other.track(other.vehicles.find("@013900000001")!, -Infinity, Infinity);
    expect(Math.abs(track.speedKmh10[0] - 404)).toBeLessThanOrEqual(1);
    expect([...track.headingDeg.subarray(0, 3)]).toEqual([354, 355, ABSENT_U16]);
    expect(track.speedKmh10[2]).toBe(ABSENT_U16);
  });

  test("can be those of some vehicles in some time", async () => {
    const store = await filled("first");
    await store.compact(true);
    const path = join(dir, `some.${format}`);
    const request = { path, format, vehicles: Uint32Array.of(1), fromMs: NOON, toMs: NOON + 6 * 30_500 };
    expect(await exportTracks(store, request)).toEqual({ vehicles: 1, fixes: 2 });
  });

  test("that cannot be written are refused by the file's name, and leave nothing behind", async () => {
    const store = await filled("first");
    const path = join(dir, "no such folder", `tracks.${format}`);
    await expect(exportTracks(store, { path, format, ...ALL })).rejects.toMatchObject({ problems: [{ where: path }] });
    expect(readdirSync(dir)).toEqual(["first"]);
  });
});

test("a GeoParquet file says where its points are", async () => {
  const store = await filled("first");
  const path = join(dir, "tracks.parquet");
  await exportTracks(store, { path, format: "parquet", ...ALL });
  const text = readFileSync(path, "latin1");
  expect(text).toContain('"primary_column":"geometry"');
  expect(text).toContain('"encoding":"point"');
});

test("a GPX file of another program is read, its faulty points named by their lines", async () => {
  const path = join(dir, "tour.gpx");
  writeFileSync(
    path,
    `<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY e "x">]>
<gpx version="1.1"><wpt lat="1" lon="2"><name>not this</name></wpt>
<trk><name><![CDATA[豫G1 & 2]]></name><trkseg>
<trkpt lon='113.5' lat='35.25'><ele>70</ele><time>2021-11-06T04:00:00Z</time><name>p</name></trkpt><!-- <trkpt> -->
<trkpt lat="95" lon="113.5"><time>2021-11-06T04:00:30Z</time></trkpt>
<trkpt lat="35.25" lon="113.6"/>
</trkseg></trk>
<trk><trkseg><trkpt lat="35.5" lon="113.5"><time>2021-11-06T12:01:00+08:00</time></trkpt></trkseg></trk></gpx>`,
  );
  const store = await open("gpx");
  const rejected: string[] = [];
  const report = await importTracks(store, {
    paths: [path],
    datum: "wgs84",
    onReject: ({ line, field, value }) => rejected.push(`${line} ${field} ${value}`),
  });
  expect(report).toEqual({ files: 1, vehicles: 2, fixes: 2, rejected: 2 });
  expect(rejected).toEqual(["5 lat 95", "6 time "]);
  expect(await placesOf(store)).toEqual({
    "豫G1 & 2": [[NOON, 113_500_000, 35_250_000]],
    tour: [[NOON + 60_000, 113_500_000, 35_500_000]],
  });
});

test.each([
  ["broken.gpx", "<gpx><trk><trkpt lat='1'"],
  ["other.xml", "<kml></kml>"],
  ["broken.json", '{"type":"FeatureCollection","features":['],
  ["feature.json", '{"type":"Feature"}'],
])("%s is refused by its name", async (name, content) => {
  const path = join(dir, name);
  writeFileSync(path, content);
  const store = await open("none");
  await expect(importTracks(store, { paths: [path], datum: "wgs84" })).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining(path) as string,
  });
});

test("features that are no tracks are named by their number", async () => {
  const path = join(dir, "mixed.geojson");
  const properties = { vehicle: "a", times: ["2021-11-06T04:00:00Z"] };
  const features = [
    {
      type: "Feature",
      geometry: {
        type: "LineString",
        coordinates: [
          [1, 2],
          [3, 4],
        ],
      },
      properties,
    },
    { type: "Feature", geometry: null, properties: {} },
    {
      type: "Feature",
      geometry: { type: "Point", coordinates: [113.5, 35.5] },
      properties: { vehicle: "a", time: NOON },
    },
  ];
  writeFileSync(path, JSON.stringify({ type: "FeatureCollection", features }));
  const store = await open("mixed");
  const rejected: string[] = [];
  await importTracks(store, {
    paths: [path],
    datum: "wgs84",
    onReject: ({ line, field }) => rejected.push(`${line} ${field}`),
  });
  expect(rejected).toEqual(["1 properties.times", "2 feature"]);
  expect(await placesOf(store)).toEqual({ a: [[NOON, 113_500_000, 35_500_000]] });
});

const REAL = new URL("../../../shared/data/tracks/", import.meta.url).pathname;
describe.skipIf(!existsSync(REAL))("recorded tracks (skipped where ../shared/data is absent)", () => {
  test("come back as they are in their file, from the hot table and from files", async () => {
    const store = await open("real");
    const paths = ["fleet-wuxi.csv.gz", "transport-AA00002.csv.gz"].map((name) => join(REAL, name));
    const report = await importTracks(store, { paths, datum: "wgs84" });
    expect(report.fixes).toBeGreaterThan(50_000);
    const before = await placesOf(store);
    const { droppedRepetitions, movedFixes } = await store.compact(true);
    expect(movedFixes).toBe(report.fixes);
    const after = await placesOf(store);
    // Compared as text: a deep comparison of so many takes half a minute.
    expect(JSON.stringify(after) === JSON.stringify(before)).toBe(true);
    expect(Object.values(after).flat()).toHaveLength(report.fixes - droppedRepetitions);
    await importTracks(store, { paths, datum: "wgs84" });
    expect(JSON.stringify(await placesOf(store)) === JSON.stringify(before)).toBe(true);
  });
});
