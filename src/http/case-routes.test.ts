import { randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AccessDesk } from "../access/access-desk.ts";
import { createFieldKey, FieldCipher } from "../access/field-cipher.ts";
import { Passkeys } from "../access/passkeys.ts";
import { PersonRegister } from "../access/person-fields.ts";
import { SecondFactor } from "../access/second-factor.ts";
import { SignIn } from "../access/sign-in.ts";
import { AuditChain } from "../access/audit-chain.ts";
import { readAs } from "../access/read-as.ts";
import { ArrivalRegister } from "../apps/checkpoints/arrivals.ts";
import { LockCases } from "../apps/checkpoints/lock-cases.ts";
import { DriverDesk } from "../apps/checkpoints/lock-driver.ts";
import { lockEffects } from "../apps/checkpoints/lock-effects.ts";
import { lockedVehicle } from "../apps/checkpoints/locked-vehicle.ts";
import { lockObjection } from "../apps/checkpoints/lock-objection.ts";
import { Attachments } from "../cases/attachments.ts";
import { deskForTests, dutiesForTests, placesForTests } from "../cases/case-city-for-tests.ts";
import { CaseLists } from "../cases/case-lists.ts";
import { DriverLinks } from "../cases/driver-link.ts";
import { EffectDesk } from "../cases/effects.ts";
import { NoticeDesk } from "../cases/notice-desk.ts";
import type { DeadLetter } from "../cases/notice-outbox.ts";
import { webhookChannel } from "../cases/webhook-channel.ts";
import { addSource, readSourceKeys } from "../gateway/source-keys.ts";
import { createFixBatch } from "../model/fix.ts";
import type { Arrival } from "../model/arrival.ts";
import type { CaseNotice, CaseStory, CaseSummary } from "../model/case.ts";
import { DEFAULT_RULE } from "../model/rule.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { openLedger, type Ledger } from "../store/ledger.ts";
import { openTrackStore } from "../tracks/track-store.ts";
import { openWatch } from "../watch/open-watch.ts";
import { principalOf } from "./principal.ts";
import { startHttpServer, type HttpServer } from "./server.ts";

const START_MS = Date.UTC(2022, 4, 10, 2);
const MINUTE_MS = 60_000;
const VEHICLE = "豫G00001_2";
const SQUARE = [
  [113.95, 35.2],
  [114.2, 35.2],
  [114.2, 35.4],
  [113.95, 35.4],
  [113.95, 35.2],
];
const PHOTO = Buffer.concat([Buffer.from("ffd8ffe000104a46494600", "hex"), Buffer.alloc(300, 9)]);
const SPOT = { lon: 113.97, lat: 35.3, accuracyM: 12, time: new Date(START_MS).toISOString() };

let server: HttpServer;
let ledger: Ledger;
let lockCases: LockCases;
let effects: EffectDesk;
let caseId: string;
let lockId: string;
let sourceKey: string;
let nowMs = START_MS + 20 * MINUTE_MS;
const keys = new Map<string, string>();
const open: (() => unknown)[] = [];

