import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaseSummary } from "../../src/model/case.ts";
import type { Lock } from "../../src/model/finding.ts";
import {
  allItems,
  ask,
  cookieOf,
  officersPassword,
  pause,
  serve,
  squareCity,
  temporaryFolder,
  wuxing,
  type Served,
} from "./program.ts";

const PERSON = { identity: "410702199001011234", phone: "13800138000", mail: "wang@example.org" };
/** What says nothing of a person: the program's own pages and documents. */
const NO_LIST = new Set(["/metrics", "/healthz"]);
/** Lists, and what answers one of theirs by its id. */
const PAIRS = [
  ["/locks", "/locks/{id}"],
  ["/cases", "/cases/{id}"],
  ["/areas", "/areas/{id}"],
  ["/vehicles", "/vehicles/{id}"],
  ["/places", "/places/{id}"],
] as const;

let served: Served;
let boss: string;
let officer: string;
let lock: Lock;
let caseId: string;
let secrets: string[];

beforeAll(async () => {
  const data = await temporaryFolder();
  const city = await squareCity(114.23, 35.3);
  const added = await wuxing(["account", "add", "boss", "--role", "administrator", "auditor", "--data", data]);
  served = await serve(["--city", city, "--data", data]);
  boss = await cookieOf(served.url, "boss", added.stdout.trim());
  officer = await cookieOf(served.url, "officer", officersPassword(data));
  for (const { properties, geometry } of JSON.parse(readFileSync("test/data/areas.geojson", "utf8")).features) {
    const body = JSON.stringify({ ...properties, geometry, datum: "wgs84" });
    await ask(`${served.url}/api/v1/areas`, { method: "POST", headers: { "content-type": "application/json" }, body });
  }
  const to = `127.0.0.1:${served.jt808Port}`;
  await wuxing(["replay", "--tracks", "test/data/tracks.csv", "--to", to, "--speed", "max"]);
  for (let i = 0; i < 400 && caseId === undefined; i++) {
    [lock] = await allItems<Lock>(served.url, "/locks?state=live");
    if (lock !== undefined) caseId = (await allItems<CaseSummary>(served.url, `/cases?lock=${lock.id}`))[0]?.id;
    await pause(100);
  }
  const put = await fetch(`${served.url}/api/v1/persons/officer/fields`, {
    method: "PUT",
    headers: { "content-type": "application/json", cookie: boss },
    body: JSON.stringify(PERSON),
  });
  expect(put.status).toBe(200);
  const vehicles = await allItems<{ id: string; plate?: string | null; terminal?: string | null }>(
    served.url,
    "/vehicles",
  );
  secrets = [
    ...Object.values(PERSON),
    ...vehicles.flatMap(({ id, plate, terminal }) => [id, id.split("_")[0], plate, terminal]),
  ].filter((secret): secret is string => typeof secret === "string" && secret.length > 5);
  expect(secrets.length).toBeGreaterThan(6);
}, 600_000);
afterAll(() => served.stop());

