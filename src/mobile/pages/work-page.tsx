import { PullToRefresh, SearchBar } from "antd-mobile";
import { useState } from "react";
import { Link } from "react-router";
import { describeClock } from "../parts/time-left.ts";
import { useText } from "../language.tsx";
import { useNowMs, usePhone } from "../phone.tsx";
import { progressOf, type Progress } from "../kept/progress.ts";

/** Below this many tasks nobody needs to search. */
const SEARCH_FROM = 8;

/** My tasks, or everything under way in my grids, the most urgent on top. */
export function WorkPage({ scope }: { scope: "mine" | "grid" }) {
  const t = useText();
  const { cases, types, waiting, me, refresh } = usePhone();
  const nowMs = useNowMs();
  const [search, setSearch] = useState("");
  const open = cases
    .map((each) => progressOf(each, types.get(each.type), waiting))
    .filter(
      ({ now }) => now.outcome === null && (scope === "grid" || now.next.length > 0 || now.takenBy === me?.person),
    )
    .toSorted((a, b) => dueMs(a) - dueMs(b));
  const shown = open.filter(({ now }) =>
    [now.title[t.language], now.placeName, now.subject.id].some((text) => text.includes(search.toUpperCase().trim())),
  );
  return (
    <PullToRefresh onRefresh={refresh}>
      {open.length < SEARCH_FROM ? null : (
        <div className="phone-search">
          <SearchBar placeholder={t.work.search} value={search} onChange={setSearch} />
        </div>
      )}
      {shown.length === 0 ? (
        <div className="phone-empty">
          <strong>{scope === "mine" ? t.work.empty : t.work.emptyGrid}</strong>
          <p>{t.work.emptyHint}</p>
        </div>
      ) : (
        <ul className="work">
          {shown.map((progress) => (
            <WorkCard key={progress.now.id} progress={progress} nowMs={nowMs} />
          ))}
        </ul>
      )}
    </PullToRefresh>
  );
}

function WorkCard({ progress: { now, waiting }, nowMs }: { progress: Progress; nowMs: number }) {
  const t = useText();
  const clock = describeClock(t, now.dueAt, nowMs);
  return (
    <li>
      <Link to={`/task/${encodeURIComponent(now.id)}`} className="work-card" data-over={clock.over || undefined}>
        <span className="work-clock">
          {clock.over ? "▲ " : ""}
          {clock.text}
        </span>
        <strong>{now.title[t.language]}</strong>
        <span>{now.placeName}</span>
        <span className="work-state">
          {now.stateLabel[t.language]}
          {now.level > 0 ? ` · ${t.work.level(now.level)}` : ""}
          {waiting > 0 ? ` · ${t.waiting.count(waiting)}` : ""}
        </span>
        {now.next[0] === undefined ? null : <em>{now.next[0].label[t.language]} ›</em>}
      </Link>
    </li>
  );
}

function dueMs({ now }: Progress): number {
  return now.dueAt === null ? Infinity : Date.parse(now.dueAt);
}
