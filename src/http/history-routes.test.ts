import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { distanceMeters } from "../kernel/distance.ts";
import { createFixBatch } from "../model/fix.ts";
import type { Sighting, Trip } from "../model/history.ts";
import type { Track } from "../model/vehicle.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { openLedger } from "../store/ledger.ts";
import { openTrackStore } from "../tracks/track-store.ts";
import { openWatch } from "../watch/open-watch.ts";
import { accessForTests } from "./access-for-tests.ts";
import { startHttpServer, type HttpServer } from "./server.ts";

const START_MS = Date.UTC(2022, 4, 10, 2);
const DRIVER = "豫G00001_2";
const RESTER = "豫G00002_2";
const SPAN = "from=2022-05-10T02:00:00Z&to=2022-05-10T05:00:00Z";

let server: HttpServer;
let dir: string;
const open: (() => Promise<unknown>)[] = [];

const vehiclePath = (id: string, rest: string): string => `/vehicles/${encodeURIComponent(id)}/${rest}`;
const ask = (path: string): Promise<Response> => fetch(`${server.url}/api/v1${path}`);
const get = async <T>(path: string): Promise<T> => {
  const answer = await ask(path);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "wuxing-history-"));
  const tracks = await openTrackStore({ dir, retentionMs: null, compactEveryMs: null });
  open.push(() => tracks.close());
  const database = await openTestDatabase();
  open.push(() => database.close());
  const ledger = await openLedger(database);
  const watch = await openWatch({ tracks, ledger, city: { fence: null, gates: [] }, now: () => START_MS });
  open.push(() => watch.close());
  const city = { id: "c", name: "城", nameEn: "City", timeZone: "Asia/Shanghai", counties: [], gates: [], roads: [] };
  server = await startHttpServer(
    {
      ...(await accessForTests(database)),
      city: { ...city, bbox: [113, 35, 115, 36], fence: { type: "Polygon", coordinates: [] }, tiles: null },
      ledger,
      watch,
      tracks,
      gateway: null,
      ingest: { fixesPerSecond: () => 0, lagMs: () => null },
      cityTimeMs: () => START_MS,
      fixes: null,
    },
    { host: "127.0.0.1", port: 0, consoleDir: "nowhere", log: pino({ level: "silent" }) },
  );
  open.push(() => server.close());

  const batch = createFixBatch(1000);
  const add = (id: string, second: number, lonE6: number, flags = 0, latE6 = 35_300_000): void => {
    const row = batch.length++;
    batch.vehicle[row] = tracks.vehicles.numberOf(id);
    batch.timeMs[row] = batch.receivedMs[row] = START_MS + second * 1000;
    batch.lonE6[row] = lonE6;
    batch.latE6[row] = latE6;
    batch.speedKmh10[row] = 432;
    batch.headingDeg[row] = 90;
    batch.flags[row] = flags;
  };
  // Ten minutes at rest, an hour eastward on a road that swerves by 55 m once, half an hour of silence, ten minutes at rest farther on.
  for (let step = 0; step <= 20; step++) add(DRIVER, step * 30, 113_900_000 + (step % 3) * 20);
  for (let step = 1; step <= 120; step++) {
    add(DRIVER, 600 + step * 30, 113_900_000 + step * 4000, 0, 35_300_000 + (step === 60 ? 500 : 0));
  }
  for (let step = 0; step <= 20; step++) add(DRIVER, 6000 + step * 30, 114_400_000);
  add(DRIVER, 6700, 120_000_000, 1);
  for (let step = 0; step <= 40; step++) add(RESTER, step * 60, 113_905_000);
  await tracks.append(batch);
  watch.ingest(batch);
  // Half of it in files, half in the hot table.
  await tracks.compact(true);
  await tracks.append(batch);
  await watch.publishArea({
    id: "yard",
    level: "high",
    datum: "wgs84",
    geometry: { type: "Point", coordinates: [113.9, 35.3] },
  });
  await watch.settled();
}, 240_000);

afterAll(async () => {
  for (const close of open.toReversed()) await close();
  await rm(dir, { recursive: true, force: true });
});

