import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import type { CaseSummary } from "../../model/case.ts";
import { get } from "../../web/api/client.ts";
import { useText } from "../language.tsx";
import { describeClock } from "../parts/time-left.ts";
import { useNowMs, usePhone } from "../phone.tsx";

/** A place below the one that is looked at, as `/places/load` answers. */
interface Load {
  id: string;
  name: string;
  leaves: number;
  vacant: number;
  open: number | null;
  overdue: number | null;
}

const SHOWN = 30;
const EVERY = { refetchInterval: 30_000 };

/** For whoever leads more than one grid: what is late, what nobody holds, and where; a place is opened by its name. */
export function OverseePage() {
  const t = useText();
  const { me } = usePhone();
  const own = me?.duties.find(({ placeKind }) => placeKind !== "grid");
  const [opened, setOpened] = useState<{ id: string; name: string }[]>([]);
  const place = opened.at(-1)?.id ?? own?.place;
  const load = useQuery({
    queryKey: ["load", place],
    queryFn: () => get<{ items: Load[] }>("/places/load", { parent: place }),
    enabled: place !== undefined,
    ...EVERY,
  });
  const late = useQuery({
    queryKey: ["late", place],
    queryFn: () => get<{ items: CaseSummary[] }>("/cases", { place, overdue: "true", limit: SHOWN }),
    enabled: place !== undefined,
    ...EVERY,
  });
  if (place === undefined || own === undefined) return <p className="phone-note">{t.oversee.notYours}</p>;
  if (load.isError || late.isError)
    return (
      <p className="phone-failed" role="alert">
        {t.states.failed}: {t.states.unreachable}
      </p>
    );
  const items = load.data?.items ?? [];
  const sum = (of: (each: Load) => number): number => items.reduce((total, each) => total + of(each), 0);
  const places = items.toSorted(
    (a, b) => (b.overdue ?? 0) - (a.overdue ?? 0) || b.vacant - a.vacant || (b.open ?? 0) - (a.open ?? 0),
  );
  return (
    <div className="oversee">
      <nav aria-label={t.oversee.byPlace}>
        {[{ id: own.place, name: own.placeName }, ...opened].map(({ id, name }, i) => (
          <button key={id} type="button" onClick={() => setOpened(opened.slice(0, i))}>
            {i === 0 ? "" : "› "}
            {name}
          </button>
        ))}
      </nav>
      {load.data === undefined || places.length === 0 ? null : (
        <dl className="oversee-figures">
          <Figure name={t.oversee.overdue} value={sum(({ overdue }) => overdue ?? 0)} isBad />
          <Figure name={t.oversee.unheld} value={sum(({ vacant }) => vacant)} isBad />
          <Figure name={t.oversee.openHead} value={sum(({ open }) => open ?? 0)} />
        </dl>
      )}
      <h2>{t.oversee.overdue}</h2>
      {late.data === undefined ? <p className="phone-note">{t.states.loading}…</p> : null}
      {late.data?.items.length === 0 ? <p className="phone-note">{t.oversee.none}</p> : null}
      <ul className="work">
        {late.data?.items.map((each) => (
          <LateCard key={each.id} of={each} />
        ))}
      </ul>
      {places.length === 0 ? null : (
        <>
          <h2>{t.oversee.byPlace}</h2>
          <table>
            <thead>
              <tr>
                <th>{t.oversee.place}</th>
                <th>{t.oversee.overdue}</th>
                <th>{t.oversee.unheld}</th>
                <th>{t.oversee.openHead}</th>
              </tr>
            </thead>
            <tbody>
              {places.map(({ id, name, overdue, vacant, open }) => (
                <tr key={id}>
                  <td>
                    <button type="button" onClick={() => setOpened([...opened, { id, name }])}>
                      {name} ›
                    </button>
                  </td>
                  <td>{marked(overdue ?? 0)}</td>
                  <td>{marked(vacant)}</td>
                  <td>{open ?? 0}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </div>
  );
}

function Figure({ name, value, isBad }: { name: string; value: number; isBad?: true }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{isBad ? marked(value) : value}</dd>
    </div>
  );
}

function LateCard({ of: { id, title, dueAt, placeName, stateLabel, takenByName } }: { of: CaseSummary }) {
  const t = useText();
  const nowMs = useNowMs();
  return (
    <li>
      <Link to={`/task/${encodeURIComponent(id)}`} className="work-card" data-over>
        <span className="work-clock">▲ {describeClock(t, dueAt, nowMs).text}</span>
        <strong>{title[t.language]}</strong>
        <span>{placeName}</span>
        <span className="work-state">
          {stateLabel[t.language]} · {takenByName ?? t.work.free}
        </span>
      </Link>
    </li>
  );
}

/** What is not zero stands out without its colour, too. */
function marked(count: number): string {
  return count === 0 ? "0" : `▲ ${count}`;
}
