import { useState } from "react";

interface Held<Item> {
  items: readonly Item[];
  /** How many came or went while the order was held. */
  waiting: number;
}

/**
 * Keeps the order of a list while somebody has a hand on it: what changed is shown in its place, what came or went waits. The
 * newest order is taken when the list is let go, or when `release` is called.
 */
export function useHeld<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  isHeld: boolean,
): Held<Item> & { release: () => void } {
  const [anchor, setAnchor] = useState<readonly Item[] | null>(null);
  // The order that is held is the one that was seen when the hand came.
  if (isHeld && anchor === null) setAnchor(items);
  if (!isHeld && anchor !== null) setAnchor(null);
  const held = anchor === null ? { items, waiting: 0 } : heldOrder(anchor, items, keyOf);
  return { ...held, release: () => setAnchor(items) };
}

/** The items before, each as it is now, in their old order; a page that was added behind them follows. */
export function heldOrder<Item>(
  before: readonly Item[],
  now: readonly Item[],
  keyOf: (item: Item) => string,
): Held<Item> {
  if (before.length === 0) return { items: now, waiting: 0 };
  const fresh = new Map(now.map((item) => [keyOf(item), item]));
  const known = new Set(before.map(keyOf));
  const last = now.findLastIndex((item) => known.has(keyOf(item)));
  const behind = last < 0 ? [] : now.slice(last + 1);
  const came = now.length - behind.length - before.filter((item) => fresh.has(keyOf(item))).length;
  const went = before.filter((item) => !fresh.has(keyOf(item))).length;
  return { items: [...before.map((item) => fresh.get(keyOf(item)) ?? item), ...behind], waiting: came + went };
}