describe("a vehicle's history", () => {
  it("is a line with what the map's zoom shows of it", async () => {
    const whole = await get<Track>(vehiclePath(DRIVER, `track?${SPAN}`));
    expect([whole.timeMs.length, whole.total]).toEqual([162, 162]);
    const far = await get<Track>(vehiclePath(DRIVER, `track?${SPAN}&zoom=8`));
    // From afar the road is straight.
    expect(far.timeMs).toHaveLength(2);
    expect(far.total).toBe(162);
    expect([far.timeMs[0], far.timeMs.at(-1)]).toEqual([whole.timeMs[0], whole.timeMs.at(-1)]);
    const near = await get<Track>(vehiclePath(DRIVER, `track?${SPAN}&zoom=18`));
    expect(near.latE6).toContain(35_300_500);
    expect(near.timeMs.length).toBeLessThan(20);
  });

  it("has its distance, stops and gaps", async () => {
    const trip = await get<Trip>(vehiclePath(DRIVER, `trip?${SPAN}`));
    const road = distanceMeters(113.9, 35.3, 114.38, 35.3);
    expect(trip).toMatchObject({ vehicle: DRIVER, from: "2022-05-10T02:00:00.000Z", fixes: 162 });
    expect(Math.abs(trip.distanceM - road)).toBeLessThan(100);
    expect(trip.drivingS).toBeCloseTo(3600, -2);
    expect(trip.stops.map(({ from, durationS }) => [from, durationS])).toEqual([
      ["2022-05-10T02:00:00.000Z", 600],
      ["2022-05-10T03:40:00.000Z", 600],
    ]);
    expect(trip.gaps).toMatchObject([
      { from: "2022-05-10T03:10:00.000Z", to: "2022-05-10T03:40:00.000Z", durationS: 1800, end: { lon: 114.4 } },
    ]);
  });

  it("has them as GeoJSON and as CSV too", async () => {
    const geojson = await get<{ features: { geometry: object; properties: object }[]; distanceM: number }>(
      vehiclePath(DRIVER, `trip?${SPAN}&format=geojson`),
    );
    expect(geojson.distanceM).toBeGreaterThan(40_000);
    expect(geojson.features).toMatchObject([
      { geometry: { type: "Point" }, properties: { kind: "stop", durationS: 600 } },
      { geometry: { type: "Point" }, properties: { kind: "stop" } },
      { geometry: { type: "LineString" }, properties: { kind: "gap", durationS: 1800 } },
    ]);
    const csv = await (await ask(vehiclePath(DRIVER, `trip?${SPAN}&format=csv`))).text();
    expect(
      csv
        .trim()
        .split("\r\n")
        .slice(1)
        .map((line) => line.split(",")[0]),
    ).toEqual(["trip", "stop", "gap", "stop"]);
  });

  it("comes as a file: CSV, GeoJSON, GPX, GeoParquet", async () => {
    const file = (format: string): Promise<Response> => ask(vehiclePath(DRIVER, `track/file?${SPAN}&format=${format}`));
    const csv = await file("csv");
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect(csv.headers.get("content-disposition")).toContain(encodeURIComponent(`${DRIVER}.csv`));
    const lines = (await csv.text()).trim().split("\n");
    expect(lines).toHaveLength(1 + 163);
    expect(lines[1]).toBe(
      `${DRIVER},2022-05-10T02:00:00.000Z,113.900000,35.300000,43.2,90,0,0,0,2022-05-10T02:00:00.000Z,`,
    );
    expect(lines.at(-1)).toMatch(/,invalid$/);

    const geojson = (await (await file("geojson")).json()) as { features: { geometry: { coordinates: number[][] } }[] };
    expect(geojson.features[0].geometry.coordinates).toHaveLength(162);
    const gpx = await (await file("gpx")).text();
    expect(gpx.match(/<trkpt /g)).toHaveLength(162);

    const parquet = await file("parquet");
    expect(parquet.headers.get("content-type")).toBe("application/vnd.apache.parquet");
    const path = join(dir, "answer.parquet");
    await writeFile(path, Buffer.from(await parquet.arrayBuffer()));
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    const rows = await connection.runAndReadAll(
      `SELECT vehicle, count(*)::INTEGER, min(geometry.x), max(lon) FROM '${path}' WHERE flags = 0 GROUP BY 1`,
    );
    expect(rows.getRows()).toEqual([[DRIVER, 162, 113.9, 114.4]]);
    const geo = await connection.runAndReadAll(
      `SELECT decode(value) FROM parquet_kv_metadata('${path}') WHERE decode(key) = 'geo'`,
    );
    expect(JSON.parse(String(geo.getRows()[0][0]))).toMatchObject({ version: "1.1.0", primary_column: "geometry" });
    connection.disconnectSync();
    instance.closeSync();
  });

  it("refuses a span that is none, a format that is none, a vehicle that is none", async () => {
    const backwards = vehiclePath(DRIVER, "trip?from=2022-05-10T05:00:00Z&to=2022-05-10T02:00:00Z");
    expect((await ask(backwards)).status).toBe(400);
    expect((await ask(vehiclePath(DRIVER, "track/file?format=kml"))).status).toBe(400);
    expect((await ask(vehiclePath("豫A00000_2", "trip"))).status).toBe(404);
  });
});

