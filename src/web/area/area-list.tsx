import { Link, useSearchParams } from "react-router";
import type { Area } from "../../model/area.ts";
import { useAreas } from "../api/queries.ts";
import { useDesk } from "../desk.tsx";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { ExportButton } from "../show/export-button.tsx";
import { RowLink } from "../show/row-link.tsx";
import { Rows } from "../show/rows.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import { AreaMark } from "../show/symbols.tsx";
import { phaseOf } from "./area-state.ts";

const SHOWN = ["published", "withdrawn"] as const;

/** All risk areas, those in force on top. */
export function AreaList() {
  const t = useText();
  const [search, setSearch] = useSearchParams();
  const { data, isError, error, refetch } = useAreas();
  const state = search.get("state") === "withdrawn" ? "withdrawn" : "published";
  const areas = (data ?? []).filter((area) => area.state === state);
  const numberIn = (value: Area["state"]): number => (data ?? []).filter((area) => area.state === value).length;
  return (
    <Panel title={t.area.list} aside={<ExportButton path="/areas" query={{ state }} />} fixed>
      <div className="filter">
        <Chips
          label={t.area.list}
          options={SHOWN.map((value) => ({ value, text: `${t.area[value]} ${numberIn(value)}` }))}
          chosen={state}
          onChoose={(value) => setSearch(value === "published" ? {} : { state: value }, { replace: true })}
        />
        <Link className="plain push" to="/area/import">
          {t.import.open}
        </Link>
        <Link className="primary" to="/area/new">
          {t.area.publish}
        </Link>
      </div>
      {data === undefined ? (
        isError ? (
          <Failed error={error} what={t.area.failed} retry={() => void refetch()} />
        ) : (
          <Loading rows={8} />
        )
      ) : areas.length === 0 ? (
        <Empty
          title={state === "withdrawn" ? t.area.noneWithdrawn : t.area.listEmpty}
          {...(state === "published" && { hint: t.area.listEmptyHint })}
        />
      ) : (
        <Rows key={state} items={areas} rowHeight={57} keyOf={({ id }) => id} pathOf={areaPath}>
          {(area, isChosen) => <Row area={area} isChosen={isChosen} />}
        </Rows>
      )}
    </Panel>
  );
}

function areaPath({ id }: Area): string {
  return `/area/${encodeURIComponent(id)}`;
}

function Row({ area, isChosen }: { area: Area; isChosen: boolean }) {
  const t = useText();
  const { clock, live } = useDesk();
  const nowMs = live.cityNowMs();
  const phase = phaseOf(area, nowMs);
  return (
    <RowLink className="area-row" to={areaPath(area)} isChosen={isChosen}>
      <AreaMark level={area.level} />
      <span>
        {area.name}
        <br />
        <small>
          {t.level[area.level]} · {area.id}
        </small>
      </span>
      <span className="end">
        {t.area.phase[phase]}
        <br />
        <small>
          {phase === "notYet"
            ? `${t.area.from} ${clock.short(area.from!, nowMs)}`
            : area.to === null
              ? t.area.openEnd
              : `${t.area.to} ${clock.short(area.to, nowMs)}`}
        </small>
      </span>
    </RowLink>
  );
}
