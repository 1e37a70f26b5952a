import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import type { Roster } from "../../model/duty.ts";
import { get } from "../api/client.ts";
import { Panel, Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import "../case/case.css";

interface PlaceLoad {
  id: string;
  name: string;
  kind: string;
  leaves: number;
  vacant: number;
  open: number | null;
  overdue: number | null;
}

interface PlaceView {
  id: string;
  name: string;
  kind: string;
  path: string;
}

const REFRESH_MS = 15_000;

/** Places from the city down to a grid: open work, what is late, and slots that nobody holds; and who serves there. */
export function GridPanel() {
  const t = useText();
  const [search] = useSearchParams();
  const place = search.get("place");
  const load = useQuery({
    queryKey: ["places-load", place],
    queryFn: () => get<{ items: PlaceLoad[] }>("/places/load", { parent: place }),
    refetchInterval: REFRESH_MS,
  });
  const here = useQuery({
    queryKey: ["place", place],
    queryFn: () => get<PlaceView>(`/places/${encodeURIComponent(place ?? "")}`),
    enabled: place !== null,
  });
  return (
    <Panel title={here.data?.name ?? t.grids.title} wide>
      {here.data === undefined ? null : <Trail path={here.data.path} />}
      {load.isError ? (
        <Failed error={load.error} what={t.grids.failed} retry={() => void load.refetch()} />
      ) : load.data === undefined ? (
        <Loading rows={10} />
      ) : load.data.items.length === 0 ? null : (
        <table className="grid-table">
          <thead>
            <tr>
              <th>{t.grids.place}</th>
              <th>{t.grids.grids}</th>
              <th>{t.grids.open}</th>
              <th>{t.grids.overdue}</th>
              <th>{t.grids.vacant}</th>
            </tr>
          </thead>
          <tbody>
            {load.data.items.map((each) => (
              <tr key={each.id}>
                <td>
                  <Link to={`/grids?place=${encodeURIComponent(each.id)}`}>{each.name}</Link>
                </td>
                <td>{each.leaves}</td>
                <td>{each.open ?? "–"}</td>
                <td>{(each.overdue ?? 0) > 0 ? `▲ ${each.overdue}` : (each.overdue ?? "–")}</td>
                <td className={each.vacant > 0 ? "vacant" : ""}>{each.vacant > 0 ? `○ ${each.vacant}` : "0"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {place === null ? null : <RosterPart place={place} />}
    </Panel>
  );
}

/** The way from the city to here, each place a link. */
function Trail({ path }: { path: string }) {
  const t = useText();
  const ids = path.slice(0, -1).split("/");
  const names = useQuery({
    queryKey: ["place-trail", path],
    queryFn: () => Promise.all(ids.map((id) => get<PlaceView>(`/places/${encodeURIComponent(id)}`))),
    staleTime: 60_000,
  });
  return (
    <nav className="filter" aria-label={t.grids.trail}>
      {(names.data ?? []).map((each, index) => (
        <span key={each.id}>
          {index === 0 ? "" : " › "}
          <Link to={`/grids?place=${encodeURIComponent(each.id)}`}>{each.name}</Link>
        </span>
      ))}
    </nav>
  );
}

function RosterPart({ place }: { place: string }) {
  const t = useText();
  const { data, isError, error, refetch } = useQuery({
    queryKey: ["roster", place],
    queryFn: () => get<Roster>(`/places/${encodeURIComponent(place)}/duties`),
    refetchInterval: REFRESH_MS,
  });
  const slotName = (slot: string): string => t.session.slots[slot as keyof typeof t.session.slots] ?? slot;
  return (
    <Section title={t.grids.roster}>
      {isError ? (
        <Failed error={error} what={t.grids.failed} retry={() => void refetch()} />
      ) : data === undefined ? (
        <Loading />
      ) : data.holders.length === 0 && data.vacant.length === 0 ? (
        <Empty title={t.grids.noRoster} />
      ) : (
        <table className="grid-table">
          <tbody>
            {data.vacant.map((slot) => (
              <tr key={slot}>
                <td className="vacant">○ {slotName(slot)}</td>
                <td className="vacant">{t.grids.nobody}</td>
              </tr>
            ))}
            {data.holders.map((holder) => (
              <tr key={holder.duty}>
                <td>{slotName(holder.slot)}</td>
                <td>
                  {holder.name}
                  {holder.onLeave
                    ? ` · ${t.grids.onLeave}${holder.substitutes.map(({ name }) => ` → ${name}`).join("")}`
                    : ""}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
