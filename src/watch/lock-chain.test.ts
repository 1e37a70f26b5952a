import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Lock } from "../model/finding.ts";
import { chainLocks, type ChainExposure } from "./lock-chain.ts";

const DAY_MS = 86_400_000;
const LOOKBACK_MS = 14 * DAY_MS;
const START_MS = Date.parse("2021-11-01T00:00:00.000Z");
const day = (days: number): string => new Date(START_MS + days * DAY_MS).toISOString();

/** Exposed at one day, near until another, inside the city from a third (null: never). */
function exposure(id: string, exposedDay: number, lastDay: number, lockDay: number | null): ChainExposure {
  return {
    id,
    exposedMs: START_MS + exposedDay * DAY_MS,
    lastMs: START_MS + lastDay * DAY_MS,
    lockMs: lockDay === null ? null : START_MS + lockDay * DAY_MS,
    enteredMs: lockDay === null ? null : START_MS + lockDay * DAY_MS,
  };
}

function chain(
  exposures: ChainExposure[],
  cityDay: number,
  locks: readonly Lock[] = [],
): ReturnType<typeof chainLocks> {
  const cityTimeMs = START_MS + cityDay * DAY_MS;
  return chainLocks({ vehicle: "豫G1_2", exposures, locks, lookbackMs: LOOKBACK_MS, cityTimeMs, nowMs: cityTimeMs });
}

function release(lock: Lock, releaseDay: number): Lock {
  const act = { by: "王", reason: "核酸阴性", evidence: "报告 17", at: day(releaseDay) };
  return { ...lock, state: "released", release: act };
}

const outline = (locks: readonly Lock[]) =>
  locks.map(({ state, lockedAt, expiresAt, exposures }) => [state, lockedAt, expiresAt, exposures.join("+")]);

