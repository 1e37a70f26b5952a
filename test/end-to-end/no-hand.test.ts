import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { needOf, ROUTES } from "../../src/http/access-table.ts";
import type { CaseSummary } from "../../src/model/case.ts";
import { ERRORS } from "../../src/model/errors.ts";
import type { Lock } from "../../src/model/finding.ts";
import {
  allItems,
  ask,
  cookieOf,
  cookieOfOfficer,
  officersPassword,
  serve,
  squareCity,
  temporaryFolder,
  wuxing,
  type Served,
} from "./program.ts";

const FINDINGS = ["/exposures", "/locks", "/passages", "/fence-events"];
/** Doors that open without harm to what is sent here; every other one has to be refused by a name. */
const HARMLESS = new Set([
  // Nothing of that name is theirs to end.
  "DELETE /sessions/:id",
  "DELETE /keys/:id",
  // Counts what waits, which is nothing.
  "POST /notices/dead/replay",
  // Reads.
  "POST /audit/verify",
  // A passkey is asked of the browser.
  "POST /session/passkey/options",
  // One's own session: tried last.
  "DELETE /session",
]);

let served: Served;
let data: string;
let city: string;
let bossPassword: string;
let bossRights: string[];
let lock: Lock;
let caseId: string;

beforeAll(async () => {
  data = await temporaryFolder();
  city = await squareCity(114.23, 35.3);
  const added = await wuxing(["account", "add", "boss", "--role", "administrator", "auditor", "--data", data]);
  served = await serve(["--city", city, "--data", data, "--requests-per-second", "2000"]);
  bossPassword = added.stdout.trim();
  const boss = await nameOf("an administrator");
  bossRights = ((await (await as(boss, "GET", "/me")).json()) as { rights: string[] }).rights;
  for (const { properties, geometry } of JSON.parse(readFileSync("test/data/areas.geojson", "utf8")).features) {
    const body = JSON.stringify({ ...properties, geometry, datum: "wgs84" });
    const headers = { "content-type": "application/json" };
    expect((await ask(`${served.url}/api/v1/areas`, { method: "POST", headers, body })).status).toBe(201);
  }
  await replay();
  await vi.waitFor(
    async () => {
      [lock] = await allItems<Lock>(served.url, "/locks?state=live");
      caseId = (await allItems<CaseSummary>(served.url, `/cases?lock=${lock.id}`))[0].id;
    },
    { timeout: 300_000, interval: 200 },
  );
  await settled();
}, 600_000);
afterAll(() => served.stop());

describe("11. No hand on the scale: every writing route of the table of access is tried, and none sets a status", () => {
  it.each(["an administrator", "the city's desk officer", "a program's key", "whoever was signed in before", "nobody"])(
    "in the name of %s",
    async (who) => {
      const headers = await nameOf(who);
      const doors = ROUTES.filter((route) => !route.startsWith("GET ") || route.endsWith("/fixes/osmand"))
        .toSorted((a, b) => Number(a.endsWith("/session")) - Number(b.endsWith("/session")))
        .map(doorOf);
      expect(doors.length).toBeGreaterThan(60);
      // Nobody's bodies are read.
      const bodies =
        "cookie" in headers || "authorization" in headers ? hostileBodies : () => hostileBodies().slice(1, 2);
      const before = await standing();
      for (const { method, url, route } of doors) {
        for (const body of method === "GET" ? [undefined] : bodies()) {
          const answer = await as(headers, method, filled(url), body);
          const attempt = `${who}: ${route} ${JSON.stringify(body ?? null).slice(0, 80)}`;
          expect({ attempt, ...(await refusalOf(answer, who, method, url)) }).toEqual({ attempt, refused: "by name" });
        }
        expect({ after: `${who}: ${route}`, ...(await statusOf()) }).toEqual({
          after: `${who}: ${route}`,
          state: "locked",
          lock: lock.id,
          lockState: "live",
        });
      }
      expect(await standing()).toEqual(before);
    },
    600_000,
  );

  it.each([
    ["an administrator", "FORBIDDEN", "FORBIDDEN"],
    ["the city's desk officer", "CASE_ACTION_INVALID", "CASE_ACTION_INVALID"],
    ["a program's key", "FORBIDDEN", "FORBIDDEN"],
    ["whoever was signed in before", "NOT_SIGNED_IN", "NOT_SIGNED_IN"],
    ["nobody", "NOT_SIGNED_IN", "NOT_SIGNED_IN"],
  ])("not by what is well formed either: %s is refused with %s", async (who, released, stepped) => {
    const headers = await nameOf(who);
    const before = await standing();
    const release = { by: "boss", reason: "我说了算", evidence: "无" };
    expect(await codeOf(as(headers, "POST", `/locks/${lock.id}/release`, release))).toBe(released);
    const { version } = await caseNow();
    const step = { version, form: { outcome: "resolved", reason: "我说了算" }, attachments: [] };
    // Of the desk, and of the program itself: the ladder's and the ledger's steps are no person's.
    for (const action of ["release", "expire", "lose-ground", "uphold-objection", "release-unfounded"])
      expect(
        `${action} ${await codeOf(as(headers, "POST", `/cases/${caseId}/actions`, { ...step, id: randomUUID(), action }))}`,
      ).toBe(`${action} ${stepped}`);
    expect(await standing()).toEqual(before);
  });
});

