import { describe, expect, test } from "vitest";
import { lockInstant, type InsideSpans } from "./inside-instants.ts";

const LOOKBACK_MS = 1000;

describe("the instant at which an exposure locks", () => {
  test.each<{ name: string; end: number | null; inside: InsideSpans; lock: [number, number | null] | null }>([
    { name: "never inside: none", end: 700, inside: [], lock: null },
    { name: "inside only before: none", end: 700, inside: [[0, 599]], lock: null },
    { name: "inside until the very instant: that instant", end: 700, inside: [[0, 600]], lock: [600, null] },
    { name: "inside all the time: when it is exposed", end: 700, inside: [[0, 900]], lock: [600, null] },
    {
      name: "later inside: the entry",
      end: 700,
      inside: [
        [0, 500],
        [1600, 1700],
        [1800, 1900],
      ],
      lock: [1600, 1600],
    },
    { name: "one lookback after the stay's end: still", end: 700, inside: [[1700, 1700]], lock: [1700, 1700] },
    { name: "a millisecond later: no more", end: 700, inside: [[1701, 1800]], lock: null },
    { name: "open stays have no end to count from", end: null, inside: [[9999, 9999]], lock: [9999, 9999] },
  ])("$name", ({ end, inside, lock }) => {
    const found = lockInstant(600, end, inside, LOOKBACK_MS);
    expect(found && [found.lockMs, found.enteredMs]).toEqual(lock);
  });
});
