import { useMemo } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { ApiError } from "../api/client.ts";
import { useLock, useVehicle, useVehicleExposures } from "../api/queries.ts";
import type { Lock } from "../../model/finding.ts";
import { useDesk } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { useKeys } from "../frame/use-keys.ts";
import { useText } from "../preferences.tsx";
import { Plate } from "../show/plate.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import { VehicleMark } from "../show/symbols.tsx";
import { ExposureEvidence } from "../vehicle/exposure-evidence.tsx";
import { TrackPlayer } from "../vehicle/track-player.tsx";
import { useVehicleScene } from "../vehicle/use-vehicle-scene.ts";
import { VehicleFacts } from "../vehicle/vehicle-facts.tsx";
import { lockEnd } from "./lock-line.tsx";
import { LockCase } from "./lock-case.tsx";

/** What is shown of a track before the first exposure's start, ms. */
const BEFORE_MS = 1_800_000;

/** A lock's page: why it is, where the vehicle is, and how a person ends it. */
export function LockPanel() {
  const t = useText();
  const { id = "" } = useParams();
  const { data: lock, error } = useLock(id);
  if (lock !== undefined) return <OpenedLock key={id} lock={lock} />;
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Panel title={t.lock.title}>
        <Empty title={t.lock.notFound} hint={id} />
      </Panel>
    );
  }
  return (
    <Panel title={t.lock.title} loading={error === null}>
      <Failed error={error} what={t.rail.failed} />
    </Panel>
  );
}

function OpenedLock({ lock }: { lock: Lock }) {
  const t = useText();
  const { clock, live, cityName } = useDesk();
  const [search, setSearch] = useSearchParams();
  const { data: vehicle } = useVehicle(lock.vehicle);
  const exposures = useVehicleExposures(lock.vehicle);
  const grounds = useMemo(
    () => (exposures.data?.items ?? []).filter(({ id }) => lock.exposures.includes(id)),
    [exposures.data, lock.exposures],
  );
  const open = lock.state === "live" || lock.state === "review";
  const drawn = grounds.find(({ id }) => id === search.get("exposure")) ?? grounds[0] ?? null;
  const earliestMs = Math.min(Date.parse(lock.exposedAt), ...grounds.map(({ start }) => Date.parse(start)));
  const { track, stretches, failed, retry, areas } = useVehicleScene(lock.vehicle, earliestMs - BEFORE_MS, drawn);
  useKeys({ r: () => document.querySelector<HTMLElement>(".panel .steps button")?.focus() });
  const nowMs = live.cityNowMs();
  const at = (instant: string): string => clock.full(instant, nowMs);

  return (
    <Panel
      title={
        <Link to={`/vehicle/${encodeURIComponent(lock.vehicle)}`} title={t.vehicle.title}>
          <Plate vehicle={lock.vehicle} large />
        </Link>
      }
      aside={
        <span className={`tag ${lock.state === "live" ? "locked" : lock.state}`}>
          {open ? <VehicleMark state="locked" size={14} /> : null}
          {t.lockState[lock.state]}
        </span>
      }
    >
      <div className="section">
        {lock.state === "review" ? <p className="notice">{t.card.review}</p> : null}
        <dl className="facts">
          <div>
            <dt>{t.lock.exposedAt}</dt>
            <dd>{at(lock.exposedAt)}</dd>
          </div>
          <div>
            <dt>{t.lock.enteredAt}</dt>
            <dd>{lock.enteredAt === null ? t.card.enteredUnknown(cityName) : at(lock.enteredAt)}</dd>
          </div>
          <div>
            <dt>{t.lock.since}</dt>
            <dd>{at(lock.lockedAt)}</dd>
          </div>
          <div>
            <dt>{t.lock.learnt}</dt>
            <dd>{at(lock.learntAt)}</dd>
          </div>
          {lock.release === null ? (
            <div className="whole">
              <dt>{lock.state === "expired" ? t.lockState.expired : t.lock.expires}</dt>
              <dd>{at(lock.expiresAt)}</dd>
            </div>
          ) : null}
        </dl>
        {lock.release === null ? null : (
          <div className="notice good">
            <strong>{lockEnd(lock, t, at)}</strong>
            <p>
              {t.lock.reason}: {lock.release.reason}
            </p>
            <p>
              {t.lock.evidence}: {lock.release.evidence}
            </p>
          </div>
        )}
      </div>
      {open ? (
        <Section title={t.lock.release}>
          <LockCase lock={lock} />
        </Section>
      ) : null}
      <Section title={t.evidence.title}>
        {exposures.data === undefined ? (
          exposures.isError ? (
            <Failed error={exposures.error} what={t.states.failed} retry={() => void exposures.refetch()} />
          ) : (
            <Loading />
          )
        ) : grounds.length === 0 ? (
          <Empty title={t.evidence.none} />
        ) : (
          grounds.map((exposure) => (
            <ExposureEvidence
              key={exposure.id}
              exposure={exposure}
              area={areas.find((area) => area.id === exposure.area)}
              stretches={stretches}
              drawn={exposure.id === drawn?.id}
              onDraw={() =>
                setSearch(
                  (before) => {
                    before.set("exposure", exposure.id);
                    return before;
                  },
                  { replace: true },
                )
              }
            />
          ))
        )}
      </Section>
      <Section title={t.vehicle.track}>
        {failed !== null ? (
          <Failed error={failed} what={t.vehicle.trackFailed} retry={retry} />
        ) : track === undefined ? (
          <Loading rows={4} />
        ) : (
          <TrackPlayer track={track} stretches={stretches} atMs={null} onAt={ignore} />
        )}
      </Section>
      {vehicle === undefined ? null : (
        <Section title={t.vehicle.position}>
          <VehicleFacts vehicle={vehicle} />
        </Section>
      )}
    </Panel>
  );
}

function ignore(): void {
  // A lock's address says which exposure is drawn and nothing of the slider.
}
