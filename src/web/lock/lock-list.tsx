import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { lockStateSchema, type Lock } from "../../model/finding.ts";
import { useAreas, useLockList } from "../api/queries.ts";
import { useDesk } from "../desk.tsx";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { ExportButton } from "../show/export-button.tsx";
import { Plate } from "../show/plate.tsx";
import { RowLink } from "../show/row-link.tsx";
import { RowList } from "../show/row-list.tsx";
import { Empty } from "../show/states.tsx";
import { VehicleMark } from "../show/symbols.tsx";
import { lockEnd } from "./lock-line.tsx";

/** Every lock there is and was, by state. */
export function LockList() {
  const t = useText();
  const [search, setSearch] = useSearchParams();
  const state = lockStateSchema.options.find((one) => one === search.get("state")) ?? "live";
  const query = useLockList(state);
  const options = useMemo(() => lockStateSchema.options.map((value) => ({ value, text: t.lockState[value] })), [t]);
  return (
    <Panel title={t.lock.list} aside={<ExportButton path="/locks" query={{ state }} />} fixed>
      <div className="filter">
        <Chips
          label={t.lock.list}
          options={options}
          chosen={state}
          onChoose={(value) => setSearch({ state: value }, { replace: true })}
        />
      </div>
      <RowList
        key={state}
        query={query}
        what={t.rail.failed}
        rowHeight={57}
        keyOf={(lock: Lock) => lock.id}
        pathOf={lockPath}
        empty={<Empty title={t.lock.listEmpty} hint={t.lock.listEmptyHint} />}
      >
        {(lock, isChosen) => <Row lock={lock} isChosen={isChosen} />}
      </RowList>
    </Panel>
  );
}

function lockPath({ id }: Lock): string {
  return `/lock/${encodeURIComponent(id)}`;
}

function Row({ lock, isChosen }: { lock: Lock; isChosen: boolean }) {
  const t = useText();
  const { clock, live } = useDesk();
  const { data: areas } = useAreas();
  const nowMs = live.cityNowMs();
  const open = lock.state === "live" || lock.state === "review";
  return (
    <RowLink className="lock-row" to={lockPath(lock)} isChosen={isChosen}>
      <VehicleMark state={open ? "locked" : lock.state === "released" ? "released" : "ordinary"} size={18} />
      <span>
        <Plate vehicle={lock.vehicle} />
        <br />
        <small>{lockEnd(lock, t, (at) => clock.full(at, nowMs))}</small>
      </span>
      <span className="end">
        {clock.full(lock.lockedAt, nowMs)}
        <br />
        <small>{areas === undefined ? "" : t.lock.stays(lock.exposures.length)}</small>
      </span>
    </RowLink>
  );
}
