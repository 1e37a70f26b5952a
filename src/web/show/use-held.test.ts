import { expect, it } from "vitest";
import { heldOrder } from "./use-held.ts";

const keyOf = ({ id }: { id: string }): string => id;
const list = (text: string) => text.split("").map((id) => ({ id }));
const shown = (before: string, now: string): [string, number] => {
  const { items, waiting } = heldOrder(list(before), list(now), keyOf);
  return [items.map(keyOf).join(""), waiting];
};

it.each([
  ["what only changed its place stays", "abc", "cab", "abc", 0],
  ["what came waits", "abc", "xabc", "abc", 1],
  ["what went stays until it is let go", "abc", "ac", "abc", 1],
  ["a page that was asked for follows behind", "abc", "abcde", "abcde", 0],
  ["the first list is taken as it is", "", "ab", "ab", 0],
  ["with nothing in common everything waits", "ab", "xy", "ab", 4],
])("under a hand %s", (_, before, now, order, waiting) => {
  expect(shown(before, now)).toEqual([order, waiting]);
});

it("what changed is shown as it is now", () => {
  const { items } = heldOrder([{ id: "a", n: 1 }], [{ id: "a", n: 2 }], keyOf);
  expect(items).toEqual([{ id: "a", n: 2 }]);
});
