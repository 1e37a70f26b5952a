import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaseSummary } from "../../src/model/case.ts";
import type { Exposure, FindingEvent, Lock, Passage } from "../../src/model/finding.ts";
import { allItems, ask, pause, serve, squareCity, temporaryFolder, wuxing, type Served } from "./program.ts";

const AREAS = "test/data/areas.geojson";
const TRACKS = "test/data/tracks.csv";
const EXPECTED = readFileSync("test/data/exposures.ndjson", "utf8")
  .trim()
  .split("\n")
  .map(
    (line) =>
      JSON.parse(line) as { vehicle: string; area: string; start: string; end: string | null; certainty: string },
  );

let data: string;
let city: string;
let served: Served;

beforeAll(async () => {
  data = await temporaryFolder();
  // The trucks come from the west into the city, and one of them waits at the yard on its edge before.
  city = await squareCity(114.23, 35.3);
  served = await serve(["--city", city, "--data", data]);
  for (const { properties, geometry } of JSON.parse(readFileSync(AREAS, "utf8")).features) {
    const answer = await post("/areas", { ...properties, geometry, datum: "wgs84" });
    expect(answer.status).toBe(201);
  }
}, 240_000);

afterAll(async () => {
  await served.stop();
});

describe("the platform", () => {
  it("finds in a replay over TCP what match finds in the file", async () => {
    const replay = await wuxing([
      "replay",
      "--tracks",
      TRACKS,
      "--to",
      `127.0.0.1:${served.jt808Port}`,
      "--speed",
      "max",
    ]);
    expect(replay).toMatchObject({ code: 0, stdout: expect.stringContaining("126 / 126") });
    const exposures = await until<Exposure>("/exposures", EXPECTED.length);
    const key = (finding: { vehicle: string; area: string }): string => `${finding.vehicle} ${finding.area}`;
    const found = new Map(exposures.map((exposure) => [key(exposure), exposure]));
    expect([...found.keys()].toSorted()).toEqual(EXPECTED.map(key).toSorted());
    for (const wanted of EXPECTED) {
      const { start, end, certainty } = found.get(key(wanted))!;
      expect(certainty).toBe(wanted.certainty);
      expect(Math.abs(Date.parse(start) - Date.parse(wanted.start))).toBeLessThan(5);
      expect(end === null).toBe(wanted.end === null);
      expect(Math.abs(Date.parse(end ?? "2022") - Date.parse(wanted.end ?? "2022"))).toBeLessThan(5);
    }
  }, 240_000);

  it("locks who was exposed and then came into the city, and counts who passed the gate", async () => {
    const locks = await until<Lock>("/locks", 1);
    expect(locks.map(({ vehicle, state }) => `${vehicle} ${state}`).toSorted()).toEqual([
      "豫G00001_2 live",
      "豫G00003_2 live",
    ]);
    const first = locks.find(({ vehicle }) => vehicle === "豫G00001_2");
    expect(first).toMatchObject({ exposures: [expect.any(String)], release: null });
    expect(Date.parse(first!.lockedAt)).toBeGreaterThanOrEqual(Date.parse(first!.exposedAt));
    const passages = await allItems<Passage>(served.url, "/passages");
    expect(passages.map(({ vehicle, direction }) => `${vehicle} ${direction}`).toSorted()).toEqual([
      "豫G00001_2 inbound",
      "豫G00002_2 inbound",
      "豫G00003_2 inbound",
    ]);
  });

  it("streams what it finds, and after a break only what came later", async () => {
    const first = await stream(undefined, 4);
    expect(first.map(({ seq }) => seq)).toEqual(first.map(({ seq }) => seq).toSorted((a, b) => a - b));
    const later = await stream(first[1].seq, 2);
    expect(later[0].seq).toBe(first[2].seq);
  });

  it("opens a case for each lock, and only through it the lock is released", async () => {
    const [lock] = await allItems<Lock>(served.url, "/locks?state=live");
    const cases = await until<CaseSummary>(`/cases?lock=${lock.id}`, 1);
    expect(cases).toMatchObject([{ lock: lock.id, state: "new", subject: { id: lock.vehicle }, slot: "desk" }]);
    const release = { by: "张三", reason: "核酸阴性", evidence: "报告 2022-117" };
    const direct = await post(`/locks/${lock.id}/release`, release);
    expect(direct.status).toBe(409);
    expect(await direct.json()).toMatchObject({
      code: "CASE_ACTION_INVALID",
      detail: expect.stringContaining(cases[0].id),
    });
    expect(await allItems<Lock>(served.url, "/locks?state=live")).toContainEqual(lock);
  });

  it("shows nothing to who is not signed in", async () => {
    for (const path of ["/api/v1/locks", "/api/v1/vehicles", "/api/v1/stream", "/metrics"])
      expect((await fetch(`${served.url}${path}`)).status).toBe(401);
  });

  it("is healthy and counts what it did", async () => {
    expect(await (await fetch(`${served.url}/healthz`)).json()).toEqual({ state: "ok", reasons: [] });
    const metrics = await (await ask(`${served.url}/metrics`)).text();
    expect(metrics).toMatch(/wuxing_\w*fixes\w* 126/u);
  });

  it("has the same findings after a restart on the same data, and ends with 0 on an interrupt", async () => {
    // A stay that lasts on is written when no fix has come for two seconds.
    await pause(3000);
    const before = await Promise.all(["/exposures", "/locks", "/passages"].map((path) => allItems(served.url, path)));
    expect(await served.stop()).toBe(0);
    served = await serve(["--city", city, "--data", data]);
    const after = await Promise.all(["/exposures", "/locks", "/passages"].map((path) => allItems(served.url, path)));
    expect(after).toEqual(before);
  }, 240_000);
});

