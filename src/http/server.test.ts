import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PositionIntake } from "../gateway/position-intake.ts";
import { addSource, readSourceKeys } from "../gateway/source-keys.ts";
import { createFixBatch } from "../model/fix.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { openLedger } from "../store/ledger.ts";
import { openTrackStore } from "../tracks/track-store.ts";
import { openWatch } from "../watch/open-watch.ts";
import { accessForTests } from "./access-for-tests.ts";
import { startHttpServer, type HttpServer } from "./server.ts";

const START_MS = Date.UTC(2022, 4, 10, 2);
const VEHICLE = "豫G00001_2";
const SQUARE = [
  [113.95, 35.2],
  [114.2, 35.2],
  [114.2, 35.4],
  [113.95, 35.4],
  [113.95, 35.2],
];
const AREA = {
  id: "yard",
  level: "high",
  datum: "wgs84",
  geometry: { type: "Point", coordinates: [113.9, 35.3] },
};

let server: HttpServer;
let key: string;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const tracks = await openTrackStore({ dir: await mkdtemp(join(tmpdir(), "wuxing-http-")), retentionMs: null });
  open.push(() => tracks.close());
  const database = await openTestDatabase();
  open.push(() => database.close());
  const ledger = await openLedger(database);
  const fence = { type: "Polygon" as const, coordinates: [SQUARE] };
  const gates = [
    {
      id: "west",
      name: "西门",
      line: [
        [113.95, 35.29],
        [113.95, 35.31],
      ] as [number, number][],
    },
  ];
  const watch = await openWatch({ tracks, ledger, city: { fence, gates }, now: () => START_MS });
  open.push(() => watch.close());
  const sources = join(await mkdtemp(join(tmpdir(), "wuxing-http-")), "sources.json");
  key = await addSource(sources, "buses", "gcj02");
  server = await startHttpServer(
    {
      ...(await accessForTests(database)),
      city: {
        id: "square",
        name: "方城",
        nameEn: "Square",
        timeZone: "Asia/Shanghai",
        bbox: [113.95, 35.2, 114.2, 35.4],
        counties: [],
        fence,
        gates,
        roads: [],
        tiles: null,
      },
      ledger,
      watch,
      tracks,
      gateway: null,
      ingest: { fixesPerSecond: () => 0, lagMs: () => null },
      cityTimeMs: () => START_MS,
      fixes: {
        sources: await readSourceKeys(sources),
        intake: new PositionIntake({
          vehicleNumber: ({ vehicle, ...facts }) => tracks.vehicles.numberOf(vehicle, facts),
          append: async (fixes) => watch.ingest(fixes, await tracks.append(fixes)),
        }),
      },
    },
    { host: "127.0.0.1", port: 0, consoleDir: "nowhere", log: pino({ level: "silent" }) },
  );
  open.push(() => server.close());
  const published = await call("POST", "/areas", AREA);
  expect(published.status).toBe(201);
  // Twelve minutes at the yard's side, then six into the city.
  const vehicle = tracks.vehicles.numberOf(VEHICLE, { plate: "豫G00001", plateColour: 2, terminal: "13900000001" });
  const batch = createFixBatch(37);
  for (let row = 0; row < 37; row++) {
    batch.vehicle[row] = vehicle;
    batch.timeMs[row] = START_MS + row * 30_000;
    batch.lonE6[row] = 113_900_500 + Math.max(0, row - 24) * 6000;
    batch.latE6[row] = 35_300_000;
    batch.speedKmh10[row] = row < 24 ? 0 : 650;
    batch.headingDeg[row] = 90;
  }
  batch.length = 37;
  await tracks.append(batch);
  watch.ingest(batch);
  await watch.settled();
}, 240_000);

afterAll(async () => {
  for (const close of open.toReversed()) await close();
});

