import { Link } from "react-router";
import { useRecentExposures, useRecentLocks } from "../api/queries.ts";
import { useCityNow, useLive } from "../desk.tsx";
import { VEHICLE_STATES } from "../map/fleet.ts";
import { useText } from "../preferences.tsx";
import { count } from "../show/measure.ts";
import { VehicleMark } from "../show/symbols.tsx";
import { trendOf, type Trend } from "./trend.ts";

/** How many vehicles are in each state, over the map, and how many came to it in the last hour; each leads to its list. */
export function StateCounts() {
  const t = useText();
  const { stateCounts } = useLive();
  const nowMs = useCityNow(60_000);
  const { data: locks } = useRecentLocks();
  const { data: exposures } = useRecentExposures();
  const trends = {
    ordinary: null,
    exposed:
      exposures === undefined
        ? null
        : trendOf(
            exposures.items.map(({ exposedAt }) => exposedAt),
            nowMs,
          ),
    locked:
      locks === undefined
        ? null
        : trendOf(
            locks.items.map(({ lockedAt }) => lockedAt),
            nowMs,
          ),
    released:
      locks === undefined
        ? null
        : trendOf(
            locks.items.flatMap(({ release }) => release?.at ?? []),
            nowMs,
          ),
  };
  return (
    <nav className="state-counts" aria-label={t.vehicle.list}>
      {VEHICLE_STATES.map((state, index) => (
        <Link key={state} to={`/vehicles?state=${state}`} className={state}>
          <VehicleMark state={state} size={16} />
          <span>{t.state[state]}</span>
          <b>{stateCounts === null ? "–" : count(stateCounts[index] ?? 0)}</b>
          <Change trend={trends[state]} />
        </Link>
      ))}
    </nav>
  );
}

/** The last hour against the hour before; nothing while both are empty. */
function Change({ trend }: { trend: Trend | null }) {
  const t = useText();
  if (trend === null || (trend.hour === 0 && trend.before === 0)) return null;
  const arrow = trend.hour > trend.before ? "↑" : trend.hour < trend.before ? "↓" : "→";
  return (
    <small
      title={t.trend.hour(trend.hour, trend.before)}
      aria-label={t.trend.hour(trend.hour, trend.before)}
      role="img"
    >
      +{count(trend.hour)} {arrow}
    </small>
  );
}
