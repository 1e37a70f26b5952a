import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import { useOpenLocks } from "../api/queries.ts";
import { useCityNow } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import { acknowledged, useAcknowledged } from "./acknowledged.ts";
import { AlertSwitch } from "./alert-switch.tsx";
import { useLockAlerts } from "./alerts.ts";
import { Card } from "./card.tsx";
import { queueOf, type Urgency, type Waiting } from "./desk-clock.ts";
import { useLockCases } from "./lock-cases.ts";
import { Recent } from "./recent.tsx";
import { useKeys } from "./use-keys.ts";

type Row = { heading: Urgency; count: number } | { waiting: Waiting };

/** What needs a person, by urgency; below it what just happened. */
export function Rail() {
  const t = useText();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const nowMs = useCityNow();
  const { data: locks, isError, error, refetch } = useOpenLocks();
  const [chosen, setChosen] = useState<string | null>(null);
  const noted = useAcknowledged();
  useLockAlerts(locks);
  const cases = useLockCases();
  const queue = useMemo(() => queueOf(locks ?? [], nowMs, noted, cases), [locks, nowMs, noted, cases]);
  const rows = useMemo(() => withHeadings(queue), [queue]);
  const list = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => list.current,
    estimateSize: (index) => ("heading" in rows[index]! ? 30 : 160),
    getItemKey: (index) => {
      const row = rows[index]!;
      return "heading" in row ? row.heading : row.waiting.lock.id;
    },
    overscan: 3,
  });

  const step = (by: number): void => {
    if (queue.length === 0) return;
    const at = queue.findIndex(({ lock }) => lock.id === chosen);
    const next = queue[at < 0 ? 0 : Math.min(queue.length - 1, Math.max(0, at + by))]!;
    setChosen(next.lock.id);
    virtualizer.scrollToIndex(rows.findIndex((row) => "waiting" in row && row.waiting.lock.id === next.lock.id));
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    a: () => chosen !== null && acknowledged.toggle(chosen),
    Enter: () => chosen !== null && void navigate(`/lock/${encodeURIComponent(chosen)}`),
  });
  // The card of the page that is open is in sight.
  const opened = /^\/lock\/(.+)$/.exec(pathname)?.[1];
  const openedId = opened === undefined ? null : decodeURIComponent(opened);
  useEffect(() => {
    if (openedId === null) return;
    setChosen(openedId);
    const row = rows.findIndex((one) => "waiting" in one && one.waiting.lock.id === openedId);
    if (row >= 0) virtualizer.scrollToIndex(row, { align: "auto" });
  }, [openedId, locks === undefined]);
  const count = queue.filter(({ urgency }) => urgency !== "noted" && urgency !== "working").length;
  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ""}${t.productName} · ${t.deskName}`;
  }, [count, t]);

  return (
    <aside className="rail" aria-label={t.rail.toDecide}>
      <h2 className="rail-head">
        {t.rail.toDecide} <b>{locks === undefined ? "–" : count}</b>
        <Link to="/locks">{t.rail.all}</Link>
      </h2>
      <AlertSwitch />
      <div className="rail-cards" ref={list}>
        {locks === undefined && isError ? (
          <Failed error={error} what={t.rail.failed} stillWorks={t.rail.stillWorks} retry={() => void refetch()} />
        ) : locks === undefined ? (
          <Loading rows={8} />
        ) : rows.length === 0 ? (
          <Empty title={t.rail.empty} hint={t.rail.emptyHint} />
        ) : (
          <div className="rail-rows" style={{ height: virtualizer.getTotalSize() }}>
            {virtualizer.getVirtualItems().map((item) => {
              const row = rows[item.index]!;
              return (
                <div
                  key={item.key}
                  ref={virtualizer.measureElement}
                  data-index={item.index}
                  className="rail-row"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  {"heading" in row ? (
                    <h3 className={`rail-group ${row.heading}`}>
                      {t.rail[row.heading]} <b>{row.count}</b>
                    </h3>
                  ) : (
                    <Card
                      waiting={row.waiting}
                      chosen={row.waiting.lock.id === (openedId ?? chosen)}
                      onOpen={() => {
                        setChosen(row.waiting.lock.id);
                        void navigate(`/lock/${encodeURIComponent(row.waiting.lock.id)}`);
                      }}
                    />
                  )}
                </div>
              );
            })}
          </div>
        )}
      </div>
      <Recent />
    </aside>
  );
}

function withHeadings(queue: readonly Waiting[]): Row[] {
  const rows: Row[] = [];
  let before: Urgency | null = null;
  for (const waiting of queue) {
    if (waiting.urgency !== before) {
      before = waiting.urgency;
      rows.push({ heading: before, count: queue.filter(({ urgency }) => urgency === before).length });
    }
    rows.push({ waiting });
  }
  return rows;
}
