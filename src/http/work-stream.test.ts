import { randomUUID } from "node:crypto";
import { PassThrough } from "node:stream";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, describe, test } from "vitest";
import { readAs } from "../access/read-as.ts";
import { deskForTests, inspection, openForTests, placesForTests } from "../cases/case-city-for-tests.ts";
import type { CaseDesk } from "../cases/case-desk.ts";
import type { PlaceFinder } from "../cases/ports.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { WorkStream } from "./work-stream.ts";

const NOW_MS = Date.UTC(2026, 2, 2, 1);
const GRID = "1/11/111/1111/g/";
const NEIGHBOUR = "1/11/111/1111/g2/";
const PLACES: PlaceFinder = {
  ...placesForTests,
  getPath: (place, atMs) => (place === "g2" ? NEIGHBOUR : placesForTests.getPath(place, atMs)),
};

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let desk: CaseDesk;
let streams: WorkStream[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
  desk = deskForTests(database.kysely, () => NOW_MS, { places: PLACES, types: [inspection] });
}, 240_000);
afterAll(() => database.close());
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await sql`truncate work_case, notice cascade`.execute(database.kysely);
});

/** A reader with the rights of some places and a person; `told` is what has come, in its order. */
function reader(paths: string[], person: string | null, lastsMs = 60_000) {
  const stream = new WorkStream(desk, { tickMs: 20, lastsMs });
  streams.push(stream);
  const out = new PassThrough();
  let text = "";
  out.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  let questions = 0;
  stream.add(out, { paths, person }, (run) => {
    questions++;
    return readAs(database.kysely, { paths, person }, run);
  });
  const told = (): string[] =>
    [...text.matchAll(/event: (\w+)\ndata: (.*)/g)].map(([, kind, data]) => `${kind} ${data}`);
  const until = async (what: string): Promise<void> => {
    for (let i = 0; i < 200 && !told().some((each) => each.includes(what)); i++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(told().join("\n")).toContain(what);
  };
  return { told, until, questions: () => questions, out };
}

const act = async (id: string, action: string, form = {}) => {
  const { version } = await desk.get(id);
  const done = { id: randomUUID(), action, version, form, attachments: [] };
  await desk.act(id, { account: "wang", person: "wang" }, done);
};

describe("13. A member's live stream carries what that member may see, by the predicate of the lists, and nothing else", () => {
  test("a case that changes is told to its grid and to the county, never to the neighbour", async () => {
    const own = reader([GRID], "wang");
    const above = reader(["1/11/"], "county");
    const neighbour = reader([NEIGHBOUR], "sun");
    await openForTests(desk, "inspection", "c1", NOW_MS);
    await Promise.all([own.until('case {"id":"c1"'), above.until('case {"id":"c1"')]);
    await act("c1", "close");
    await own.until('"state":"closed"');
    expect(own.told()).toEqual([
      "hello {}",
      'case {"id":"c1","state":"open","version":1}',
      'case {"id":"c1","state":"closed","version":2}',
    ]);
    expect(neighbour.told()).toEqual(["hello {}"]);
    expect(neighbour.questions()).toBe(0);
  });

  test("a case that leaves is gone for whoever could see it, and appears where it comes to", async () => {
    await openForTests(desk, "inspection", "c1", NOW_MS);
    const own = reader([GRID], "wang");
    const neighbour = reader([NEIGHBOUR], "sun");
    await desk.move("c1", "g2", null, {});
    await Promise.all([own.until('gone {"id":"c1"}'), neighbour.until('case {"id":"c1"')]);
    expect(own.told()).toEqual(["hello {}", 'gone {"id":"c1"}']);
  });

  test("a reader without places and duties hears nothing, whatever happens", async () => {
    const nobody = reader([], null);
    const own = reader([GRID], "wang");
    for (const id of ["c1", "c2", "c3"]) await openForTests(desk, "inspection", id, NOW_MS);
    await own.until('"id":"c3"');
    expect(nobody.told()).toEqual(["hello {}"]);
  });

  test("rights are those of the last minutes: the stream ends by itself and is opened again with what holds then", async () => {
    const own = reader([GRID], "wang", 50);
    await own.until('end {"reason":"renew"}');
    await openForTests(desk, "inspection", "c1", NOW_MS);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(own.told()).toEqual(["hello {}", 'end {"reason":"renew"}']);
  });
});
