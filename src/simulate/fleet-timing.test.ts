import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EntrySchedule } from "./duties.ts";
import { keepTiming, planTiming } from "./fleet-timing.ts";

const NOW_MS = Date.UTC(2026, 2, 1, 2);
const HOUR_MS = 3_600_000;
let dir: string;
beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), "wuxing-timing-"))));
afterEach(async () => rm(dir, { recursive: true }));

describe("a simulation's timing", () => {
  it("is kept, so that a restart goes on where the trucks were", async () => {
    const begun = await keepTiming(dir, NOW_MS, null, { speed: 30 });
    expect(begun).toMatchObject({ startMs: NOW_MS - 12 * HOUR_MS, speed: 30 });
    expect(await keepTiming(dir, NOW_MS + HOUR_MS, NOW_MS, { speed: 600 })).toEqual(begun);
  });

  it.each([
    ["the simulation rested for more than two days", 50, 0],
    ["it has run for more than a week", 24 * 8, 24 * 8 - 1],
  ])("begins anew when %s", async (_, hours, lastFixHours) => {
    const begun = await keepTiming(dir, NOW_MS, null, {});
    const later = await keepTiming(dir, NOW_MS + hours * HOUR_MS, NOW_MS + lastFixHours * HOUR_MS, {});
    expect(later.startMs).toBe(begun.startMs + hours * HOUR_MS);
    expect(JSON.parse(await readFile(join(dir, "simulation.json"), "utf8"))).toEqual(later);
  });

  it("begins anew when nothing was stored yet, and when the file is damaged", async () => {
    await keepTiming(dir, NOW_MS, null, {});
    expect((await keepTiming(dir, NOW_MS + HOUR_MS, null, {})).startMs).toBe(NOW_MS - 11 * HOUR_MS);
    await writeFile(join(dir, "simulation.json"), '{"seed":');
    expect((await keepTiming(dir, NOW_MS + 2 * HOUR_MS, NOW_MS, {})).startMs).toBe(NOW_MS - 10 * HOUR_MS);
  });
});

describe("scheduled entries", () => {
  it("come at a rate that a person can follow on the wall's clock, fast or not", () => {
    const timing = planTiming(NOW_MS, { seed: 3 });
    const schedule = new EntrySchedule(timing);
    const wallMinutes = (k: number): number => (schedule.entryMs(k + 1) - schedule.entryMs(k)) / 60_000 / timing.speed;
    expect(schedule.entryMs(2) - timing.startMs).toBeLessThan(120_000 * timing.speed);
    let k = 2;
    for (; schedule.entryMs(k) < timing.caughtUpMs; k++) {
      expect(wallMinutes(k)).toBeGreaterThan(1.5);
      expect(wallMinutes(k)).toBeLessThan(4.5);
    }
    const live = (schedule.entryMs(k + 1) - schedule.entryMs(k)) / 60_000;
    expect(live).toBeGreaterThan(5);
    expect(live).toBeLessThan(15);
  });

  it("come within two minutes also when time runs as on the wall", () => {
    const timing = planTiming(NOW_MS, { speed: 1, historyMs: 0 });
    expect(new EntrySchedule(timing).entryMs(0) - timing.startMs).toBeLessThan(120_000);
  });

  it("are the same for the same seed, and ascend", () => {
    const timing = planTiming(NOW_MS, { seed: 5 });
    const [a, b] = [new EntrySchedule(timing), new EntrySchedule(timing)];
    expect(a.entryMs(40)).toBe(b.entryMs(40));
    for (let k = 0; k < 100; k++) expect(a.entryMs(k + 1)).toBeGreaterThan(a.entryMs(k));
  });
});
