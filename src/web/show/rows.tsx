import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { useKeys } from "../frame/use-keys.ts";
import { useText } from "../preferences.tsx";
import { useHand } from "./use-hand.ts";
import { useHeld } from "./use-held.ts";

export interface RowsProps<Item> {
  items: readonly Item[];
  /** Of a row as a guess, pixels; each is measured. */
  rowHeight: number;
  keyOf: (item: Item) => string;
  /** The page that Enter opens; keys go through a list whose rows lead somewhere. */
  pathOf?: (item: Item) => string;
  head?: ReactNode;
  foot?: ReactNode;
  /** The end comes near. */
  onEnd?: () => void;
  children: (item: Item, isChosen: boolean) => ReactNode;
}

/** So many rows before the end the next page is asked for. */
const NEAR_END = 20;

/** Rows of any number: only what is seen is drawn. Keys go through them, and what comes in does not move them under the hand. */
export function Rows<Item>({ items: all, rowHeight, keyOf, pathOf, head, foot, onEnd, children }: RowsProps<Item>) {
  const t = useText();
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const hand = useHand(scroller);
  const { items, waiting, release } = useHeld(all, keyOf, hand.isOn);
  const [chosen, setChosen] = useState<string | null>(null);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => keyOf(items[index]!),
    overscan: 8,
  });
  const rows = virtualizer.getVirtualItems();
  const isNearEnd = (rows.at(-1)?.index ?? -1) >= items.length - NEAR_END;
  useEffect(() => {
    if (isNearEnd) onEnd?.();
  }, [isNearEnd, items.length, onEnd]);

  const at = items.findIndex((item) => keyOf(item) === chosen);
  const step = (by: number): void => {
    if (items.length === 0) return;
    hand.put();
    const next = at < 0 ? 0 : Math.min(items.length - 1, Math.max(0, at + by));
    setChosen(keyOf(items[next]!));
    virtualizer.scrollToIndex(next);
  };
  const keys = pathOf === undefined ? {} : { j: () => step(1), k: () => step(-1) };
  const open = pathOf === undefined || at < 0 ? {} : { Enter: () => void navigate(pathOf(items[at]!)) };
  useKeys({ ...keys, ...open }, true);

  return (
    <>
      {waiting === 0 ? null : (
        <button type="button" className="rows-waiting" onClick={release}>
          {t.states.changes(waiting)}
        </button>
      )}
      <div className="rows" ref={scroller} tabIndex={-1}>
        {head}
        <ul className="rows-all" style={{ height: virtualizer.getTotalSize() }}>
          {rows.map(({ key, index, start }) => (
            <li
              key={key}
              className="rows-one"
              data-index={index}
              ref={virtualizer.measureElement}
              style={{ transform: `translateY(${start}px)` }}
            >
              {children(items[index]!, index === at)}
            </li>
          ))}
        </ul>
        {foot}
      </div>
    </>
  );
}
