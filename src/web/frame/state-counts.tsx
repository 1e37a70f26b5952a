import { Link } from "react-router";
import { useLive } from "../desk.tsx";
import { VEHICLE_STATES } from "../map/fleet.ts";
import { useText } from "../preferences.tsx";
import { count } from "../show/measure.ts";
import { VehicleMark } from "../show/symbols.tsx";

/** How many vehicles are in each state, over the map; each leads to its list. */
export function StateCounts() {
  const t = useText();
  const { stateCounts } = useLive();
  return (
    <nav className="state-counts" aria-label={t.vehicle.list}>
      {VEHICLE_STATES.map((state, index) => (
        <Link key={state} to={`/vehicles?state=${state}`} className={state}>
          <VehicleMark state={state} size={16} />
          <span>{t.state[state]}</span>
          <b>{count(stateCounts[index] ?? 0)}</b>
        </Link>
      ))}
    </nav>
  );
}
