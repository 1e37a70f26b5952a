import { useSearchParams } from "react-router";
import { vehicleStateSchema, type Vehicle } from "../../model/vehicle.ts";
import { useVehicles } from "../api/queries.ts";
import { useDesk, useLive } from "../desk.tsx";
import { Panel } from "../frame/panel.tsx";
import { LOST_AFTER_MS } from "../map/lost.ts";
import { VEHICLE_STATES } from "../map/fleet.ts";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { ExportButton } from "../show/export-button.tsx";
import { count } from "../show/measure.ts";
import { Plate } from "../show/plate.tsx";
import { RowLink } from "../show/row-link.tsx";
import { RowList } from "../show/row-list.tsx";
import { Empty } from "../show/states.tsx";
import { VehicleMark } from "../show/symbols.tsx";

const STATES = ["", ...vehicleStateSchema.options] as const;
type Choice = (typeof STATES)[number];

/** All vehicles, by state and by a part of their name. */
export function VehicleList() {
  const t = useText();
  const [search, setSearch] = useSearchParams();
  const { stateCounts } = useLive();
  const q = search.get("q") ?? "";
  const state: Choice = STATES.find((one) => one === search.get("state")) ?? "";
  const query = useVehicles(q, state);
  const change = (name: string, value: string): void =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === "") next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const all = stateCounts?.reduce((sum, one) => sum + one, 0) ?? 0;
  return (
    <Panel title={t.vehicle.list} aside={<ExportButton path="/vehicles" query={{ q, state }} />} fixed>
      <div className="filter">
        <input
          type="search"
          value={q}
          placeholder={t.vehicle.listHint}
          aria-label={t.vehicle.listHint}
          onChange={(event) => change("q", event.target.value)}
        />
        <Chips
          label={t.vehicle.list}
          options={STATES.map((value) => {
            const number = value === "" ? all : (stateCounts?.[VEHICLE_STATES.indexOf(value)] ?? 0);
            return { value, text: `${value === "" ? t.vehicle.any : t.state[value]} ${count(number)}` };
          })}
          chosen={state}
          onChoose={(value) => change("state", value)}
        />
      </div>
      <RowList
        key={`${state} ${q}`}
        query={query}
        what={t.states.failed}
        rowHeight={57}
        keyOf={(vehicle: Vehicle) => vehicle.id}
        pathOf={vehiclePath}
        empty={<Empty title={t.vehicle.listEmpty} hint={t.vehicle.listEmptyHint} />}
      >
        {(vehicle, isChosen) => <Row vehicle={vehicle} isChosen={isChosen} />}
      </RowList>
    </Panel>
  );
}

function vehiclePath({ id }: Vehicle): string {
  return `/vehicle/${encodeURIComponent(id)}`;
}

function Row({ vehicle, isChosen }: { vehicle: Vehicle; isChosen: boolean }) {
  const t = useText();
  const { clock, live } = useDesk();
  const nowMs = live.cityNowMs();
  const { last } = vehicle;
  const lost = last !== null && nowMs - Date.parse(last.time) > LOST_AFTER_MS;
  const inside =
    vehicle.insideFence === null ? t.vehicle.insideUnknown : vehicle.insideFence ? t.vehicle.inside : t.vehicle.outside;
  return (
    <RowLink className="vehicle-row" to={vehiclePath(vehicle)} isChosen={isChosen}>
      <VehicleMark state={vehicle.state} lost={lost} size={18} />
      <span>
        <Plate vehicle={vehicle.id} /> {t.state[vehicle.state]}
        <br />
        <small>
          {inside}
          {last?.speedKmh === null || last === null ? "" : ` · ${t.map.speed(last.speedKmh.toFixed(0))}`}
        </small>
      </span>
      <span className="end">
        {last === null ? t.vehicle.noPosition : clock.full(last.time, nowMs)}
        <br />
        <small>{lost ? t.lost : ""}</small>
      </span>
    </RowLink>
  );
}
