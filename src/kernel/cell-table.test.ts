import fc from "fast-check";
import { expect, it } from "vitest";
import { CellTable } from "./cell-table.ts";

const change = fc.record({ cell: fc.integer({ min: 0, max: 60 }), slot: fc.integer({ min: 0, max: 5 }) });

function slotsOf(table: CellTable, cell: number): number[] {
  const slots: number[] = [];
  for (let link = table.first(cell); link >= 0; link = table.next(link)) slots.push(table.slotAt(link));
  return slots.toSorted((a, b) => a - b);
}

it("the table of cells has what was added and not removed, however often both happen", () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 2000, size: "max" }),
      fc.constantFrom(1, 16_384, 131_072 * 977),
      (changes, stride) => {
        const table = new CellTable();
        const expected = new Map<number, Set<number>>();
        for (const { cell: number, slot } of changes) {
          // Far apart, or so that many hash to the same place.
          const cell = (number * stride) % 2 ** 30;
          const slots = expected.get(cell) ?? new Set();
          expected.set(cell, slots);
          if (slots.delete(slot)) table.remove(cell, slot);
          else {
            slots.add(slot);
            table.add(cell, slot);
          }
        }
        for (const [cell, slots] of expected) {
          expect(slotsOf(table, cell)).toEqual([...slots].toSorted((a, b) => a - b));
        }
        expect(table.size).toBe([...expected.values()].filter(({ size }) => size > 0).length);
        expect(slotsOf(table, 2 ** 30 + 1)).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});

it("the table of cells grows to many, and shrinks what is free when it grows", () => {
  const table = new CellTable();
  for (let cell = 0; cell < 100_000; cell++) table.add(cell * 7, cell);
  for (let cell = 0; cell < 100_000; cell += 2) table.remove(cell * 7, cell);
  expect(table.size).toBe(50_000);
  for (let cell = 0; cell < 100_000; cell++) expect(slotsOf(table, cell * 7)).toEqual(cell % 2 === 0 ? [] : [cell]);
});