describe("11. No hand on the scale: nothing that is sent again", () => {
  it("a step that was done: its identity with another action, by another doer, on another case", async () => {
    const { version } = await caseNow();
    const id = randomUUID();
    const take = { id, action: "take", version, form: {}, attachments: [] };
    const officer = { cookie: cookieOfOfficer(served.url) };
    expect((await as(officer, "POST", `/cases/${caseId}/actions`, take)).status).toBe(200);
    const taken = await caseNow();
    expect(taken.state).toBe("taken");
    const before = await standing();
    const again = { ...take, action: "release", form: { outcome: "resolved", reason: "再来一次" } };
    const answer = await as(officer, "POST", `/cases/${caseId}/actions`, again);
    // What was done under this identity is answered as it is now; nothing is done.
    expect(await answer.json()).toMatchObject({ state: "taken", version: taken.version });
    expect(await codeOf(as(await nameOf("an administrator"), "POST", `/cases/${caseId}/actions`, again))).toBe(
      "FORBIDDEN",
    );
    expect(await codeOf(as(officer, "POST", "/cases/another/actions", again))).toBe("CASE_NOT_FOUND");
    expect(await codeOf(as(officer, "POST", `/cases/${caseId}/actions`, { ...again, id: randomUUID() }))).toBe(
      "CASE_CHANGED",
    );
    expect(await standing()).toEqual(before);
    expect(await statusOf()).toEqual({ state: "locked", lock: lock.id, lockState: "live" });
  });

  it("a request of a page of another site, with the cookie of somebody who is signed in", async () => {
    const before = await standing();
    const officer = { cookie: cookieOfOfficer(served.url) };
    const { version } = await caseNow();
    const body = { id: randomUUID(), action: "release", version, form: { outcome: "resolved", reason: "x" } };
    for (const foreign of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ]) {
      expect(await codeOf(as({ ...officer, ...foreign }, "POST", `/cases/${caseId}/actions`, body))).toBe("FORBIDDEN");
      expect(await codeOf(as({ ...officer, ...foreign }, "POST", `/locks/${lock.id}/release`, {}))).toBe("FORBIDDEN");
    }
    expect(await standing()).toEqual(before);
  });

  it("what terminals sent before", async () => {
    const before = await standing();
    await replay();
    await settled();
    expect(await standing()).toEqual(before);
  }, 240_000);
});

