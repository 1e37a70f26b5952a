import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, cookieOf, pause, serve, squareCity, temporaryFolder, wuxing, type Served } from "./program.ts";

const [LON, LAT] = [114.23, 35.3];
const HALF = 0.3;
interface Sent {
  id: string;
  person: string;
  kind: string;
  text: { zh: string };
}

let served: Served;
let receiver: Server;
let bossCookie: string;
let sourceKey: string;
const received: Sent[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push(JSON.parse(Buffer.concat(parts).toString()) as Sent);
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port } = receiver.address() as AddressInfo;
  const data = await temporaryFolder();
  await mkdir(data, { recursive: true });
  const webhook = { url: `http://127.0.0.1:${port}/hook`, secret: "a secret of more than 24 characters" };
  await writeFile(join(data, "notices.json"), JSON.stringify({ webhook }));
  const add = ["source", "add", "fleet", "--datum", "wgs84", "--takes", "fixes", "arrivals", "--data", data];
  sourceKey = (await wuxing(add)).stdout.trim();
  const boss = (await wuxing(["account", "add", "boss", "--role", "administrator", "--data", data])).stdout.trim();
  served = await serve(["--city", await cityWithTeams(), "--data", data]);
  bossCookie = await cookieOf(served.url, "boss", boss);
}, 120_000);
afterAll(async () => {
  await served.stop();
  receiver.close();
});

/** The square city with one county, township and community, and two grids: west and east. */
async function cityWithTeams(): Promise<string> {
  const dir = await squareCity(LON, LAT);
  const feature = (id: string, kind: string, parent: string | null, geometry: object | null): object => ({
    type: "Feature",
    properties: { id, kind, parent, name: `${id}号` },
    geometry,
  });
  const features = [
    feature("city", "city", null, null),
    feature("county", "county", "city", null),
    feature("town", "township", "county", null),
    feature("village", "community", "town", null),
    feature("west", "grid", "village", box(-HALF, -HALF, 0, HALF)),
    feature("east", "grid", "village", box(0, -HALF, HALF, HALF)),
  ];
  await writeFile(join(dir, "places.geojson"), JSON.stringify({ type: "FeatureCollection", features }));
  const teams = [
    "place,slot,person,name",
    "city,desk,p0,城台",
    "west,head,p1,王西",
    "west,member,p2,李西",
    "east,head,p3,孙东",
    "village,head,p4,赵村",
  ];
  await writeFile(join(dir, "teams.csv"), `${teams.join("\n")}\n`);
  const city = JSON.parse(await readFile(join(dir, "city.json"), "utf8")) as object;
  const more = {
    places: { file: "places.geojson", datum: "wgs84", from: "2025-01-01" },
    teams: { file: "teams.csv", from: "2025-01-01" },
  };
  await writeFile(join(dir, "city.json"), JSON.stringify({ ...city, ...more }));
  return dir;
}

