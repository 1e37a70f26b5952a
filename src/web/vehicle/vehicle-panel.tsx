import { useCallback, useEffect } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { ApiError } from "../api/client.ts";
import { HOUR_MS, useVehicle, useVehicleExposures, useVehicleLocks, useVehiclePassages } from "../api/queries.ts";
import { useCityNow, useDesk } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { maskOf } from "../show/measure.ts";
import { ExportButton } from "../show/export-button.tsx";
import { Plate } from "../show/plate.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import { VehicleMark } from "../show/symbols.tsx";
import { LockLine } from "../lock/lock-line.tsx";
import { useMe } from "../session/use-me.ts";
import { Arrivals } from "./arrivals.tsx";
import { ExposureEvidence } from "./exposure-evidence.tsx";
import { PassageTable } from "./passage-table.tsx";
import { StopList } from "./stop-list.tsx";
import { TerminalCommands } from "./terminal-commands.tsx";
import { TrackFile } from "./track-file.tsx";
import { TrackPlayer } from "./track-player.tsx";
import { focusTrack, useVehicleScene } from "./use-vehicle-scene.ts";
import { VehicleFacts } from "./vehicle-facts.tsx";
import { Viewers } from "./viewers.tsx";

const RANGES = ["6", "24", "168"] as const;
type Range = (typeof RANGES)[number];
/** The beginning of the track moves on in steps of this, ms. */
const FROM_STEP_MS = 600_000;
/** What is shown of a track before an exposure's start, ms. */
const BEFORE_MS = 1_800_000;

/** A vehicle's page. Its address holds the track's length (`hours`), the evidence that is drawn, and the slider's instant (`at`). */
export function VehicleRoute() {
  const t = useText();
  const { id = "" } = useParams();
  const { awaitsTime } = useDesk();
  // By the wall clock a track would be asked for that has not been driven yet.
  return awaitsTime ? <Panel title={t.vehicle.title} loading /> : <VehiclePanel key={id} id={id} />;
}

function VehiclePanel({ id }: { id: string }) {
  const t = useText();
  const [search, setSearch] = useSearchParams();
  const { data: vehicle, error } = useVehicle(id);
  const exposures = useVehicleExposures(id);
  const passages = useVehiclePassages(id);
  const locks = useVehicleLocks(id);
  const nowMs = useCityNow(FROM_STEP_MS);
  const { live } = useDesk();
  const seesCases = useMe().data?.rights.includes("cases") === true;

  const asked = search.get("hours");
  const range: Range = RANGES.find((one) => one === asked) ?? "6";
  const items = exposures.data?.items ?? [];
  const drawnId = search.get("exposure");
  const drawn = items.find((one) => one.id === drawnId) ?? null;
  const rangeMs = nowMs - Number(range) * HOUR_MS;
  const fromMs = drawn === null ? rangeMs : Math.min(rangeMs, Date.parse(drawn.start) - BEFORE_MS);
  const { track, stretches, failed, retry, areas } = useVehicleScene(id, fromMs, drawn);

  const put = useCallback(
    (name: string, value: string | null) =>
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          if (value === null) next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    [setSearch],
  );
  const onAt = useCallback(
    (atMs: number | null) => put("at", atMs === null ? null : new Date(atMs).toISOString()),
    [put],
  );
  // A vehicle that is opened without an exposure to look at is brought into view where it is.
  const place = vehicle?.last ?? null;
  useEffect(() => {
    if (place !== null && drawnId === null) scene.focus({ place: [place.lon, place.lat], zoom: 11 });
  }, [id, place === null]);

  if (vehicle === undefined) {
    if (error instanceof ApiError && error.status === 404) {
      return (
        <Panel title={t.vehicle.title}>
          <Empty title={t.vehicle.notFound} hint={id} />
        </Panel>
      );
    }
    const needsPurpose = error instanceof ApiError && error.code === "PURPOSE_NEEDED";
    return (
      <Panel title={<Plate vehicle={needsPurpose ? maskOf(id) : id} large />} loading={error === null}>
        <Failed error={error} what={t.states.failed} />
      </Panel>
    );
  }
  const at = Date.parse(search.get("at") ?? "");
  return (
    <Panel
      title={<Plate vehicle={id} large />}
      aside={
        <span className={`tag ${vehicle.state}`}>
          <VehicleMark state={vehicle.state} size={15} /> {t.state[vehicle.state]}
        </span>
      }
    >
      <div className="section">
        <VehicleFacts vehicle={vehicle} />
      </div>
      {(locks.data?.items.length ?? 0) === 0 ? null : (
        <Section title={t.lock.title}>
          {locks.data!.items.map((lock) => (
            <LockLine key={lock.id} lock={lock} nowMs={live.cityNowMs()} />
          ))}
        </Section>
      )}
      <Section
        title={t.vehicle.track}
        aside={
          <>
            <Chips
              label={t.vehicle.track}
              options={RANGES.map((value) => ({ value, text: t.vehicle.trackRange[value]! }))}
              chosen={range}
              onChoose={(value) => put("hours", value)}
            />
            <button type="button" className="link" onClick={() => track !== undefined && focusTrack(track)}>
              {t.vehicle.showAll}
            </button>
          </>
        }
      >
        {failed !== null ? (
          <Failed error={failed} what={t.vehicle.trackFailed} retry={retry} />
        ) : track === undefined ? (
          <Loading rows={4} />
        ) : (
          <>
            <TrackPlayer track={track} stretches={stretches} atMs={Number.isNaN(at) ? null : at} onAt={onAt} />
            <StopList vehicle={id} track={track} stretches={stretches} onAt={onAt} />
            <TrackFile vehicle={id} fromMs={fromMs} />
          </>
        )}
      </Section>
      <Section
        title={`${t.vehicle.exposures}${items.length > 0 ? ` ${items.length}` : ""}`}
        aside={items.length === 0 ? null : <ExportButton path="/exposures" query={{ vehicle: id }} />}
      >
        {exposures.data === undefined ? (
          exposures.isError ? (
            <Failed error={exposures.error} what={t.states.failed} retry={() => void exposures.refetch()} />
          ) : (
            <Loading />
          )
        ) : items.length === 0 ? (
          <Empty title={t.vehicle.exposuresEmpty} hint={t.vehicle.exposuresEmptyHint} />
        ) : (
          items.map((exposure) => (
            <ExposureEvidence
              key={exposure.id}
              exposure={exposure}
              area={areas.find((area) => area.id === exposure.area)}
              stretches={stretches}
              drawn={exposure.id === drawnId}
              onDraw={() => put("exposure", exposure.id)}
            />
          ))
        )}
      </Section>
      <Section
        title={t.vehicle.passages}
        aside={
          (passages.data?.items.length ?? 0) === 0 ? null : <ExportButton path="/passages" query={{ vehicle: id }} />
        }
      >
        {passages.data === undefined ? (
          passages.isError ? (
            <Failed error={passages.error} what={t.states.failed} retry={() => void passages.refetch()} />
          ) : (
            <Loading />
          )
        ) : passages.data.items.length === 0 ? (
          <Empty title={t.vehicle.passagesEmpty} />
        ) : (
          <PassageTable passages={passages.data.items} />
        )}
      </Section>
      {seesCases ? <Arrivals vehicle={id} /> : null}
      <Viewers vehicle={id} />
      <TerminalCommands vehicle={id} hasTerminal={vehicle.terminal !== null} />
      <p className="section muted">
        <Link to="/vehicles">{t.nav.vehicles}</Link>
      </p>
    </Panel>
  );
}