describe("the life of a lock", () => {
  const first = exposure("e1", 1, 1, 2);
  const second = exposure("e2", 5, 6, 7);
  const late = exposure("e3", 20, 21, 22);

  test.each<{ name: string; exposures: ChainExposure[]; cityDay: number; locks: unknown[] }>([
    { name: "no exposure, no lock", exposures: [], cityDay: 3, locks: [] },
    {
      name: "an exposed vehicle that never comes in has no lock",
      exposures: [exposure("e1", 1, 1, null)],
      cityDay: 3,
      locks: [],
    },
    {
      name: "it locks at the first instant inside, and expires one lookback after the stay's end",
      exposures: [first],
      cityDay: 3,
      locks: [["live", day(2), day(15), "e1"]],
    },
    {
      name: "a further exposure joins, and the expiry moves on",
      exposures: [first, second],
      cityDay: 8,
      locks: [["live", day(2), day(20), "e1+e2"]],
    },
    {
      name: "an exposure outside the city joins while the lock is live",
      exposures: [first, exposure("e2", 5, 6, null)],
      cityDay: 8,
      locks: [["live", day(2), day(20), "e1+e2"]],
    },
    {
      name: "the last millisecond before the expiry is live",
      exposures: [first],
      cityDay: 15,
      locks: [["live", day(2), day(15), "e1"]],
    },
    {
      name: "after it the lock is expired",
      exposures: [first],
      cityDay: 15.001,
      locks: [["expired", day(2), day(15), "e1"]],
    },
    {
      name: "an exposure after the expiry makes the next lock",
      exposures: [late, first],
      cityDay: 23,
      locks: [
        ["expired", day(2), day(15), "e1"],
        ["live", day(22), day(35), "e3"],
      ],
    },
    {
      name: "an exposure that was over before the vehicle came in is no part of the lock",
      exposures: [exposure("e0", 1, 1, null), exposure("e1", 18, 18, 19)],
      cityDay: 19,
      locks: [["live", day(19), day(32), "e1"]],
    },
  ])("$name", ({ exposures, cityDay, locks }) => {
    const { standing, removed } = chain(exposures, cityDay);
    expect(outline(standing)).toEqual(locks);
    expect(removed).toEqual([]);
  });

  test("what stands already stands again, with the instant at which it was learnt", () => {
    const { standing } = chain([first], 3);
    expect(chain([first], 4, standing)).toEqual({ standing, removed: [] });
    expect(standing[0].learntAt).toBe(day(3));
  });

  test("a released lock is final, and its exposure does not lock again however it is revised", () => {
    const locks = [release(chain([first], 3).standing[0], 4)];
    expect(chain([first], 5, locks)).toEqual({ standing: [], removed: [] });
    expect(chain([{ ...first, lastMs: first.lastMs + DAY_MS }], 5, locks)).toEqual({ standing: [], removed: [] });
  });

  test("a new exposure after the release makes a new lock with an id of its own", () => {
    const locks = [release(chain([first], 3).standing[0], 4)];
    const { standing } = chain([first, second], 8, locks);
    expect(outline(standing)).toEqual([["live", day(7), day(20), "e2"]]);
    expect(standing[0].id).not.toBe(locks[0].id);
  });

  test("a lock whose last exposure is withdrawn goes to review, stays there beyond its expiry, and can come back", () => {
    const live = chain([first], 3).standing;
    const review = chain([], 4, live);
    expect(outline(review.standing)).toEqual([["review", day(2), day(15), "e1"]]);
    expect(chain([], 40, review.standing)).toEqual(review);
    expect(chain([first], 5, review.standing)).toEqual({ standing: live, removed: [] });
  });

  test("a lock in review does not keep a new exposure from locking", () => {
    const review = chain([], 4, chain([first], 3).standing).standing;
    const { standing, removed } = chain([late], 23, review);
    expect(outline(standing).map(([state]) => state)).toEqual(["live", "review"]);
    expect(removed).toEqual([]);
  });

  test("an expired lock whose exposure is withdrawn is withdrawn", () => {
    const expired = chain([first], 16).standing;
    expect(chain([], 16, expired)).toEqual({ standing: [], removed: [expired[0].id] });
  });

  test("an expired lock is live again when late data prolongs its stay", () => {
    const expired = chain([first], 16).standing;
    const { standing } = chain([{ ...first, lastMs: first.lastMs + 5 * DAY_MS }], 16, expired);
    expect(outline(standing)).toEqual([["live", day(2), day(20), "e1"]]);
    expect(standing[0].id).toBe(expired[0].id);
  });

  test("when late data moves the anchor, the new lock holds what the old one held", () => {
    // 2021-11-11, day 10 here, is a multiple of 14 days from the epoch.
    const live = chain([exposure("e1", 11, 11, 12)], 13).standing;
    const moved = chain([exposure("e0", 9, 9, 12), exposure("e1", 11, 11, 12)], 13, live);
    expect(outline(moved.standing)).toEqual([["live", day(12), day(25), "e0+e1"]]);
    expect(moved.removed).toEqual([live[0].id]);
  });
});

describe("the chain of locks", () => {
  const exposures = fc
    .array(
      fc.record({
        exposedDay: fc.integer({ min: 0, max: 60 }),
        stayDays: fc.integer({ min: 0, max: 3 }),
        lockAfterDays: fc.option(fc.integer({ min: 0, max: 14 })),
      }),
      { maxLength: 12 },
    )
    .map((all) =>
      all.map(({ exposedDay, stayDays, lockAfterDays }, index) =>
        exposure(
          `e${index}`,
          exposedDay,
          exposedDay + stayDays,
          lockAfterDays === null ? null : exposedDay + Math.min(lockAfterDays, stayDays + 14),
        ),
      ),
    );

  test("is the same in any order, and never holds two live locks or two of one id", () => {
    fc.assert(
      fc.property(
        exposures.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        fc.integer({ min: 77, max: 100 }),
        ([all, shuffled], cityDay) => {
          const chained = chain(all, cityDay);
          expect(chain(shuffled, cityDay)).toEqual(chained);
          expect(chained.standing.filter(({ state }) => state === "live").length).toBeLessThanOrEqual(1);
          expect(new Set(chained.standing.map(({ id }) => id)).size).toBe(chained.standing.length);
          const held = chained.standing.flatMap((lock) => lock.exposures);
          expect(new Set(held).size).toBe(held.length);
          expect(held).toEqual(expect.arrayContaining(all.filter(({ lockMs }) => lockMs !== null).map(({ id }) => id)));
        },
      ),
      { numRuns: 500 },
    );
  });
});