describe("the API", () => {
  it("answers what is there, each list with its next page", async () => {
    expect(await items("/areas")).toMatchObject([{ id: "yard", version: 1, state: "published" }]);
    expect(await items("/vehicles")).toMatchObject([
      { id: VEHICLE, plate: "豫G00001", state: "locked", insideFence: true },
    ]);
    expect(await items("/exposures")).toMatchObject([{ vehicle: VEHICLE, area: "yard", certainty: "observed" }]);
    expect(await items("/passages")).toMatchObject([{ vehicle: VEHICLE, gate: "west", direction: "inbound" }]);
    expect(await items("/gates/counts")).toMatchObject([{ gate: "west", inbound: 1, outbound: 0 }]);
    expect(await items("/fence-events")).toMatchObject([{ vehicle: VEHICLE, kind: "entry" }]);
    const [lock] = await items<{ id: string }>("/locks?state=live");
    expect((await call("GET", `/locks/${lock.id}`)).body).toMatchObject({ vehicle: VEHICLE, state: "live" });
    expect((await call("GET", "/city")).body).toMatchObject({ id: "square", tiles: null });
    expect((await call("GET", "/status")).body).toMatchObject({ health: { state: "ok" } });
  });

  it("gives a vehicle's track in columns", async () => {
    const id = encodeURIComponent(VEHICLE);
    const { body } = await call("GET", `/vehicles/${id}/track`);
    expect(body).toMatchObject({ vehicle: VEHICLE, total: 37 });
    expect((body as { timeMs: number[] }).timeMs).toHaveLength(37);
    const part = await call("GET", `/vehicles/${id}/track?from=2022-05-10T02:05:00Z&to=2022-05-10T02:06:00Z`);
    expect((part.body as { timeMs: number[] }).timeMs).toEqual([START_MS + 300_000, START_MS + 330_000]);
  });

  it("pages through a list without losing or doubling any", async () => {
    for (let i = 0; i < 5; i++) {
      const geometry = { type: "Point", coordinates: [110 + i, 30] };
      expect((await call("POST", "/areas", { ...AREA, id: `far-${i}`, geometry })).status).toBe(201);
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await call("GET", `/areas?limit=2${query}`);
      const page = body as { items: { id: string }[]; next: string | null };
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== null);
    expect(seen.toSorted()).toEqual(["far-0", "far-1", "far-2", "far-3", "far-4", "yard"]);
  });

  it("edits and withdraws an area, and keeps its versions", async () => {
    const edited = await call("PUT", "/areas/far-0", { level: "medium", datum: "wgs84", geometry: AREA.geometry });
    expect(edited.body).toMatchObject({ id: "far-0", version: 2, level: "medium" });
    expect((await call("POST", "/areas/far-0/withdraw")).body).toMatchObject({ version: 3, state: "withdrawn" });
    expect(await items("/areas/far-0/versions")).toMatchObject([{ version: 3 }, { version: 2 }, { version: 1 }]);
    expect((await call("POST", "/areas/far-0/withdraw")).body).toMatchObject({ code: "AREA_WITHDRAWN" });
  });
});

describe("positions over HTTP", () => {
  const fix = { vehicle: "bus-7", time: "2022-05-10T03:00:00Z", lon: 114.0, lat: 35.3, speed: 30 };

  it("are on disk when they are answered, converted from the source's datum, each bad one named", async () => {
    const authorization = `Bearer ${key}`;
    const body = { fixes: [fix, { ...fix, lat: 135 }] };
    const answer = await call("POST", "/fixes", body, { authorization });
    expect(answer).toMatchObject({
      status: 200,
      body: { accepted: 1, rejected: [{ index: 1, where: "fixes[1].lat" }] },
    });
    const vehicle = await call("GET", "/vehicles/bus-7");
    // GCJ-02 lies some 600 m to the north-east of WGS-84 here.
    expect(vehicle.body).toMatchObject({ last: { lon: expect.closeTo(113.994, 2), lat: expect.closeTo(35.301, 2) } });
    expect((vehicle.body as { last: { lon: number } }).last.lon).toBeLessThan(113.9965);
  });

  it("of phones are taken as they send them", async () => {
    const query = `id=phone-1&lat=35.3&lon=114&timestamp=1652151600&speed=10&key=${key}`;
    expect(await call("GET", `/fixes/osmand?${query}`)).toMatchObject({ status: 200, body: { accepted: 1 } });
    const message = { _type: "location", lat: 35.3, lon: 114, tst: 1_652_151_600 };
    expect(await call("POST", `/fixes/owntracks?device=phone-2&key=${key}`, message)).toEqual({
      status: 200,
      body: [],
    });
    expect((await call("GET", "/vehicles/phone-1")).status).toBe(200);
    expect((await call("GET", "/vehicles/phone-2")).status).toBe(200);
  });

  it("without a right key are refused", async () => {
    expect(await call("POST", "/fixes", { fixes: [fix] })).toMatchObject({
      status: 401,
      body: { code: "KEY_INVALID" },
    });
    expect((await call("GET", "/fixes/osmand?key=wrong&id=a&lat=1&lon=1&timestamp=1")).status).toBe(401);
  });
});

