import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { z } from "zod";
import type { caseCountsSchema, CaseSummary } from "../../model/case.ts";
import { get } from "../../web/api/client.ts";
import { useText } from "../language.tsx";
import { describeClock } from "../parts/time-left.ts";
import { useNowMs, usePhone } from "../phone.tsx";

type Counts = z.infer<typeof caseCountsSchema>;
const SHOWN = 30;

/** For whoever leads more than one grid: what is late, and by place. */
export function OverseePage() {
  const t = useText();
  const { me } = usePhone();
  const nowMs = useNowMs();
  const place = me?.duties.find(({ placeKind }) => placeKind !== "grid")?.place;
  const counts = useQuery({
    queryKey: ["counts", place],
    queryFn: () => get<Counts>("/cases/counts", { place }),
    enabled: place !== undefined,
    refetchInterval: 30_000,
  });
  const late = useQuery({
    queryKey: ["late", place],
    queryFn: () => get<{ items: CaseSummary[] }>("/cases", { place, overdue: "true", limit: SHOWN }),
    enabled: place !== undefined,
    refetchInterval: 30_000,
  });
  if (place === undefined) return <p className="phone-note">{t.oversee.notYours}</p>;
  if (counts.isError || late.isError)
    return (
      <p className="phone-failed" role="alert">
        {t.states.failed}: {t.states.unreachable}
      </p>
    );
  const places = (counts.data?.places ?? []).toSorted((a, b) => b.overdue - a.overdue || b.open - a.open);
  return (
    <div className="oversee">
      <h2>{t.oversee.overdue}</h2>
      <ul className="work">
        {(late.data?.items ?? []).map((each) => (
          <li key={each.id}>
            <Link to={`/task/${encodeURIComponent(each.id)}`} className="work-card" data-over>
              <span className="work-clock">▲ {describeClock(t, each.dueAt, nowMs).text}</span>
              <strong>{each.title[t.language]}</strong>
              <span>{each.placeName}</span>
              <span className="work-state">
                {each.stateLabel[t.language]} · {each.takenByName ?? t.work.free}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {late.data?.items.length === 0 ? <p className="phone-note">{t.oversee.none}</p> : null}
      <h2>{t.oversee.byPlace}</h2>
      <table>
        <thead>
          <tr>
            <th>{t.oversee.place}</th>
            <th>{t.oversee.openHead}</th>
            <th>{t.oversee.overdue}</th>
          </tr>
        </thead>
        <tbody>
          {places.map((each) => (
            <tr key={each.place}>
              <td>{each.name}</td>
              <td>{each.open}</td>
              <td>{each.overdue === 0 ? "0" : `▲ ${each.overdue}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