describe("the program says in one line, and ends with 1,", () => {
  it.each([
    [
      "that a port is in use",
      () => ["--city", city, "--data", `${data}-other`, "--http", new URL(served.url).port],
      "PORT_IN_USE",
    ],
    [
      "that its data folder is in use",
      () => ["--city", city, "--data", data, "--http", "0", "--jt808", "0"],
      "DATA_LOCKED",
    ],
    ["that there is no city", () => ["--data", data], "CONFIG_INVALID"],
  ])(
    "%s",
    async (_, args, code) => {
      const { code: exitCode, stderr, stdout } = await wuxing(["serve", "--jt808", "0", ...args()]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain(`(${code})`);
      expect(stderr.split("\n").filter((line) => line !== "" && !line.startsWith("  "))).toHaveLength(1);
      expect(stdout).toBe("");
    },
    30_000,
  );

  it("that its data folder is none", async () => {
    const file = join(await temporaryFolder(), "file");
    await writeFile(file, "");
    const { code, stderr } = await wuxing(["serve", "--city", city, "--data", file, "--http", "0", "--jt808", "0"]);
    expect(code).toBe(1);
    expect(stderr).toContain("DATA_UNREADABLE");
  }, 30_000);

  it("and with 2 that an option is unknown", async () => {
    expect(await wuxing(["serve", "--colour", "red"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--colour"),
    });
  });
});

function post(path: string, body: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return ask(`${served.url}/api/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

async function until<Item>(path: string, least: number): Promise<Item[]> {
  for (let i = 0; i < 200; i++) {
    const items = await allItems<Item>(served.url, path);
    if (items.length >= least) return items;
    await pause(50);
  }
  throw new Error(`${path} had fewer than ${least} items for 10 s`);
}

/** The first `count` findings of the stream, from behind `lastSeq`. */
async function stream(lastSeq: number | undefined, count: number): Promise<FindingEvent[]> {
  const stop = new AbortController();
  const headers = { "last-event-id": String(lastSeq ?? 0) };
  const answer = await ask(`${served.url}/api/v1/stream`, { headers, signal: stop.signal });
  const events: FindingEvent[] = [];
  let text = "";
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      if (!block.includes("event: finding")) continue;
      events.push(JSON.parse(/^data: (.*)$/mu.exec(block)![1]) as FindingEvent);
      if (events.length === count) {
        stop.abort();
        return events;
      }
    }
  }
  throw new Error(`the stream ended after ${events.length} findings`);
}