beforeAll(async () => {
  const tracks = await openTrackStore({ dir: await mkdtemp(join(tmpdir(), "wuxing-cases-")), retentionMs: null });
  open.push(() => tracks.close());
  const database = await openTestDatabase();
  open.push(() => database.close());
  const { kysely } = database;
  ledger = await openLedger(database);
  const fence = { type: "Polygon" as const, coordinates: [SQUARE] };
  const now = (): number => nowMs;
  const watch = await openWatch({ tracks, ledger, city: { fence, gates: [] }, now });
  open.push(() => watch.close());
  const types = [lockedVehicle, lockObjection];
  const positionOf = async () => ({ lon: SPOT.lon, lat: SPOT.lat, timeMs: START_MS });
  const desk = deskForTests(kysely, now, { types, positionOf, channels: ["webhook"] });
  const working = { add: (from: number, ms: number) => from + ms, between: (from: number, to: number) => to - from };
  const lists = new CaseLists({ types, places: placesForTests, duties: dutiesForTests, working, now });
  lockCases = new LockCases({
    kysely,
    ledger,
    desk,
    places: placesForTests,
    positionOf,
    destinationsOf: async () => new Map(),
    cityPlace: "1",
    now,
  });
  open.push(() => lockCases.close());
  effects = new EffectDesk(
    kysely,
    lockEffects({
      desk,
      releaseLock: (lock, input) => watch.releaseLock(lock, input),
      textDriver: () => Promise.reject(new Error("no terminal")),
    }),
  );
  const access = new AccessDesk({
    kysely,
    duties: {
      dutiesOf: dutiesForTests.dutiesOf,
      getPath: placesForTests.getPath,
      kindOf: (place) => (place === "1" ? "city" : place === "11" ? "county" : "grid"),
    },
    cityNow: now,
  });
  const links = new DriverLinks("secret");
  const cipher = new FieldCipher([createFieldKey("aes-256-gcm", "k1")]);
  const factors = new SecondFactor(kysely, cipher);
  const passkeys = new Passkeys(kysely);
  const dir = await mkdtemp(join(tmpdir(), "wuxing-sources-"));
  sourceKey = await addSource(join(dir, "sources.json"), "某物流公司", "gcj02", ["arrivals"]);
  const sources = await readSourceKeys(join(dir, "sources.json"));
  const arrivals = new ArrivalRegister({ kysely, cipher, places: placesForTests, cityPlace: "1", now });
  const audit = new AuditChain(kysely);
  const drivers = new DriverDesk({
    kysely,
    ledger,
    desk,
    lockCases,
    links,
    ruleOf: async () => DEFAULT_RULE,
    hotline: null,
    arrivals,
    placesBelow: () => [],
    now,
  });
  deliver = async (status) => {
    const receiver = createServer(
      (_request, response) => void response.writeHead(status).end("mail to li@example.org"),
    );
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const notices = new NoticeDesk({ kysely, channels: [webhookChannel({ url, secret: "0123456789abcdef01234567" })] });
    for (let i = 0; i < 20 && (await notices.deliver(Date.now())) > 0; i++);
    notices.close();
    await new Promise((resolve) => receiver.close(resolve));
  };
  audited = () => kysely.selectFrom("audit").select(["account", "shape", "count"]).execute();
  server = await startHttpServer(
    {
      access: {
        desk: access,
        signIn: new SignIn({ kysely, factors, passkeys }),
        factors,
        passkeys,
        openId: null,
        publicUrl: null,
        audit,
        persons: new PersonRegister(kysely, cipher),
        kysely,
        demo: null,
      },
      names: { nameOf: (place) => place, kindOf: () => "grid" },
      demoAccounts: [],
      city: {
        id: "square",
        name: "方城",
        nameEn: "Square",
        timeZone: "Asia/Shanghai",
        bbox: [113.95, 35.2, 114.2, 35.4],
        counties: [],
        fence,
        gates: [],
        roads: [],
        tiles: null,
      },
      ledger,
      watch,
      tracks,
      gateway: null,
      ingest: { fixesPerSecond: () => 0, lagMs: () => null },
      cityTimeMs: now,
      fixes: null,
      cases: {
        desk,
        lists,
        kysely,
        now,
        attachments: new Attachments(await mkdtemp(join(tmpdir(), "wuxing-photos-")), kysely),
        drivers,
        arrivals: { register: arrivals, sources, audit },
        caseOfLock: async (lock) => {
          const row = await kysely.selectFrom("work_case").select("id").where("lock", "=", lock).executeTakeFirst();
          return row?.id ?? null;
        },
        readAs: (request, run) => readAs(kysely, principalOf(request), run),
      },
    },
    { host: "127.0.0.1", port: 0, consoleDir: "nowhere", log: pino({ level: "silent" }) },
  );
  open.push(() => server.close());
  for (const person of ["wang", "li", "county", "city", "stranger"]) {
    await kysely
      .insertInto("person")
      .values({ id: person, name: `${person}!`, recorded_ms: 0 })
      .execute();
    await access.addAccount({ id: person, name: person, person });
    const principal = await access.byAccount(person);
    const rights = [...principal.rights];
    const purpose = principal.purposes.includes("case-work") ? "case-work" : null;
    const { key } = await access.addKey(principal, { label: "test", purpose, rights, expiresMs: 9e15 });
    keys.set(person, key);
  }
  // Twelve minutes at the yard's side, then six into the city.
  await watch.publishArea({
    id: "yard",
    level: "high",
    datum: "wgs84",
    geometry: { type: "Point", coordinates: [113.9, 35.3] },
  });
  const vehicle = tracks.vehicles.numberOf(VEHICLE, { plate: "豫G00001", plateColour: 2, terminal: "13900000001" });
  const batch = createFixBatch(37);
  for (let row = 0; row < 37; row++) {
    batch.vehicle[row] = vehicle;
    batch.timeMs[row] = START_MS + row * 30_000;
    batch.lonE6[row] = 113_900_500 + Math.max(0, row - 24) * 6000;
    batch.latE6[row] = 35_300_000;
    batch.headingDeg[row] = 90;
  }
  batch.length = 37;
  await tracks.append(batch);
  watch.ingest(batch);
  await watch.settled();
  await lockCases.idle();
  const listed = await call<{ items: CaseSummary[] }>("wang", "GET", "/cases?mine=true");
  caseId = listed.body.items[0].id;
  lockId = listed.body.items[0].lock!;
}, 240_000);