describe("11. No hand on the scale: no import, over the API or on the command line", () => {
  it.each([
    [
      "areas that name locks",
      "/areas",
      { ...areaWith({ locks: ["x"], state: "released", vehicles: ["x"] }) },
      "AREA_INVALID",
    ],
    ["a risk list that names vehicles", "/areas/read", { vehicles: ["豫G1_2"], status: "ordinary" }, "INPUT_INVALID"],
    ["a roster that says a status", "/duties/import", { text: "vehicle,status\n豫G1_2,ordinary\n" }, "DUTY_INVALID"],
    ["an arrival by hand that says a status", "/arrivals/by-hand", { status: "ordinary" }, "INPUT_INVALID"],
  ])("%s", async (_, path, body, refusal) => {
    const before = await standing();
    for (const who of ["the city's desk officer", "an administrator"]) {
      const code = await codeOf(as(await nameOf(who), "POST", path, body));
      expect(`${who} ${code}`).toBe(`${who} ${isAllowed(who, "POST", path) ? refusal : "FORBIDDEN"}`);
    }
    expect(await standing()).toEqual(before);
  });

  it("commands are refused while the server runs, and with it stopped what says a status is refused or says nothing", async () => {
    const before = await standing();
    const file = async (name: string, text: string): Promise<string> => {
      const path = join(data, "..", `${randomUUID()}-${name}`);
      await writeFile(path, text);
      return path;
    };
    // Rows of the vehicle itself, far from every area and of before everything that was found.
    const time = new Date(Date.parse(lock.exposedAt) - 400 * 86_400_000).toISOString();
    const tracks = await file(
      "tracks.csv",
      `vehicle,time,lon,lat,state,locked,release\n${lock.vehicle},${time},120,30,ordinary,false,boss\n`,
    );
    const toll = await file("toll.csv", `transaction,status,released\n1,ordinary,true\n`);
    const places = await file(
      "places.geojson",
      JSON.stringify({
        type: "FeatureCollection",
        features: [{ type: "Feature", properties: { lock: lock.id, state: "released" }, geometry: null }],
      }),
    );
    const doors: [string[], RegExp][] = [
      [["tracks", "import", tracks, "--datum", "wgs84"], /./],
      [["etc", "import", toll, "--source", "s", "--colours", "etc"], /plate.+expected a value/],
      [["places", "import", places, "--datum", "wgs84", "--from", "2022-01-01"], /CITY_INVALID/],
    ];
    const locked = await Promise.all(doors.map(([args]) => wuxing([...args, "--data", data])));
    for (const { code, stderr } of locked)
      expect(code === 0 ? "taken" : (/[A-Z]{4,}_[A-Z_]+/.exec(stderr)?.[0] ?? stderr)).toBe("DATA_LOCKED");
    await served.stop();
    const said: string[] = [];
    for (const [args] of doors) {
      const { code, stdout, stderr } = await wuxing([...args, "--data", data]);
      said.push(`${args[0]} ${code} ${stdout} ${stderr}`);
    }
    served = await serve(["--city", city, "--data", data, "--requests-per-second", "2000"]);
    for (const [i, [, refusal]] of doors.entries()) expect(said[i]).toMatch(refusal);
    await expect.poll(statusOf, { timeout: 120_000 }).toEqual({ state: "locked", lock: lock.id, lockState: "live" });
    await settled();
    expect(await standing()).toEqual(before);
  }, 600_000);
});

/** What has been found, and the state that each vehicle is shown in. */
async function standing(): Promise<unknown> {
  const findings = await Promise.all(FINDINGS.map((path) => allItems(served.url, path)));
  const vehicles = await allItems<{ id: string; state: string }>(served.url, "/vehicles");
  return [...findings, vehicles.map(({ id, state }) => `${id} ${state}`)];
}

/** The vehicle's status as a person sees it, and the lock that it rests on. */
async function statusOf(): Promise<{ state: string; lock: string | undefined; lockState: string | undefined }> {
  const vehicle = encodeURIComponent(lock.vehicle);
  const { state } = (await (await ask(`${served.url}/api/v1/vehicles/${vehicle}`)).json()) as { state: string };
  const [found] = await allItems<Lock>(served.url, `/locks?vehicle=${vehicle}`);
  return { state, lock: found?.id, lockState: found?.state };
}

async function caseNow(): Promise<{ state: string; version: number }> {
  return (await (await ask(`${served.url}/api/v1/cases/${caseId}`)).json()) as { state: string; version: number };
}

/** Nothing has been told for a while: what was sent is matched, and what it makes is written. */
async function settled(): Promise<void> {
  let last = "";
  let since = 0;
  await vi.waitFor(
    async () => {
      const now = JSON.stringify(await standing());
      since = now === last ? since + 1 : 0;
      last = now;
      if (since < 5) throw new Error("it is still changing");
    },
    { timeout: 300_000, interval: 500 },
  );
}

function doorOf(key: string): { method: string; url: string; route: string } {
  const [method, url] = key.split(" ") as [string, string];
  return { method, url, route: key.replace("/api/v1", "") };
}

/** The address with what it could be about: the vehicle, its case, its lock. */
function filled(url: string): string {
  const path = url.replace("/api/v1", "");
  const id = path.startsWith("/vehicles") ? lock.vehicle : path.startsWith("/cases") ? caseId : lock.id;
  return path.replaceAll(/:\w+/g, encodeURIComponent(id));
}

function hostileBodies(): unknown[] {
  const { id, vehicle } = lock;
  const wish = { state: "released", status: "ordinary", locked: false, outcome: "resolved", exposures: [] };
  return [
    {},
    { ...wish, id, vehicle, by: "boss", reason: "我说了算，就这样办", evidence: "无" },
    { id: randomUUID(), action: "release", version: 1, form: { outcome: "resolved", reason: "x" } },
    { id: randomUUID(), action: "expire", version: 1 },
    [wish],
  ];
}

