import { useEffect, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import type { PlaceKind } from "../../model/place.ts";
import { useDesk } from "../desk.tsx";
import { Panel } from "../frame/panel.tsx";
import { bboxOf, positionsOf } from "../map/plane.ts";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { useMe } from "../session/use-me.ts";
import { Chips } from "../show/chips.tsx";
import { TableFile } from "../show/table-file.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import { placeAt, useOutlines, usePlace, usePlaceLoad, type Below, type PlaceLoad } from "./grid-queries.ts";
import { LoadRows } from "./load-rows.tsx";
import { loadFeatures, STEPS } from "./load-features.ts";
import { Roster } from "./roster.tsx";
import "./grid.css";

const KINDS: readonly PlaceKind[] = ["county", "township", "community", "grid"];
const DEPTH: Record<PlaceKind, number> = { city: 0, county: 1, township: 2, district: 2, community: 3, grid: 4 };
const FILTERS = ["all", "overdue", "open", "vacant"] as const;
type Filter = (typeof FILTERS)[number];

/** Places from the city down to a grid, on the map and as a list: open work, what is late, slots that nobody holds; who serves there. */
export function GridPanel() {
  const t = useText();
  const [search, setSearch] = useSearchParams();
  const { clock } = useDesk();
  const { data: me } = useMe();
  const tops = usePlaceLoad({ place: null, kind: null, at: search.get("at") });
  // Nobody needs a list of one city: what lies below it is shown.
  const place = search.get("place") ?? tops.data?.[0]?.id ?? null;
  const kind = KINDS.find((one) => one === search.get("level")) ?? null;
  const at = search.get("at");
  const below: Below = { place, kind, at };
  const inside = usePlaceLoad(below);
  const load = place === null ? tops : inside;
  const here = usePlace(place, at);
  useLoadOnMap(below, load.data, here.data === undefined ? null : here.data);
  const set = (change: Record<string, string | null>): void => {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries(change))
      if (value === null) next.delete(name);
      else next.set(name, value);
    setSearch(next, { replace: true });
  };
  const levels = KINDS.filter((one) => DEPTH[one] > DEPTH[here.data?.kind ?? "city"]);
  const isGrid = here.data !== undefined && load.data?.length === 0;
  return (
    <Panel
      title={here.data?.name ?? t.grids.title}
      aside={
        me?.rights.includes("places") === true ? (
          <Link className="head-link" to={`/grids/recut${isGrid ? `?places=${encodeURIComponent(place!)}` : ""}`}>
            {t.grids.recut}
          </Link>
        ) : null
      }
      wide
      fixed
    >
      <div className="filter grid-head">
        {here.data === undefined ? null : (
          <nav className="trail" aria-label={t.grids.trail}>
            {here.data.above.map((each) => (
              <Link key={each.id} to={`/grids?place=${encodeURIComponent(each.id)}`}>
                {each.name}
              </Link>
            ))}
            <span aria-current="page">{here.data.name}</span>
          </nav>
        )}
        {isGrid || levels.length === 0 ? null : (
          <Chips<PlaceKind | "below">
            label={t.grids.level}
            options={[
              { value: "below", text: t.grids.below },
              ...levels.slice(1).map((value) => ({ value, text: t.grids.kinds[value] })),
            ]}
            chosen={kind ?? "below"}
            onChoose={(value) => set({ level: value === "below" ? null : value })}
          />
        )}
        <label className="as-of push">
          {t.grids.at}
          <input
            type="date"
            value={at === null ? "" : clock.day(at)}
            onChange={({ target: { value } }) =>
              set({ at: value === "" ? null : new Date(clock.instantOf(`${value}T12:00`)).toISOString() })
            }
          />
          {at === null ? null : (
            <button type="button" className="link" onClick={() => set({ at: null })}>
              {t.grids.now}
            </button>
          )}
        </label>
      </div>
      {load.isError || here.isError ? (
        <Failed
          error={load.error ?? here.error}
          what={t.grids.failed}
          retry={() => void Promise.all([load.refetch(), here.refetch()])}
        />
      ) : load.data === undefined ? (
        <Loading rows={10} />
      ) : load.data.length > 0 ? (
        <Loads key={`${place} ${kind}`} loads={load.data} roster={place === null ? null : place} at={at} />
      ) : place === null ? (
        <Empty title={t.grids.noPlaces} hint={t.grids.noPlacesHint} />
      ) : (
        <div className="scrolled">
          <Roster key={place} place={place} at={at} />
        </div>
      )}
    </Panel>
  );
}