afterAll(async () => {
  for (const close of open.toReversed()) await close();
});

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the test says what it expects to be answered
async function call<Body = { code: string }>(
  person: string | null,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: Body }> {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: {
      ...(person === null ? {} : { authorization: `Bearer ${keys.get(person)}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Body };
}

/** Sends what waits in the outbox to a receiver that answers with the status. */
let deliver: (status: number) => Promise<void>;
let audited: () => Promise<unknown[]>;

async function act(
  person: string,
  action: string,
  more: object = {},
): Promise<{ status: number; body: CaseSummary & { code?: string; current?: CaseSummary } }> {
  const { body } = await call<CaseStory>("city", "GET", `/cases/${caseId}`);
  return call(person, "POST", `/cases/${caseId}/actions`, {
    id: randomUUID(),
    action,
    version: body.version,
    ...more,
  });
}

describe("8. A locked vehicle: a lock from its finding to its release, over the API", () => {
  test("nobody releases a lock past its case, whoever it is", async () => {
    for (const person of ["city", "county", "wang"]) {
      const input = { by: person, reason: "r", evidence: "e" };
      const refused = await call<{ code: string; detail: string }>(person, "POST", `/locks/${lockId}/release`, input);
      expect(refused).toMatchObject({ status: 409, body: { code: "CASE_ACTION_INVALID" } });
      expect(refused.body.detail).toContain(caseId);
    }
    expect((await ledger.lock(lockId)).state).toBe("live");
    const early = await act("wang", "release", { form: { outcome: "resolved", reason: "r" } });
    expect(early).toMatchObject({ status: 409, body: { code: "CASE_ACTION_INVALID" } });
  });

  test("who may not see a case is told of none: list, story, photo, step", async () => {
    expect((await call(null, "GET", "/cases")).status).toBe(401);
    expect((await call("stranger", "GET", "/cases")).status).toBe(403);
    expect((await call("stranger", "POST", `/cases/${caseId}/actions`, {})).status).toBe(403);
  });

  test("steps are done with photo and position; sent twice they are done once; a late one gets the case as it is", async () => {
    const id = randomUUID();
    const taken = await act("wang", "take", { id });
    expect(taken).toMatchObject({ status: 200, body: { state: "taken", takenByName: "wang!" } });
    const again = await call<CaseSummary>("wang", "POST", `/cases/${caseId}/actions`, {
      id,
      action: "take",
      version: 1,
    });
    expect(again).toMatchObject({ status: 200, body: { state: "taken", version: taken.body.version } });
    const late = await call<{ code: string; current: CaseSummary }>("li", "POST", `/cases/${caseId}/actions`, {
      id: randomUUID(),
      action: "take",
      version: 1,
    });
    expect(late).toMatchObject({ status: 409, body: { code: "CASE_CHANGED", current: { state: "taken" } } });

    expect((await act("wang", "reach", { form: { how: "phone" } })).status).toBe(200);
    const sent = await fetch(`${server.url}/api/v1/attachments`, {
      method: "POST",
      headers: { authorization: `Bearer ${keys.get("wang")}`, "content-type": "image/jpeg" },
      body: PHOTO,
    });
    const { id: photo } = (await sent.json()) as { id: string };
    const far = { position: { ...SPOT, lon: 114.1 }, attachments: [photo] };
    expect(await act("wang", "verify", far)).toMatchObject({ status: 400, body: { code: "INPUT_INVALID" } });
    const verified = await act("wang", "verify", { position: SPOT, attachments: [photo] });
    expect(verified).toMatchObject({ status: 200, body: { state: "verified" } });
    const shown = await fetch(`${server.url}/api/v1/attachments/${photo}`, {
      headers: { authorization: `Bearer ${keys.get("county")}` },
    });
    expect(shown.headers.get("content-type")).toBe("image/jpeg");
    expect(shown.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(PHOTO);

    nowMs += 50 * MINUTE_MS;
    expect((await act("wang", "handle", { form: { measure: "test" } })).body.state).toBe("handled");
    expect(await act("wang", "check")).toMatchObject({ status: 403, body: { code: "CASE_NOT_YOURS" } });
    expect((await act("li", "check")).body.state).toBe("checked");
    const released = await act("li", "release", { form: { outcome: "resolved", reason: "检测阴性" } });
    expect(released).toMatchObject({ status: 200, body: { state: "released", outcome: "resolved" } });
    await effects.perform(Date.now());
    expect(await ledger.lock(lockId)).toMatchObject({ state: "released", release: { by: "li", reason: "检测阴性" } });
  });

  test("6. Closed is not solved: a driver confirms or contests; nothing said is none, and the counts keep them apart", async () => {
    const counted = async (): Promise<unknown> => {
      const { body } = await call<{ outcomes: unknown }>("county", "GET", "/cases/counts?place=11");
      return body.outcomes;
    };
    expect(await counted()).toEqual([{ outcome: "resolved", confirmation: "none", count: 1 }]);
    const { body: link } = await call<{ token: string }>("wang", "POST", `/cases/${caseId}/driver-link`);
    expect((await call(null, "GET", `/driver/${link.token}`)).body).toMatchObject({
      state: "released",
      plate: "豫G00001",
    });
    expect((await call(null, "GET", `/driver/${link.token}x`)).body).toMatchObject({ code: "LINK_INVALID" });
    await call(null, "POST", `/driver/${link.token}/contest`, { text: "没有人来过" });
    expect(await counted()).toEqual([{ outcome: "resolved", confirmation: "contested", count: 1 }]);
    await call(null, "POST", `/driver/${link.token}/confirm`);
    expect(await counted()).toEqual([{ outcome: "resolved", confirmation: "confirmed", count: 1 }]);
  });

  test("7. Notices: the inbox holds what a person was told; dead letters are for who looks after the machine", async () => {
    const { body } = await call<{ items: { id: string; kind: string }[] }>("wang", "GET", "/notices?unread=true");
    expect(body.items.length).toBeGreaterThan(0);
    const read = await call("wang", "POST", `/notices/${encodeURIComponent(body.items[0].id)}/read`);
    expect(read.status).toBe(200);
    expect((await call("li", "POST", `/notices/${encodeURIComponent(body.items[0].id)}/read`)).status).toBe(404);
    expect((await call("wang", "GET", "/notices/dead")).status).toBe(403);
    expect(await call("city", "GET", "/notices/dead")).toMatchObject({ status: 200, body: { items: [] } });
  });

  test("7. A case lists its notices: to whom, by which way, when it went out, failed, was read", async () => {
    const listed = (person: string, query = "") =>
      call<{ items: CaseNotice[]; next: string | null }>(person, "GET", `/cases/${caseId}/notices${query}`);
    const { body } = await listed("li");
    expect(body.items.length).toBeGreaterThan(1);
    expect(body.items.at(-1)).toMatchObject({
      kind: "case-addressed",
      person: "wang",
      personName: "wang!",
      deliveries: [{ channel: "webhook", state: "waiting", attempts: 0, triedAt: null, sentAt: null, nextAt: null }],
    });
    expect(body.items.filter(({ readAt }) => readAt !== null)).toHaveLength(1);
    // A page at a time, and whole together.
    const first = await listed("li", "?limit=1");
    const rest = await listed("li", `?cursor=${first.body.next}`);
    expect([...first.body.items, ...rest.body.items]).toEqual(body.items);

    await deliver(410);
    const { deliveries } = (await listed("li")).body.items[0];
    expect(deliveries).toMatchObject([{ state: "dead", attempts: 1, sentAt: null, nextAt: null }]);
    expect(deliveries[0].failedAt).toBe(deliveries[0].triedAt);
    // What the receiver said may hold an address: it stands with the dead letters, which are not for everybody.
    expect(JSON.stringify((await listed("li")).body)).not.toContain("410");
    expect((await call("li", "POST", "/notices/dead/replay", {})).status).toBe(403);
    const dead = await call<{ items: DeadLetter[] }>("city", "GET", "/notices/dead");
    expect(dead.body.items).toHaveLength(body.items.length);
    expect(dead.body.items[0].problem).toContain("410");
    const replayed = await call("city", "POST", "/notices/dead/replay", { channel: "webhook" });
    expect(replayed.body).toEqual({ replayed: body.items.length });
    await deliver(204);
    const sent = (await listed("county")).body.items.flatMap((notice) => notice.deliveries);
    expect(sent.map(({ state, attempts }) => `${state} ${attempts}`)).toEqual(body.items.map(() => "sent 1"));
    expect(sent.every(({ sentAt }) => Math.abs(Date.parse(sentAt!) - Date.now()) < 60_000)).toBe(true);

    expect((await listed("stranger")).status).toBe(403);
    expect((await call("wang", "GET", "/cases/none/notices")).status).toBe(404);
  });

  test("an enterprise declares arrivals with its key, JSON or CSV, each judged by itself; a grid's head sees them", async () => {
    const send = async (key: string, type: string, body: string): Promise<{ status: number; body: unknown }> => {
      const answer = await fetch(`${server.url}/api/v1/arrivals`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": type },
        body,
      });
      return { status: answer.status, body: await answer.json() };
    };
    const csv = [
      "id,plate,plateColour,place,lon,lat,address,arriveAt,cargo,contact",
      `w1,豫G00009,2,,113.9,35.3,平原路 1 号,${SPOT.time},蔬菜,13900000001`,
      `w2,豫G00008,2,g,,,,${SPOT.time},,`,
      `w3,豫G00007,2,,113.9,35.3,平原路 1 号,明天,,`,
    ].join("\n");
    expect((await send("wrong", "text/csv", csv)).status).toBe(401);
    expect(await send(sourceKey, "text/csv", csv)).toMatchObject({
      status: 200,
      body: {
        accepted: 2,
        rejected: 1,
        items: [{ id: "w1", place: "g" }, { id: "w2" }, { problem: { where: "arrivals[2].arriveAt" } }],
      },
    });
    expect((await send(sourceKey, "text/csv", csv)).body).toMatchObject({ accepted: 0, unchanged: 2, rejected: 1 });
    const seen = await call<{ items: Arrival[] }>("wang", "GET", "/arrivals?vehicle=豫G00009_2");
    expect(seen.body.items).toMatchObject([
      {
        id: "w1",
        destination: { value: { datum: "gcj02" }, source: { kind: "enterprise", name: "某物流公司" } },
        contact: { value: true },
      },
    ]);
    expect((await call("wang", "GET", "/arrivals/w1/contact")).body).toEqual({ contact: "13900000001" });
    expect((await call("stranger", "GET", "/arrivals")).status).toBe(403);
    const byHand = {
      arrivals: [
        {
          id: "h1",
          plate: "豫G1",
          plateColour: 1,
          destination: { place: "g" },
          arriveAt: SPOT.time,
        },
      ],
    };
    expect((await call("wang", "POST", "/arrivals/by-hand", byHand)).body).toMatchObject({ accepted: 1 });
    expect((await call<{ items: Arrival[] }>("wang", "GET", "/arrivals?vehicle=豫G1_1")).body.items[0]).toMatchObject({
      id: "h1",
      arriveAt: { source: { kind: "person", name: "wang" } },
    });
    const noted = await audited();
    expect(noted).toContainEqual({ account: "source:某物流公司", shape: "POST /api/v1/arrivals", count: 2 });
    expect(noted).toContainEqual({ account: "wang", shape: "GET /api/v1/arrivals/:id/contact", count: 1 });
  });

  test("the live stream tells that a case changed to who may see it", async () => {
    const abort = new AbortController();
    const stream = await fetch(`${server.url}/api/v1/stream`, {
      headers: { authorization: `Bearer ${keys.get("city")}`, "x-purpose": "checkpoint" },
      signal: abort.signal,
    });
    expect(stream.status).toBe(200);
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    const { body: link } = await call<{ token: string }>("wang", "POST", `/cases/${caseId}/driver-link`);
    await call(null, "POST", `/driver/${link.token}/contest`, { text: "还是不同意" });
    let text = "";
    for (let i = 0; i < 200 && !text.includes("event: case"); i++) text += (await reader.read()).value ?? "";
    expect(/event: case\ndata: (.*)/.exec(text)?.[1]).toContain(`"id":"${caseId}","state":"released"`);
    abort.abort();
    await reader.cancel().catch(() => {});
  });

  test("4. A re-opening keeps the clock: with a reason, by another than who released it, within seven days", async () => {
    const reopen = (person: string, form: object = { reason: "检测结果有误" }) => act(person, "reopen", { form });
    expect(await reopen("li")).toMatchObject({ status: 403, body: { code: "CASE_NOT_YOURS" } });
    expect(await reopen("wang", {})).toMatchObject({ status: 400, body: { code: "INPUT_INVALID" } });
    nowMs += 60 * MINUTE_MS;
    expect(await reopen("wang")).toMatchObject({ status: 200, body: { state: "verified", outcome: null } });
    const { body: story } = await call<CaseStory>("wang", "GET", `/cases/${caseId}`);
    const handle = story.clocks.find(({ clock }) => clock === "handle")!;
    // What was used before the release is used, the hour between is not.
    expect(handle).toMatchObject({ state: "running", usedMs: 50 * MINUTE_MS });
    expect(Date.parse(handle.dueAt!)).toBe(nowMs + (240 - 50) * MINUTE_MS);
    expect(story.entries.at(-1)).toMatchObject({ kind: "reopened", form: { reason: "检测结果有误" } });
    expect(story).toMatchObject({ confirmation: "none", dueAt: handle.dueAt, takenBy: null });
    // The lock stays as it ended: only a finding locks.
    expect((await ledger.lock(lockId)).state).toBe("released");

    await act("wang", "handle", { form: { measure: "seal" } });
    await act("li", "check");
    const again = await act("county", "release", { form: { outcome: "resolved", reason: "复测阴性" } });
    expect(again).toMatchObject({ status: 200, body: { state: "released" } });
    await effects.perform(Date.now());
    expect((await ledger.lock(lockId)).release).toMatchObject({ by: "li" });
    nowMs += (7 * 24 * 60 + 1) * MINUTE_MS;
    expect(await reopen("wang")).toMatchObject({ status: 409, body: { code: "CASE_ACTION_INVALID" } });
    const { body: late } = await call<CaseStory>("wang", "GET", `/cases/${caseId}`);
    expect(late.next).toEqual([]);
  });
});
