import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Lock } from "../../src/model/finding.ts";
import { allItems, ask, cookieOf, serve, squareCity, temporaryFolder, wuxing, type Served } from "./program.ts";

interface Note {
  shape: string;
  purpose: string;
  subject: string | null;
  count: number;
  kind: string;
}

let served: Served;
let boss: string;
let wang: string;
let lock: Lock;

beforeAll(async () => {
  const data = await temporaryFolder();
  const city = await squareCity(114.23, 35.3);
  const added = await wuxing(["account", "add", "boss", "--role", "administrator", "auditor", "--data", data]);
  const second = await wuxing(["account", "add", "wang", "--desk", "--city", city, "--data", data, "--name", "王"]);
  served = await serve(["--city", city, "--data", data]);
  boss = await cookieOf(served.url, "boss", added.stdout.trim());
  wang = await cookieOf(served.url, "wang", second.stdout.trim());
  for (const { properties, geometry } of JSON.parse(readFileSync("test/data/areas.geojson", "utf8")).features) {
    const body = JSON.stringify({ ...properties, geometry, datum: "wgs84" });
    const headers = { "content-type": "application/json" };
    expect((await ask(`${served.url}/api/v1/areas`, { method: "POST", headers, body })).status).toBe(201);
  }
  const to = `127.0.0.1:${served.jt808Port}`;
  const replayed = await wuxing(["replay", "--tracks", "test/data/tracks.csv", "--to", to, "--speed", "max"]);
  expect(`${replayed.code} ${replayed.stderr}`).toMatch(/^0 /);
  await vi.waitFor(
    async () => {
      [lock] = await allItems<Lock>(served.url, "/locks?state=live");
      expect(lock).toBeDefined();
    },
    { timeout: 60_000, interval: 200 },
  );
}, 600_000);
afterAll(() => served.stop());

describe("10. Every read and search of personal data is audited: over HTTP", () => {
  it("however its answer is made: object, list, text, file or stream; with who, what for, the question's shape and how many", async () => {
    const vehicle = encodeURIComponent(lock.vehicle);
    const reads = [
      `/vehicles/${vehicle}`,
      `/vehicles/${vehicle}/track`,
      `/vehicles/${vehicle}/track/file?format=csv`,
      "/locks",
      `/locks?vehicle=${vehicle}`,
      "/stream",
    ];
    for (const path of reads) {
      const stop = new AbortController();
      const answer = await ask(`${served.url}/api/v1${path}`, { signal: stop.signal });
      expect(`${path} ${answer.status}`).toBe(`${path} 200`);
      if (path === "/stream") stop.abort();
      else await answer.arrayBuffer();
    }
    const notes = await as<{ items: Note[] }>(boss, "GET", "/audit?account=officer&limit=50");
    for (const path of reads) {
      const route = `GET /api/v1${path.replace(`/${vehicle}`, "/:id").replace(/\?.*/, "")}`;
      const found = notes.items.find(({ shape }) => {
        const [asked, names = ""] = shape.split("?");
        // What is filled in where nothing was said stands beside what was asked for.
        return asked === route && names.split("&").includes("vehicle") === path.includes("?vehicle=");
      });
      const subject = path.includes(`/${vehicle}`) ? lock.vehicle : null;
      expect({ path, ...found }).toMatchObject({
        path,
        purpose: "checkpoint",
        subject,
        count: expect.any(Number) as number,
      });
      expect(found!.kind).toBe(path.startsWith("/locks") ? "search" : "read");
    }
    // The values that were asked for are not in it.
    expect(JSON.stringify(notes.items.map(({ shape }) => shape))).not.toContain(lock.vehicle);
  });

  it("what was refused too, and the reading of the audit itself; the chain is whole", async () => {
    expect((await fetch(`${served.url}/api/v1/audit?kind=read`, { headers: { cookie: boss } })).status).toBe(200);
    const notes = await as<{ items: Note[] }>(boss, "GET", "/audit?account=boss&limit=50");
    expect(notes.items.map(({ shape }) => shape)).toContain("GET /api/v1/audit?kind&limit");
    const verdict = await as<{ rows: number; head: string; broken: null }>(boss, "POST", "/audit/verify", {});
    expect(verdict.broken).toBeNull();
    expect(verdict.rows).toBeGreaterThan(5);
    const known = `${verdict.rows}:${verdict.head}`;
    expect(await as(boss, "POST", "/audit/verify", { known })).toMatchObject({ broken: null });
    const other = `${verdict.rows}:${"0".repeat(64)}`;
    expect(await as(boss, "POST", "/audit/verify", { known: other })).toMatchObject({
      broken: { seq: verdict.rows },
    });
  });

  it("so that a person can be told who looked, how often, and why", async () => {
    const subject = encodeURIComponent(lock.vehicle);
    const seen = await as<{ items: { account: string; purpose: string; times: number; lastAt: string }[] }>(
      boss,
      "GET",
      `/audit/subjects/${subject}`,
    );
    const officer = seen.items.find(({ account }) => account === "officer")!;
    expect(officer).toMatchObject({ purpose: "checkpoint", lastAt: expect.any(String) as string });
    const before = officer.times;
    expect((await ask(`${served.url}/api/v1/vehicles/${subject}`)).status).toBe(200);
    const again = await as<typeof seen>(boss, "GET", `/audit/subjects/${subject}`);
    expect(again.items.find(({ account }) => account === "officer")!.times).toBe(before + 1);
  });
});

describe("9. Fields have classes: break-glass, for three hours, with a reason and a notice", () => {
  it("gives a purpose that the duties do not, and whoever stands beside or above is told who and why", async () => {
    const medical = { "x-purpose": "medical" };
    const asked = (): Promise<Response> => ask(`${served.url}/api/v1/cases`, { headers: medical });
    expect((await asked()).status).toBe(403);
    const post = (body: object): Promise<Response> =>
      ask(`${served.url}/api/v1/break-glass`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await post({ purpose: "medical", reason: "急" })).status).toBe(400);
    const reason = "司机突发疾病，须告知急救人员";
    const taken = await post({ purpose: "medical", reason });
    expect(taken.status).toBe(200);
    const { until } = (await taken.json()) as { until: string };
    expect(Math.abs(Date.parse(until) - Date.now() - 3 * 3_600_000)).toBeLessThan(10 * 60_000);
    expect((await asked()).status).toBe(200);
    const told = await as<{ items: { text: { zh: string } }[] }>(wang, "GET", "/notices");
    expect(JSON.stringify(told.items)).toContain(`officer 紧急取得“健康处置”用途`);
    expect(JSON.stringify(told.items)).toContain(reason);
    // An account without a duty has nothing that an emergency could widen.
    const admin = { purpose: "medical", reason };
    expect(await as(boss, "POST", "/break-glass", admin)).toMatchObject({ code: "FORBIDDEN" });
  });

  it("and an administrator sees nobody's track, with or without one: roles give no purpose", async () => {
    for (const path of ["/locks", "/vehicles", `/vehicles/${encodeURIComponent(lock.vehicle)}/track`, "/cases"])
      expect(await as(boss, "GET", path)).toMatchObject({ code: "FORBIDDEN" });
  });
});

async function as<Body>(cookie: string, method: string, path: string, body?: object): Promise<Body> {
  const headers = { cookie, ...(body === undefined ? {} : { "content-type": "application/json" }) };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  return (await (await fetch(`${served.url}/api/v1${path}`, { method, headers, ...sent })).json()) as Body;
}
