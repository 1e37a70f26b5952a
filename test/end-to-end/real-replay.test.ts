import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Exposure } from "../../src/model/finding.ts";
import { allItems, ask, pause, serve, squareCity, temporaryFolder, wuxing } from "./program.ts";

const SHARED = "../shared/data";
/** The two smaller sets always; all four, some minutes, with `WUXING_ALL_REPLAYS=1`. */
const SETS =
  process.env["WUXING_ALL_REPLAYS"] === "1"
    ? ["fleet-wuxi", "transport", "harvesters", "taxis-beijing"]
    : ["fleet-wuxi", "transport"];
/** As stated beside the data: start and end within 1.5 s; about 600 s long may be missing or extra. */
const TIME_MS = 1500;
const DWELL_S = 600;
const DWELL_TOLERANCE_S = 2;

interface Expected {
  vehicle: string;
  area: string;
  start: number;
  end: number;
  durationS: number;
  certainty: string;
}

describe.skipIf(!existsSync(SHARED))("a replay of real tracks over TCP (skipped where ../shared is absent)", () => {
  it.each(SETS)(
    "finds in %s what the reference finds",
    async (name) => {
      const files = readdirSync(join(SHARED, "tracks")).filter((file) => file.startsWith(name));
      const served = await serve([
        "--city",
        await squareCity(100, 30),
        "--data",
        await temporaryFolder(),
        "--retention-days",
        "3650",
      ]);
      for (const { properties, geometry } of JSON.parse(readFileSync(join(SHARED, `areas/${name}.geojson`), "utf8"))
        .features) {
        const { id, level, from, to } = properties;
        const body = JSON.stringify({ id, level, from, to, geometry, datum: "wgs84" });
        const answer = await ask(`${served.url}/api/v1/areas`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
        expect(answer.status).toBe(201);
      }
      const tracks = files.map((file) => join(SHARED, "tracks", file)).join(",");
      const replay = await wuxing([
        "replay",
        "--tracks",
        tracks,
        "--to",
        `127.0.0.1:${served.jt808Port}`,
        "--speed",
        "max",
      ]);
      expect(replay.code).toBe(0);
      await settled(served.url);
      const found = await allItems<Exposure>(served.url, "/exposures");
      expect(await served.stop()).toBe(0);
      const expected = readFileSync(join(SHARED, `expected/${name}.ndjson`), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Expected);
      expect(differences(expected, found)).toEqual([]);
    },
    600_000,
  );
});

/** Nothing waits to be matched or written any more; what the last fixes left open is written when no more come for two seconds. */
async function settled(url: string): Promise<void> {
  await pause(3000);
  for (;;) {
    const { watch } = (await (await ask(`${url}/api/v1/status`)).json()) as {
      watch: { rematchQueue: number; ledgerQueue: number };
    };
    if (watch.rematchQueue === 0 && watch.ledgerQueue === 0) return;
    await pause(200);
  }
}

function differences(expected: readonly Expected[], found: readonly Exposure[]): string[] {
  const left = new Set(found);
  const missing = expected.filter((wanted) => {
    for (const exposure of left) {
      const same =
        exposure.vehicle === wanted.vehicle &&
        exposure.area === wanted.area &&
        exposure.certainty === wanted.certainty &&
        Math.abs(Date.parse(exposure.start) - wanted.start) <= TIME_MS &&
        Math.abs(Date.parse(exposure.start) + exposure.durationS * 1000 - wanted.end) <= TIME_MS;
      if (same) return !left.delete(exposure);
    }
    return Math.abs(wanted.durationS - DWELL_S) > DWELL_TOLERANCE_S;
  });
  const extra = [...left].filter(({ durationS }) => Math.abs(durationS - DWELL_S) > DWELL_TOLERANCE_S);
  return [
    ...missing.map(({ vehicle, area, start }) => `missing: ${vehicle} ${area} ${new Date(start).toISOString()}`),
    ...extra.map(({ vehicle, area, start }) => `extra: ${vehicle} ${area} ${start}`),
  ];
}
