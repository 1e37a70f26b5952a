import type { Vehicle } from "../../model/vehicle.ts";
import { useDesk } from "../desk.tsx";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { roughSpan } from "../show/instant.ts";

/** Where the vehicle is and how old that is. */
export function VehicleFacts({ vehicle }: { vehicle: Vehicle }) {
  const t = useText();
  const { clock, live } = useDesk();
  const { last } = vehicle;
  const nowMs = live.cityNowMs();
  const inside =
    vehicle.insideFence === null ? t.vehicle.insideUnknown : vehicle.insideFence ? t.vehicle.inside : t.vehicle.outside;
  if (last === null) {
    return (
      <dl className="facts">
        <div className="whole">
          <dt>{t.vehicle.position}</dt>
          <dd>
            {t.vehicle.noPosition}. {t.vehicle.noPositionHint}
          </dd>
        </div>
      </dl>
    );
  }
  return (
    <dl className="facts">
      <div>
        <dt>{t.vehicle.lastFix}</dt>
        <dd>
          {clock.full(last.time, nowMs)}{" "}
          <small className="muted">{t.vehicle.age(roughSpan(Math.max(0, nowMs - Date.parse(last.time)), t))}</small>
        </dd>
      </div>
      <div>
        <dt>{t.vehicle.position}</dt>
        <dd>
          {inside} · {last.speedKmh === null ? "–" : t.map.speed(last.speedKmh.toFixed(0))}
        </dd>
      </div>
      <div>
        <dt>{t.vehicle.coordinates}</dt>
        <dd>
          {last.lon.toFixed(5)}, {last.lat.toFixed(5)}{" "}
          <button
            type="button"
            className="link"
            onClick={() => scene.focus({ place: [last.lon, last.lat], zoom: 13.5 })}
          >
            {t.vehicle.followMap}
          </button>
        </dd>
      </div>
      <div>
        <dt>{t.vehicle.terminal}</dt>
        <dd>{vehicle.terminal ?? "–"}</dd>
      </div>
    </dl>
  );
}