describe("who was there", () => {
  const seen = (query: string): Promise<{ items: Sighting[] }> => get(`/tracks/vehicles?${query}`);

  it("is told near an area, from when to when and how near", async () => {
    const { items } = await seen(`area=yard&${SPAN}`);
    expect(items.map(({ vehicle }) => vehicle)).toEqual([DRIVER, RESTER]);
    const [driver, rester] = items;
    // 364 m every 30 s: two more fixes within 800 m behind the rest.
    expect(driver).toMatchObject({ first: "2022-05-10T02:00:00.000Z", last: "2022-05-10T02:11:00.000Z", fixes: 23 });
    expect(driver.leastDistanceM).toBe(0);
    expect(rester).toMatchObject({ fixes: 41, last: "2022-05-10T02:40:00.000Z" });
    expect(Math.abs(rester.leastDistanceM - distanceMeters(113.9, 35.3, 113.905, 35.3))).toBeLessThan(0.1);
  });

  it("is told for a distance, a span and a box", async () => {
    expect((await seen(`area=yard&within=100&${SPAN}`)).items.map(({ vehicle }) => vehicle)).toEqual([DRIVER]);
    const later = "from=2022-05-10T02:30:00Z&to=2022-05-10T02:35:00Z";
    expect((await seen(`area=yard&${later}`)).items).toMatchObject([{ vehicle: RESTER, fixes: 5 }]);
    const east = await seen(`bbox=114.39,35.2,114.41,35.4&${SPAN}`);
    expect(east.items).toMatchObject([{ vehicle: DRIVER, fixes: 21, leastDistanceM: 0 }]);
    expect((await seen(`bbox=119,35.2,120.5,35.4&${SPAN}`)).items).toEqual([]);
  });

  it("gives their tracks as one file", async () => {
    const answer = await ask(`/tracks/file?area=yard&${SPAN}&format=geojson`);
    const { features } = (await answer.json()) as { features: { properties: { vehicle: string; times: string[] } }[] };
    expect(features.map(({ properties }) => [properties.vehicle, properties.times.length])).toEqual([
      [DRIVER, 162],
      [RESTER, 41],
    ]);
  });

  it("asks for one place, within bounds", async () => {
    expect((await ask(`/tracks/vehicles?${SPAN}`)).status).toBe(400);
    expect((await ask(`/tracks/vehicles?area=yard&bbox=1,2,3,4&${SPAN}`)).status).toBe(400);
    expect((await ask(`/tracks/vehicles?bbox=110,30,120,40&${SPAN}`)).status).toBe(400);
    expect((await ask(`/tracks/vehicles?area=nowhere&${SPAN}`)).status).toBe(404);
  });

  it("is in the document", async () => {
    const document = (await (await fetch(`${server.url}/api/v1/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        "/api/v1/vehicles/{id}/trip",
        "/api/v1/vehicles/{id}/track/file",
        "/api/v1/tracks/vehicles",
      ]),
    );
  });
});
