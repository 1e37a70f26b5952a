import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { useText } from "../preferences.tsx";
import { Empty } from "../show/states.tsx";
import { AreaMark } from "../show/symbols.tsx";
import type { Decision, ImportItem } from "./import-items.ts";

interface ImportRowsProps {
  items: readonly ImportItem[];
  empty: string;
  onSettle: (key: string) => void;
  onDecide: (key: string, decision: Decision | undefined) => void;
  onShow: (item: ImportItem) => void;
}

const ROW_PIXELS = 62;

/** The lines of one state; a list of a bad week has 18,000, so only what is seen is drawn. */
export function ImportRows({ items, empty, ...actions }: ImportRowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PIXELS,
    getItemKey: (index) => items[index]!.key,
    overscan: 8,
  });
  return (
    <div className="rows" ref={scroller} tabIndex={-1}>
      {items.length === 0 ? <Empty title={empty} /> : null}
      <ul className="rows-all" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ key, index, start }) => (
          <li
            key={key}
            className="rows-one"
            data-index={index}
            ref={virtualizer.measureElement}
            style={{ transform: `translateY(${start}px)` }}
          >
            <Row item={items[index]!} {...actions} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Row({ item, onSettle, onDecide, onShow }: { item: ImportItem } & Omit<ImportRowsProps, "items" | "empty">) {
  const t = useText();
  const { key, level, title, name, kind, state, geometry, within, problems, before } = item;
  const [first] = problems;
  return (
    <div className="row import-row">
      {level === null ? <span /> : <AreaMark level={level} />}
      <span className="import-name">
        <b title={title}>{title}</b>
        <small title={name}>
          {first === undefined ? (
            <>
              {name === title ? "" : name.slice(0, name.length - title.length)}
              {within === null || within.kind === "county" ? "" : ` · ${t.import.within(within.name)}`}
              {state === "changed" && before !== null && level !== null && before.level !== level
                ? ` · ${t.change.level(t.level[before.level], t.level[level])}`
                : ""}
            </>
          ) : (
            `${first.where}: ${t.area.expected} ${first.expected}`
          )}
        </small>
      </span>
      {kind === null || kind === "place" ? <span /> : <span className="tag">{t.import.kind[kind]}</span>}
      <span className="import-acts">
        {state === "open" ? (
          <button type="button" className="link" onClick={() => onSettle(key)}>
            {t.import.settle}
          </button>
        ) : null}
        {state === "open" && within !== null && within.kind !== "county" ? (
          <button
            type="button"
            className="link"
            title={t.import.takeWhole(within.name)}
            onClick={() => onDecide(key, { shape: within.geometry })}
          >
            {t.import.takeWhole("")}
          </button>
        ) : null}
        {geometry === null || state === "open" ? null : (
          <button type="button" className="link" onClick={() => onShow(item)}>
            {t.import.show}
          </button>
        )}
        {state === "open" || state === "ready" || state === "changed" || state === "gone" ? (
          <button type="button" className="link" onClick={() => onDecide(key, "left")}>
            {t.import.leave}
          </button>
        ) : null}
        {state === "left" ? (
          <button type="button" className="link" onClick={() => onDecide(key, undefined)}>
            {t.import.back}
          </button>
        ) : null}
      </span>
    </div>
  );
}