/** Offsets from the city's middle, degrees; the corners of both halves are corners of the outline. */
function box(west: number, south: number, east: number, north: number): object {
  const at = (x: number, y: number): number[] => [Math.round((LON + x) * 1e6) / 1e6, Math.round((LAT + y) * 1e6) / 1e6];
  return {
    type: "Polygon",
    coordinates: [[at(west, south), at(east, south), at(east, north), at(west, north), at(west, south)]],
  };
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the test says what it expects to be answered
async function call<Body>(
  path: string,
  init: { method?: string; body?: object; headers?: Record<string, string> } = {},
): Promise<Body> {
  const { body, headers, ...rest } = init;
  const asked = {
    ...rest,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
  };
  const answer = await ask(`${served.url}/api/v1${path}`, {
    ...asked,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as Body;
}

/** A truck that rests twelve minutes at the yard west of the city and then drives into its western grid. */
async function lockOne(): Promise<void> {
  const area = {
    id: "yard",
    level: "high",
    datum: "wgs84",
    geometry: { type: "Point", coordinates: [LON - HALF - 0.05, LAT] },
  };
  await call("/areas", { method: "POST", body: area });
  const startMs = Date.now() - 20 * 60_000;
  const fixes = Array.from({ length: 38 }, (_, i) => ({
    vehicle: "豫G00001_2",
    time: new Date(startMs + i * 30_000).toISOString(),
    lon: LON - HALF - 0.05 + Math.max(0, i - 25) * 0.006,
    lat: LAT,
  }));
  await call("/fixes", { method: "POST", body: { fixes }, headers: { authorization: `Bearer ${sourceKey}` } });
}

async function until<Value>(what: string, find: () => Promise<Value | undefined>): Promise<Value> {
  for (let i = 0; i < 150; i++) {
    const found = await find();
    if (found !== undefined) return found;
    await pause(200);
  }
  throw new Error(`nothing within 30 s: ${what}`);
}

/** The inbox of a person, as the phone asks for it. */
async function inboxOf(person: string): Promise<{ kind: string; text: { zh: string } }[]> {
  const added = await fetch(`${served.url}/api/v1/accounts`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: bossCookie },
    body: JSON.stringify({ id: `a-${person}`, name: person, person }),
  });
  const { password } = (await added.json()) as { password: string };
  const answer = await fetch(`${served.url}/api/v1/notices`, {
    headers: { cookie: await cookieOf(served.url, `a-${person}`, password) },
  });
  return ((await answer.json()) as { items: { kind: string; text: { zh: string } }[] }).items;
}

describe("1. An operation on places tells the slots concerned, through the outbox", () => {
  it(
    "a grid with open work and declared arrivals is split: its old and new heads find it in their inbox, and the webhook gets it once",
    { timeout: 90_000 },
    async () => {
      await lockOne();
      const opened = await until("a case in the western grid", async () => {
        const { items } = await call<{ items: { id: string; place: string }[] }>("/cases");
        return items.find(({ place }) => place === "west");
      });
      const arrivals = ["w1", "w2"].map((id) => ({
        id,
        plate: id.toUpperCase(),
        plateColour: 2,
        destination: { lon: LON - 0.2, lat: LAT + 0.1, address: "农贸市场" },
        arriveAt: new Date().toISOString(),
      }));
      await call("/arrivals", {
        method: "POST",
        body: { arrivals },
        headers: { authorization: `Bearer ${sourceKey}` },
      });
      const operation = {
        effectiveAt: new Date(Date.now() + 1000).toISOString(),
        reason: "〔2026〕1 号",
        changes: [
          {
            op: "split",
            place: "west",
            parts: [
              { id: "north", name: "北号", geometry: box(-HALF, -0.01, 0, HALF), carryDuties: true },
              { id: "south", name: "南号", geometry: box(-HALF, -HALF, 0, -0.01) },
            ],
          },
        ],
      };
      const { id, preview } = await call<{ id: string; preview: { rehomed: object[]; notices: object[] } }>(
        "/place-operations",
        {
          method: "POST",
          body: operation,
        },
      );
      expect(id).not.toBe("");
      expect(preview.rehomed).toEqual([
        { what: "arrival", from: "west", to: "north", count: 2 },
        { what: "case", from: "west", to: "north", count: 1 },
      ]);
      const ofPlaces = (): Sent[] => received.filter(({ kind }) => kind === "place-changed");
      await until("four notices at the receiver", async () => (ofPlaces().length >= 4 ? true : undefined));
      const told = ofPlaces().map(({ person, text }) => `${person}: ${text.zh}`);
      const day = new Date(Date.parse(operation.effectiveAt) + 8 * 3_600_000).toISOString().slice(0, 10);
      const bound = "到达申报 2 项、未结工作 1 项。";
      expect(told.toSorted()).toEqual([
        `p1: 新的“北号”自${day}起由您负责，位置在其中的未结工作转给您。转入：${bound}`,
        `p1: 自${day}起，“west号”调整为“北号”，您继续担任网格长。转出：${bound}`,
        `p2: 自${day}起，“west号”调整为“北号”，您继续担任网格员。转出：${bound}`,
        `p4: 新的“南号”自${day}起还没有负责人，在此期间它的工作转给您，请尽快安排人员。`,
      ]);
      expect((await inboxOf("p1")).filter(({ kind }) => kind === "place-changed")).toHaveLength(2);
      expect((await inboxOf("p4")).map(({ text }) => text.zh)).toEqual([
        told.find((text) => text.startsWith("p4"))!.slice(4),
      ]);
      expect((await inboxOf("p3")).filter(({ kind }) => kind === "place-changed")).toEqual([]);
      // What is bound to the grid moves when its time has come: the case to where its truck is, the declarations to their address.
      const moved = await until("the case in the northern grid", async () => {
        const found = await call<{ place: string }>(`/cases/${opened.id}`);
        return found.place === "north" ? found : undefined;
      });
      expect(moved.place).toBe("north");
      expect(new Set(ofPlaces().map((each) => each.id)).size).toBe(ofPlaces().length);
    },
  );

  it(
    "one that is taken back before its date: whoever was told hears that nothing comes of it",
    { timeout: 60_000 },
    async () => {
      const effectiveAt = new Date(Date.now() + 86_400_000).toISOString();
      const parts = [
        { id: "east-n", name: "东北号", geometry: box(0, 0, HALF, HALF), carryDuties: true },
        { id: "east-s", name: "东南号", geometry: box(0, -HALF, HALF, 0) },
      ];
      const body = { effectiveAt, reason: "〔2026〕2 号", changes: [{ op: "split", place: "east", parts }] };
      const { id } = await call<{ id: string }>("/place-operations", { method: "POST", body });
      await call(`/place-operations/${id}/undo`, { method: "POST", body: {} });
      const day = new Date(Date.parse(effectiveAt) + 8 * 3_600_000).toISOString().slice(0, 10);
      const texts = await until("what p3 is told by the receiver", async () => {
        const told = received.filter(({ person }) => person === "p3").map(({ text }) => text.zh);
        return told.some((text) => text.includes("撤回")) ? told : undefined;
      });
      expect(texts.filter((text) => text.includes("撤回")).toSorted()).toEqual(
        ["east号", "东北号"].map((name) => `原定自${day}起对“${name}”的调整已撤回，一切照旧。`),
      );
    },
  );
});