describe("an error", () => {
  const ring = [
    [113, 35],
    [113.1, 35.1],
    [113.1, 35],
    [113.02, 35.09],
    [113, 35],
  ];
  it.each([
    [
      "a ring that crosses itself",
      { ...AREA, id: "x", geometry: { type: "Polygon", coordinates: [ring] } },
      "geometry.coordinates[0][0]",
    ],
    ["an unknown datum", { ...AREA, id: "x", datum: "mars" }, "datum"],
    ["a to before its from", { ...AREA, id: "x", from: "2022-05-02T00:00:00Z", to: "2022-05-01T00:00:00Z" }, "to"],
  ])("refuses an area with %s whole, in both languages, with its place", async (_, area, where) => {
    const { status, body } = await call("POST", "/areas", area);
    expect(status === 400 || status === 422).toBe(true);
    expect(body).toMatchObject({
      code: expect.stringMatching(/^(AREA_INVALID|INPUT_INVALID)$/u),
      message: { zh: expect.any(String), en: expect.any(String) },
      problems: [{ where: expect.stringContaining(where), expected: expect.any(String) }],
    });
    expect((await call("GET", "/areas/x")).status).toBe(404);
  });

  it.each([
    ["GET", "/areas/none", 404, "AREA_NOT_FOUND"],
    ["GET", "/vehicles/none", 404, "VEHICLE_NOT_FOUND"],
    ["GET", "/locks/none", 404, "LOCK_NOT_FOUND"],
    ["GET", "/nowhere", 404, "ADDRESS_NOT_FOUND"],
    ["GET", "/areas?limit=0", 400, "INPUT_INVALID"],
    ["GET", "/areas?cursor=foreign", 400, "INPUT_INVALID"],
  ])("of %s %s is %d %s", async (method, path, status, code) => {
    expect(await call(method, path)).toMatchObject({ status, body: { code } });
  });

  it("of an area that exists is a conflict", async () => {
    expect(await call("POST", "/areas", AREA)).toMatchObject({ status: 409, body: { code: "AREA_EXISTS" } });
  });
});

describe("the documents", () => {
  it("are OpenAPI 3.1 with every route, and a readable page that asks no other server", async () => {
    const { body } = await call("GET", "/openapi.json");
    const { openapi, paths } = body as { openapi: string; paths: Record<string, unknown> };
    expect(openapi).toMatch(/^3\.1\./u);
    expect(Object.keys(paths).length).toBeGreaterThanOrEqual(17);
    expect(paths).toHaveProperty(["/api/v1/locks/{id}/release", "post"]);
    const page = await fetch(`${server.url}/api/docs`);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(await page.text()).not.toMatch(/(?:src|href)="https?:/u);
  });

  it("tell at / how to build the console when it is not built", async () => {
    const page = await fetch(`${server.url}/`);
    expect(page.status).toBe(503);
    expect(await page.text()).toContain("npm run build");
  });

  it("count requests by route in Prometheus' form", async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toMatch(/wuxing_http_request_seconds_count\{[^}]*route="\/api\/v1\/areas"/u);
  });
});

async function call(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function items<Item>(path: string): Promise<Item[]> {
  const { status, body } = await call("GET", path);
  expect(status).toBe(200);
  return (body as { items: Item[] }).items;
}