describe("9. Fields have classes: masked by default, shown for a purpose", () => {
  it("no answer to any question names a vehicle or a person to the city's desk before it says what for", async () => {
    const seen: string[] = [];
    const leaks: string[] = [];
    for (const path of await readingRoutes()) {
      const { status, text } = await answerOf(path);
      // What was asked for is said back by who does not find it.
      if (status !== 200) continue;
      seen.push(path);
      leaks.push(...secrets.filter((secret) => text.includes(secret)).map((secret) => `${path}: ${secret}`));
    }
    expect(leaks).toEqual([]);
    for (const shown of ["/locks", "/exposures", "/passages", "/cases", "/notices"]) expect(seen).toContain(shown);
    for (const hidden of ["/vehicles", "/stream", "/timeline"]) expect(seen).not.toContain(hidden);
  }, 120_000);

  it("shows the same lists whole for a purpose, and masked again once it is ended", async () => {
    const locks = async (): Promise<string> => (await askAs(officer, "/locks")).text();
    expect(await locks()).not.toContain(lock.vehicle);
    expect(await locks()).toContain("•••••");
    expect((await choose("checkpoint")).status).toBe(200);
    expect(await locks()).toContain(lock.vehicle);
    const me = (await (await askAs(officer, "/me")).json()) as { purpose: string; purposeUntil: string };
    expect(me.purpose).toBe("checkpoint");
    expect(Date.parse(me.purposeUntil) - Date.now()).toBeGreaterThan(7.9 * 3_600_000);
    expect((await choose("medical")).status).toBe(403);
    expect((await choose(null)).status).toBe(200);
    expect(await locks()).not.toContain(lock.vehicle);
  });

  it("a masked list answers no search for somebody, and is no file to take home", async () => {
    const vehicle = encodeURIComponent(lock.vehicle);
    for (const path of [`/locks?vehicle=${vehicle}`, `/cases?subject=${vehicle}`, `/passages?vehicle=${vehicle}`])
      expect(`${path} ${(await askAs(officer, path)).status}`).toBe(`${path} 403`);
    expect((await askAs(officer, "/locks?format=csv")).status).toBe(403);
  });

  it("a step and a conflict in a case answer masked as well", async () => {
    for (const body of [
      { id: crypto.randomUUID(), action: "receive", version: 99 },
      { id: crypto.randomUUID(), action: "release", version: 1 },
    ]) {
      const answer = await fetch(`${served.url}/api/v1/cases/${caseId}/actions`, {
        method: "POST",
        headers: { "content-type": "application/json", cookie: officer },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(409);
      expect(await answer.text()).not.toContain(lock.vehicle);
    }
  });

  it("a stream ends when its purpose does", async () => {
    await choose("checkpoint");
    const stream = await askAs(officer, "/stream");
    expect(stream.status).toBe(200);
    const ended = (async (): Promise<string> => {
      try {
        for await (const _ of stream.body!);
        return "ended";
      } catch {
        return "ended";
      }
    })();
    await choose(null);
    expect(await Promise.race([ended, pause(15_000).then(() => "still there")])).toBe("ended");
  }, 30_000);
});

describe("9. What a list shows and what a get allows is the same predicate", () => {
  it.each(["officer with a purpose", "officer without", "administrator"])("for the %s", async (who) => {
    if (who === "officer with a purpose") await choose("checkpoint");
    const cookie = who === "administrator" ? boss : officer;
    for (const [list, get] of PAIRS) {
      const listed = await askAs(cookie, `${list}?limit=20`.replace("/places?limit=20", "/places"));
      const all = await ask(`${served.url}/api/v1${list}`);
      const { items } = (await all.json()) as { items: { id: string }[] };
      expect(items.length).toBeGreaterThan(0);
      for (const { id } of items.slice(0, 5)) {
        const got = await askAs(cookie, get.replace("{id}", encodeURIComponent(id)));
        await got.body?.cancel();
        expect(`${get} ${got.status}`).toBe(`${get} ${listed.status}`);
      }
    }
    await choose(null);
  });
});

function askAs(cookie: string, path: string): Promise<Response> {
  return fetch(`${served.url}${path.startsWith("/metrics") ? "" : "/api/v1"}${path}`, { headers: { cookie } });
}

/** An answer whole; of a stream what comes in its first second. */
async function answerOf(path: string): Promise<{ status: number; text: string }> {
  const answer = await askAs(officer, path);
  if (!(answer.headers.get("content-type") ?? "").includes("event-stream"))
    return { status: answer.status, text: await answer.text() };
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  const until = pause(1000).then(() => ({ done: true, value: undefined }));
  let text = "";
  for (let i = 0; i < 100; i++) {
    const { done, value } = await Promise.race([reader.read(), until]);
    if (done) break;
    text += value;
  }
  await reader.cancel();
  return { status: answer.status, text };
}

function choose(purpose: string | null): Promise<Response> {
  return fetch(`${served.url}/api/v1/session/purpose`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie: officer },
    body: JSON.stringify({ purpose }),
  });
}

/** Every address that is read by, with what stands for its parameters. */
async function readingRoutes(): Promise<string[]> {
  const document = (await (await fetch(`${served.url}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { parameters?: { name: string; in: string; required?: boolean }[] }>>;
  };
  const places = (await (await askAs(officer, "/places")).json()) as { items: { id: string }[] };
  const place = places.items[0].id;
  const date = new Date(lock.lockedAt).toISOString().slice(0, 10);
  const now = new Date().toISOString();
  const given: Record<string, string> = { kind: "day", date, from: lock.exposedAt, to: now, at: now, lon: "114.23" };
  given["lat"] = "35.3";
  return Object.entries(document.paths).flatMap(([path, { get }]) => {
    if (get === undefined || NO_LIST.has(path)) return [];
    const at = path.replace(/^\/api\/v1/, "");
    const id = at.startsWith("/vehicles")
      ? lock.vehicle
      : at.startsWith("/cases")
        ? caseId
        : at.startsWith("/locks")
          ? lock.id
          : at.startsWith("/gates")
            ? "west"
            : at.startsWith("/places")
              ? place
              : "officer";
    const query = (get.parameters ?? [])
      .filter((parameter) => parameter.in === "query" && parameter.required === true)
      .map(({ name }) => `${name}=${encodeURIComponent(given[name] ?? "1")}`);
    const filled = at.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given[name] ?? id));
    return [query.length === 0 ? filled : `${filled}?${query.join("&")}`];
  });
}
