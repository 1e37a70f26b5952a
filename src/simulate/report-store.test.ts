import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReportStore, type KeptReport } from "./report-store.ts";

function kept(n: number, stored: boolean): KeptReport {
  return { report: { timeMs: n, longitude: 0, latitude: 0 }, stored };
}

const numbers = (reports: readonly KeptReport[]): number[] => reports.map(({ report }) => report.timeMs);

describe("a terminal's store", () => {
  it("gives live reports one by one and stored ones in batches, in order", () => {
    const store = new ReportStore(100);
    for (let n = 0; n < 8; n++) store.push(kept(n, n < 5));
    expect(numbers(store.take(3))).toEqual([0, 1, 2]);
    expect(numbers(store.take(3))).toEqual([3, 4]);
    expect(numbers(store.take(3))).toEqual([5]);
    expect(store.length).toBe(2);
  });

  it("is what a plain list is, whatever is pushed, taken and put back", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("push" as const), stored: fc.boolean() }),
      fc.record({ do: fc.constant("take" as const), max: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ do: fc.constant("putBack" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 1, max: 150 }), (steps, capacity) => {
        const store = new ReportStore(capacity);
        const list: KeptReport[] = [];
        const seen: unknown[] = [];
        const expected: unknown[] = [];
        let taken: KeptReport[] = [];
        let lost = 0;
        let n = 0;
        const forget = (): void => void (lost += list.splice(0, Math.max(0, list.length - capacity)).length);
        for (const at of steps) {
          if (at.do === "push") {
            const report = kept(n++, at.stored);
            store.push(report);
            list.push(report);
            forget();
          } else if (at.do === "take") {
            const live = list.findIndex(({ stored }) => !stored);
            const run = live < 0 ? list.length : live;
            expected.push(numbers(list.splice(0, run === 0 ? 1 : Math.min(run, at.max))));
            taken = store.take(at.max);
            seen.push(numbers(taken));
          } else {
            store.putBack(taken);
            list.unshift(...taken);
            forget();
            taken = [];
          }
          seen.push([store.length, store.lost]);
          expected.push([list.length, lost]);
        }
        expect(seen).toEqual(expected);
      }),
    );
  });
});