/** `by name` when the answer is an error of the table in both languages, and the one that the asker's rights demand. */
async function refusalOf(answer: Response, who: string, method: string, url: string): Promise<{ refused: string }> {
  const route = `${method} ${url.replace("/api/v1", "")}`;
  const text = await answer.text();
  if (answer.ok)
    return { refused: HARMLESS.has(route) && isAllowed(who, method, url) ? "by name" : `${answer.status} ${text}` };
  const { code, message } = JSON.parse(text) as { code: keyof typeof ERRORS; message: { zh: string; en: string } };
  const isNamed = code !== "INTERNAL" && ERRORS[code]?.zh === message.zh && ERRORS[code].en === message.en;
  if (!isNamed) return { refused: `${answer.status} ${text}` };
  // The provider's routes are there where one is set.
  const isAbsent = code === "ADDRESS_NOT_FOUND" && /identit|openid/.test(url);
  if (needOf(method, url) === "public" || isAbsent) return { refused: "by name" };
  if (who === "nobody" || who === "whoever was signed in before")
    return { refused: code === "NOT_SIGNED_IN" ? "by name" : code };
  if (!isAllowed(who, method, url)) return { refused: code === "FORBIDDEN" ? "by name" : code };
  return { refused: "by name" };
}

/** Whether the route is among the rights of the asker. */
function isAllowed(who: string, method: string, path: string): boolean {
  const need = needOf(method, path.startsWith("/api/v1") ? path : `/api/v1${path}`);
  if (need === undefined) throw new Error(`${method} ${path} is not in the table`);
  if (need === "public") return true;
  if (who === "nobody" || who === "whoever was signed in before") return false;
  if (need.right === "signed-in") return true;
  const rights = [need.right].flat();
  if (who === "an administrator") return rights.some((right) => bossRights.includes(right));
  if (who === "a program's key") return rights.includes("watch");
  return !rights.every((right) => right === "accounts" || right === "audit");
}

/** A name is asked with, each time anew: sessions that end, keys, cookies of before. */
async function nameOf(who: string): Promise<Record<string, string>> {
  const officer = cookieOfOfficer(served.url);
  switch (who) {
    case "an administrator":
      return { cookie: await cookieOf(served.url, "boss", bossPassword) };
    case "the city's desk officer":
      return { cookie: await cookieWithPurpose() };
    case "a program's key": {
      const made = await as(officer, "POST", "/keys", {
        label: "k",
        purpose: "checkpoint",
        rights: ["watch"],
        days: 1,
      });
      return { authorization: `Bearer ${((await made.json()) as { key: string }).key}` };
    }
    case "whoever was signed in before": {
      const cookie = await cookieWithPurpose();
      expect((await as(cookie, "DELETE", "/session")).status).toBe(200);
      return { cookie };
    }
    default:
      return {};
  }
}

/** A session of its own: the walk ends the session that it is made in. */
async function cookieWithPurpose(): Promise<string> {
  const cookie = await cookieOf(served.url, "officer", officersPassword(data));
  expect((await as(cookie, "POST", "/session/purpose", { purpose: "checkpoint" })).status).toBe(200);
  return cookie;
}

function as(who: string | Record<string, string>, method: string, path: string, body?: unknown): Promise<Response> {
  const headers = typeof who === "string" ? { cookie: who } : who;
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  return fetch(`${served.url}/api/v1${path}`, { method, headers: { ...type, ...headers }, ...sent });
}

async function codeOf(asked: Promise<Response>): Promise<string> {
  const answer = await asked;
  const { code } = (await answer.json()) as { code?: string };
  return code ?? String(answer.status);
}

function areaWith(more: object): object {
  const ring = [
    [114, 35],
    [114.01, 35],
    [114.01, 35.01],
    [114, 35],
  ];
  return {
    id: "wish",
    name: "wish",
    level: "high",
    datum: "wgs84",
    geometry: { type: "Polygon", coordinates: [ring] },
    ...more,
  };
}

async function replay(): Promise<void> {
  const to = `127.0.0.1:${served.jt808Port}`;
  const { code } = await wuxing(["replay", "--tracks", "test/data/tracks.csv", "--to", to, "--speed", "max"]);
  expect(code).toBe(0);
}
