import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { WuxingError } from "../model/errors.ts";
import { findGateOf, type TollEntry } from "../model/etc.ts";
import { loadCity } from "./city.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "wuxing-toll-"));
  await cp("demo/xinxiang", dir, { recursive: true });
});
afterEach(() => rm(dir, { recursive: true }));

const startMs = Date.UTC(2026, 0, 1);

test("the demo's motorway gates have a gantry for each direction", async () => {
  const { toll, gates } = await loadCity(dir, { startMs });
  expect(toll).toHaveLength(18);
  expect(new Set(toll.map(({ gate }) => gate)).size).toBe(9);
  expect(gates.map(({ id }) => id)).toEqual(expect.arrayContaining(toll.map(({ gate }) => gate)));
});

test.each<[what: string, edit: (places: any[]) => unknown, where: string, expected: RegExp]>([
  ["a gate that is none", (p) => void (p[3].gate = "nowhere"), "toll.json: places[3].gate", /a gate of the city/],
  [
    "a station and a gantry at once",
    (p) => void (p[0].station = "S1"),
    "toll.json: places[0]",
    /a station or a gantry/,
  ],
  ["neither", (p) => void delete p[0].gantry, "toll.json: places[0]", /a station or a gantry/],
  ["an entry behind one that takes all of it", (p) => p.push({ ...p[1] }), "toll.json: places[18]", /places\[1\]/],
  ["a passage into nowhere", (p) => void (p[0].passage = "up"), "toll.json: places[0].passage", /inbound/],
])("%s is refused", async (_, edit, where, expected) => {
  const file = JSON.parse(await readFile(join(dir, "toll.json"), "utf8")) as { places: any[] };
  edit(file.places);
  await writeFile(join(dir, "toll.json"), JSON.stringify(file));
  const error = await loadCity(dir, { startMs }).catch((reason: WuxingError) => reason);
  expect(error).toMatchObject({
    code: "CITY_INVALID",
    problems: [{ where, expected: expect.stringMatching(expected) }],
  });
});

test("of several entries the first that fits counts", () => {
  const places: TollEntry[] = [
    { station: "S1", direction: "entry", lanes: ["9"], gate: "west", passage: "outbound" },
    { station: "S1", direction: "entry", gate: "west", passage: "inbound" },
    { station: "S1", gate: "north", passage: "outbound" },
  ];
  const at = (lane: string | null, roadDirection: string | null, kind: "station" | "gantry" = "station"): unknown =>
    findGateOf(places, { facility: { kind, id: "S1" }, lane, roadDirection });
  expect(at("9", "entry")).toEqual({ gate: "west", direction: "outbound" });
  expect(at("1", "entry")).toEqual({ gate: "west", direction: "inbound" });
  expect(at(null, null)).toEqual({ gate: "north", direction: "outbound" });
  expect(at("9", "entry", "gantry")).toBeUndefined();
});
