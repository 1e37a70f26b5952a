import type { Lock } from "../../model/finding.ts";
import { useAreas, useVehicleExposures } from "../api/queries.ts";
import { useCityNow, useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { count } from "../show/measure.ts";
import { roughSpan } from "../show/instant.ts";
import { Plate } from "../show/plate.tsx";

/** As many as can be read from five metres. */
const SHOWN = 6;

/** The newest locks that wait for a person. */
export function WallLocks({ locks }: { locks: Lock[] | undefined }) {
  const t = useText();
  const newest = (locks ?? []).toSorted((a, b) => (a.learntAt < b.learntAt ? 1 : -1)).slice(0, SHOWN);
  const more = (locks?.length ?? 0) - newest.length;
  return (
    <section className="wall-locks" aria-label={t.wall.locked}>
      <header>
        <h2>{t.wall.locked}</h2>
        <b>{locks === undefined ? "–" : count(locks.length)}</b>
      </header>
      {locks === undefined ? null : newest.length === 0 ? (
        <p className="wall-none">✓ {t.wall.none}</p>
      ) : (
        <ol>
          {newest.map((lock) => (
            <Line key={lock.id} lock={lock} />
          ))}
        </ol>
      )}
      {more > 0 ? <p className="wall-more">{t.wall.more(more)}</p> : null}
    </section>
  );
}

function Line({ lock }: { lock: Lock }) {
  const t = useText();
  const { clock } = useDesk();
  const nowMs = useCityNow(10_000);
  const { data: exposures } = useVehicleExposures(lock.vehicle);
  const { data: areas } = useAreas();
  const ground = exposures?.items.find(({ id }) => lock.exposures.includes(id));
  const area = areas?.find(({ id }) => id === ground?.area);
  return (
    <li>
      <Plate vehicle={lock.vehicle} />
      <time dateTime={lock.lockedAt}>
        {clock.short(lock.lockedAt, nowMs)}
        <small>{t.wall.ago(roughSpan(Math.max(0, nowMs - Date.parse(lock.learntAt)), t))}</small>
      </time>
      <span className="wall-place">{lock.state === "review" ? t.rail.review : (area?.name ?? t.wall.noArea)}</span>
    </li>
  );
}
