import { lazy, Suspense } from "react";
import "./wall.css";
import { useGateCountsSince, useOpenLocks } from "../api/queries.ts";
import { useCityNow, useDesk, useLive } from "../desk.tsx";
import { VEHICLE_STATES } from "../map/fleet.ts";
import { useText } from "../preferences.tsx";
import { roughSpan } from "../show/instant.ts";
import { count } from "../show/measure.ts";
import { Fence } from "../show/states.tsx";
import { VehicleMark } from "../show/symbols.tsx";
import { WallLocks } from "./wall-locks.tsx";

const MapView = lazy(async () => ({ default: (await import("../map/map-view.tsx")).MapView }));

/** For a wall that nobody touches, 3840 × 1080, read from five metres: the city, its counts, the newest locks. */
export function Wall() {
  const t = useText();
  const { city, cityName, clock } = useDesk();
  const { status, connection, lostSinceMs, stateCounts } = useLive();
  const { data: locks } = useOpenLocks();
  return (
    <main className="wall" aria-label={t.wall.title}>
      <section className="wall-counts">
        <header>
          <h1>{cityName}</h1>
          <b className="wall-clock">{status === null ? "--:--" : clock.minute(status.cityTimeMs)}</b>
          <span>{status === null ? "" : clock.day(status.cityTimeMs)}</span>
        </header>
        <dl>
          {VEHICLE_STATES.toReversed()
            .filter((state) => state !== "released")
            .map((state) => (
              <div key={state} className={state}>
                <dt>
                  <VehicleMark state={state} size={44} /> {t.state[state]}
                </dt>
                <dd>{count(stateCounts?.[VEHICLE_STATES.indexOf(state)] ?? 0)}</dd>
              </div>
            ))}
          <Passages />
        </dl>
        {connection === "lost" ? (
          <p className="wall-state bad" role="status">
            △ {t.wall.lost(clock.minute(lostSinceMs ?? Date.now()))}
          </p>
        ) : status === null ? null : (
          <p className={`wall-state${status.health.state === "ok" ? "" : " bad"}`}>
            {status.health.state === "ok" ? `✓ ${t.bar.healthOk}` : `△ ${t.bar.healthBad}`}
            <br />
            {t.bar.rate} {count(status.fixesPerSecond)} {t.bar.rateUnit} · {t.wall.lag}{" "}
            {status.lagMs === null
              ? "–"
              : status.lagMs < 10_000
                ? `${count(status.lagMs)} ms`
                : roughSpan(status.lagMs, t)}
          </p>
        )}
      </section>
      <div className="wall-map" inert>
        <Fence message={t.states.crashed}>
          <Suspense fallback={<div className="map-waiting">{t.map.loading}</div>}>
            {city === undefined ? null : <MapView city={city} />}
          </Suspense>
        </Fence>
      </div>
      <WallLocks locks={locks} />
    </main>
  );
}

function Passages() {
  const t = useText();
  const { clock } = useDesk();
  const { data: counts } = useGateCountsSince(clock.startOfDay(useCityNow(60_000)));
  const sum = (name: "inbound" | "outbound"): string =>
    counts === undefined ? "–" : count(counts.reduce((all, row) => all + row[name], 0));
  return (
    <div className="passages">
      <dt>{t.wall.passages}</dt>
      <dd>
        {sum("inbound")} / {sum("outbound")}
      </dd>
    </div>
  );
}
