import { describe, expect, it } from "vitest";
import { createClock, LAG_MS } from "./clock.ts";

const WALL_MS = Date.UTC(2026, 2, 1);
const HOUR_MS = 3_600_000;

describe("simulated time", () => {
  it("starts in the past, runs as fast as asked, and as the wall's clock once it has caught up", () => {
    const clock = createClock(WALL_MS - 12 * HOUR_MS, WALL_MS, 30);
    expect(clock.at(WALL_MS)).toBe(WALL_MS - 12 * HOUR_MS);
    expect(clock.at(WALL_MS + 60_000)).toBe(WALL_MS - 12 * HOUR_MS + 30 * 60_000);
    expect(clock.at(WALL_MS + HOUR_MS)).toBe(WALL_MS + HOUR_MS - LAG_MS);
    const caughtUpAt = WALL_MS + (clock.caughtUpMs - (WALL_MS - 12 * HOUR_MS)) / 30;
    expect(clock.at(caughtUpAt)).toBeCloseTo(clock.caughtUpMs, 0);
    expect(clock.at(caughtUpAt + 1000) - clock.at(caughtUpAt)).toBeCloseTo(1000, 0);
  });

  it.each([1, 2, 30, 600])("is never ahead of the wall and never goes back, at speed %d", (speed) => {
    for (const startMs of [WALL_MS - 24 * HOUR_MS, WALL_MS, WALL_MS + HOUR_MS]) {
      const clock = createClock(startMs, WALL_MS, speed);
      let before = clock.at(WALL_MS);
      for (let wallMs = WALL_MS; wallMs < WALL_MS + 2 * HOUR_MS; wallMs += 60_000) {
        expect(clock.at(wallMs)).toBeLessThanOrEqual(wallMs - LAG_MS);
        expect(clock.at(wallMs)).toBeGreaterThanOrEqual(before);
        before = clock.at(wallMs);
      }
    }
  });

  it("does not run slower than the wall's", () => {
    expect(() => createClock(0, WALL_MS, 0.5)).toThrow(RangeError);
    expect(() => createClock(0, WALL_MS, Number.NaN)).toThrow(RangeError);
  });
});
