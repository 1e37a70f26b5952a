import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaseSummary } from "../../src/model/case.ts";
import type { Lock } from "../../src/model/finding.ts";
import { allItems, ask, cookieOf, pause, serve, squareCity, temporaryFolder, wuxing, type Served } from "./program.ts";

/** Publishing is how a rule is set to work on an area: it needs the right, and what it finds is a finding. */
const BY_RULE = new Set(["POST /areas", "PUT /areas/{id}", "POST /areas/{id}/withdraw"]);
/** These end the session that the others need. */
const LAST = new Set(["DELETE /session", "DELETE /sessions/{id}"]);
const FINDINGS = ["/exposures", "/locks", "/passages", "/fence-events"];

let served: Served;
let boss: string;
let lock: Lock;
let caseId: string;

beforeAll(async () => {
  const data = await temporaryFolder();
  const city = await squareCity(114.23, 35.3);
  const added = await wuxing(["account", "add", "boss", "--role", "administrator", "auditor", "--data", data]);
  served = await serve(["--city", city, "--data", data]);
  boss = await cookieOf(served.url, "boss", added.stdout.trim());
  for (const { properties, geometry } of JSON.parse(readFileSync("test/data/areas.geojson", "utf8")).features) {
    const body = JSON.stringify({ ...properties, geometry, datum: "wgs84" });
    const headers = { "content-type": "application/json" };
    expect((await ask(`${served.url}/api/v1/areas`, { method: "POST", headers, body })).status).toBe(201);
  }
  await replay();
  for (let i = 0; i < 400 && caseId === undefined; i++) {
    [lock] = await allItems<Lock>(served.url, "/locks?state=live");
    if (lock !== undefined) caseId = (await allItems<CaseSummary>(served.url, `/cases?lock=${lock.id}`))[0]?.id;
    await pause(100);
  }
  await pause(3000);
}, 180_000);
afterAll(() => served.stop());

describe("11 no hand on the scale: nothing but a rule's finding sets a status", () => {
  it.each(["an administrator", "the city's desk officer", "nobody"])(
    "not through any route, in the name of %s",
    async (who) => {
      const before = await standing();
      const routes = await writingRoutes();
      expect(routes.length).toBeGreaterThan(30);
      for (const { method, path } of routes) {
        if (BY_RULE.has(`${method} ${path}`) || LAST.has(`${method} ${path}`)) continue;
        for (const body of bodies()) {
          const answer = await send(who, method, path, body);
          expect(`${method} ${path} ${answer.status}`).not.toMatch(/ 500$/);
        }
      }
      expect(await standing()).toEqual(before);
    },
    120_000,
  );

  it("not by sending again what was sent before", async () => {
    const before = await standing();
    await replay();
    await pause(3000);
    expect(await standing()).toEqual(before);
  }, 60_000);

  it("and an administrator sees nobody's track: roles give no purpose", async () => {
    for (const path of ["/locks", "/vehicles", `/vehicles/${encodeURIComponent(lock.vehicle)}/track`, "/cases"])
      expect((await fetch(`${served.url}/api/v1${path}`, { headers: { cookie: boss } })).status).toBe(403);
    const seen = await fetch(`${served.url}/api/v1/audit/subjects/${encodeURIComponent(lock.vehicle)}`, {
      headers: { cookie: boss },
    });
    expect(seen.status).toBe(200);
  });
});

describe("10 the audit", () => {
  it("has every read, however its answer is made: object, text, file or stream", async () => {
    const vehicle = encodeURIComponent(lock.vehicle);
    const reads = [
      `/vehicles/${vehicle}`,
      `/vehicles/${vehicle}/track`,
      `/vehicles/${vehicle}/track/file?format=csv`,
      "/locks",
      "/stream",
    ];
    for (const path of reads) {
      const stop = new AbortController();
      const answer = await ask(`${served.url}/api/v1${path}`, { signal: stop.signal });
      expect(`${path} ${answer.status}`).toBe(`${path} 200`);
      if (path === "/stream") stop.abort();
      else await answer.arrayBuffer();
    }
    const notes = await fetch(`${served.url}/api/v1/audit?account=officer&limit=50`, { headers: { cookie: boss } });
    const { items } = (await notes.json()) as { items: { shape: string; purpose: string; subject: string | null }[] };
    for (const path of reads) {
      const route = `GET /api/v1${path.replace(vehicle, ":id").replace(/\?.*/, "")}`;
      const found = items.find(({ shape }) => shape === route || shape.startsWith(`${route}?`));
      expect({ route, ...found }).toMatchObject({
        route,
        purpose: "checkpoint",
        subject: path.includes(vehicle) ? lock.vehicle : null,
      });
    }
  });
});

/** What has been found, and the state that each vehicle is shown in. */
async function standing(): Promise<unknown> {
  const findings = await Promise.all(FINDINGS.map((path) => allItems(served.url, path)));
  const vehicles = await allItems<{ id: string; state: string }>(served.url, "/vehicles");
  return [...findings, vehicles.map(({ id, state }) => `${id} ${state}`)];
}

async function writingRoutes(): Promise<{ method: string; path: string }[]> {
  const document = (await (await fetch(`${served.url}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .map((method) => method.toUpperCase())
      .filter((method) => method !== "GET")
      .map((method) => ({ method, path: path.replace(/^\/api\/v1/, "") })),
  );
}

function bodies(): unknown[] {
  const { id, vehicle } = lock;
  const wish = { state: "released", status: "ordinary", locked: false, outcome: "resolved", exposures: [] };
  return [
    {},
    { ...wish, id, vehicle, by: "boss", reason: "我说了算", evidence: "无" },
    { id: crypto.randomUUID(), action: "release", version: 1, form: { outcome: "resolved", reason: "x" } },
    { id: crypto.randomUUID(), action: "expire", version: 1 },
    [wish],
  ];
}

function send(who: string, method: string, path: string, body: unknown): Promise<Response> {
  const id = path.startsWith("/vehicles") ? lock.vehicle : path.startsWith("/cases") ? caseId : lock.id;
  const url = `${served.url}/api/v1${path.replaceAll(/\{\w+\}/g, encodeURIComponent(id))}`;
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (who === "an administrator") headers["cookie"] = boss;
  const init = { method, headers, body: JSON.stringify(body) };
  return who === "the city's desk officer" ? ask(url, init) : fetch(url, init);
}

async function replay(): Promise<void> {
  const to = `127.0.0.1:${served.jt808Port}`;
  const { code } = await wuxing(["replay", "--tracks", "test/data/tracks.csv", "--to", to, "--speed", "max"]);
  expect(code).toBe(0);
}