/** The list of places, what of it needs somebody, and what the map's fill means. */
function Loads({ loads, roster, at }: { loads: readonly PlaceLoad[]; roster: string | null; at: string | null }) {
  const t = useText();
  const [filter, setFilter] = useState<Filter>("all");
  const [name, setName] = useState("");
  const shown = useMemo(() => {
    const has: Record<Filter, (load: PlaceLoad) => boolean> = {
      all: () => true,
      overdue: ({ overdue }) => (overdue ?? 0) > 0,
      open: ({ open }) => (open ?? 0) > 0,
      vacant: ({ vacant }) => vacant > 0,
    };
    const counts = Object.fromEntries(FILTERS.map((one) => [one, loads.filter(has[one]).length]));
    const wanted = name.trim();
    return {
      counts,
      rows: loads.filter(
        (load) => has[filter](load) && (wanted === "" || load.name.includes(wanted) || load.id === wanted),
      ),
    };
  }, [loads, filter, name]);
  const sum = (of: (load: PlaceLoad) => number): number => loads.reduce((total, load) => total + of(load), 0);
  const [first] = loads;
  return (
    <>
      <div className="filter grid-head">
        <Chips<Filter>
          label={t.grids.title}
          options={FILTERS.map((value) => ({
            value,
            text: `${value === "all" ? t.grids.all : t.grids[value]} ${shown.counts[value]}`,
          }))}
          chosen={filter}
          onChoose={setFilter}
        />
        <input
          type="search"
          placeholder={t.grids.search}
          aria-label={t.grids.search}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <div className="sum-line">
          <small className="muted">
            {t.grids.sum(
              sum(({ open }) => open ?? 0),
              sum(({ overdue }) => overdue ?? 0),
              sum(({ vacant }) => vacant),
            )}
            {" · "}
            {t.grids.coverage(loads.filter(({ vacant }) => vacant === 0).length, loads.length)}
          </small>
          <TableFile
            name={t.grids.title}
            head={[t.recut.id, t.grids.place, t.grids.grids, t.grids.open, t.grids.overdue, t.grids.vacant]}
            rows={() =>
              shown.rows.map((load) => [load.id, load.name, load.leaves, load.open, load.overdue, load.vacant])
            }
          />
        </div>
        <LoadLegend kind={first!.kind} />
      </div>
      {shown.rows.length === 0 ? (
        <Empty title={t.grids.noMatch} />
      ) : (
        <LoadRows key={`${filter} ${name}`} rows={shown.rows} />
      )}
      {roster === null ? null : (
        <details className="roster-fold">
          <summary>{t.roster.title}</summary>
          <Roster key={roster} place={roster} at={at} />
        </details>
      )}
    </>
  );
}

function LoadLegend({ kind }: { kind: PlaceKind }) {
  const t = useText();
  const steps = STEPS[kind];
  return (
    <ul className="load-legend" aria-label={t.grids.legend} title={t.grids.legend}>
      {steps.map((from, index) => {
        const to = steps[index + 1];
        return (
          <li key={from}>
            <i className={`load-${index + 1}`} />
            {to === undefined ? `≥${from}` : to - 1 === from ? from : `${from}–${to - 1}`}
          </li>
        );
      })}
      <li>
        <i className="load-late" />
        {t.grids.late}
      </li>
      <li>
        <i className="load-vacant" />
        {t.grids.legendVacant}
      </li>
    </ul>
  );
}

/** Fills the places on the map by their load, brings the one that is open into view, and lets a click on the ground open another. */
function useLoadOnMap(
  below: Below,
  loads: readonly PlaceLoad[] | undefined,
  here: { id: string; kind: PlaceKind; geometry: { type: string } } | null,
): void {
  const navigate = useNavigate();
  const { data: shapes } = useOutlines(below);
  useEffect(() => {
    if (loads === undefined || shapes === undefined) return;
    const own = shapes.length === 0 && here !== null ? [here as never] : shapes;
    scene.set({ grids: loadFeatures(own, loads, here?.id ?? null) });
  }, [loads, shapes, here]);
  useEffect(() => () => scene.set({ grids: null }), []);
  const geometry = here?.geometry;
  useEffect(() => {
    if (geometry !== undefined) scene.focus({ bbox: bboxOf(positionsOf(geometry as never)) });
  }, [geometry]);
  const depth = below.kind === null ? DEPTH[here?.kind ?? "city"] + 1 : DEPTH[below.kind];
  useEffect(() => {
    const openPlaceAt = async (lon: number, lat: number): Promise<void> => {
      const { place, above } = await placeAt(lon, lat).catch(() => ({ place: null, above: [] }));
      const path = place === null ? [] : [...above, place];
      const target = path[Math.min(depth, path.length - 1)];
      if (target !== undefined) void navigate(`/grids?place=${encodeURIComponent(target.id)}`);
    };
    scene.onGround = ([lon, lat]) => void openPlaceAt(lon, lat);
    return () => {
      scene.onGround = null;
    };
  }, [depth, navigate]);
}
