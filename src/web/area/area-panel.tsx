import { useEffect, useState } from "react";
import { Link, useParams } from "react-router";
import type { Area } from "../../model/area.ts";
import { ApiError } from "../api/client.ts";
import { useArea, useAreaExposures, useSystem } from "../api/queries.ts";
import { useDesk } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { bboxOf, positionsOf } from "../map/plane.ts";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { span } from "../show/instant.ts";
import { ExportButton } from "../show/export-button.tsx";
import { count, distance } from "../show/measure.ts";
import { Plate } from "../show/plate.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import { AreaMark } from "../show/symbols.tsx";
import { phaseOf } from "./area-state.ts";
import { AreaVersions } from "./area-versions.tsx";
import { AreaCommands } from "./withdraw.tsx";

/** Degrees around an area that is brought into view: its reach and a little more. */
const AROUND_DEGREES = 0.011;

/** A risk area's page: what was published, what came of it, its versions. */
export function AreaPanel() {
  const t = useText();
  const { id = "" } = useParams();
  const { data: area, error } = useArea(id);
  useEffect(() => {
    scene.set({ area: id });
    return () => scene.set({ area: null });
  }, [id]);
  useEffect(() => {
    if (area !== undefined) focusArea(area);
  }, [area?.id]);
  if (area !== undefined) return <Opened area={area} />;
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Panel title={t.area.title}>
        <Empty title={t.area.notFound} hint={id} />
      </Panel>
    );
  }
  return (
    <Panel title={t.area.title} loading={error === null}>
      <Failed error={error} what={t.area.failed} />
    </Panel>
  );
}

function focusArea({ geometry }: Area): void {
  const [west, south, east, north] = bboxOf(positionsOf(geometry));
  scene.focus({ bbox: [west - AROUND_DEGREES, south - AROUND_DEGREES, east + AROUND_DEGREES, north + AROUND_DEGREES] });
}

function Opened({ area }: { area: Area }) {
  const t = useText();
  const { clock, live } = useDesk();
  const nowMs = live.cityNowMs();
  const at = (instant: string | null): string => (instant === null ? t.area.openEnd : clock.full(instant));
  return (
    <Panel
      title={
        <>
          <AreaMark level={area.level} /> {area.name}
        </>
      }
      aside={<span className="tag">{t.area.phase[phaseOf(area, nowMs)]}</span>}
    >
      <div className="section">
        <dl className="facts">
          <Fact name={t.area.level} value={t.level[area.level]} />
          <Fact name={t.area.shape} value={t.area.geometry[area.geometry.type]} />
          <Fact name={t.area.validity} value={`${at(area.from)} – ${at(area.to)}`} />
          <Fact name={t.area.publishedAt} value={`${at(area.publishedAt)} · ${t.area.version(area.version)}`} />
          <Fact name={t.area.id} value={area.id} />
          <Fact name={t.area.source} value={area.source ?? "–"} />
        </dl>
        <Retro area={area.id} />
        {area.state === "published" ? <AreaCommands area={area} /> : null}
      </div>
      <Exposures area={area.id} />
      <AreaVersions id={area.id} version={area.version} />
    </Panel>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** How far the past has been matched against the area, and that it is done when one has seen it begin. */
function Retro({ area }: { area: string }) {
  const t = useText();
  const { data } = useSystem();
  const retro = data?.watch.retro.find((one) => one.area === area);
  const running = retro !== undefined && retro.done < retro.vehicles;
  const [seen, setSeen] = useState<number | null>(null);
  useEffect(() => {
    if (running) setSeen(retro.vehicles);
  }, [running, retro?.vehicles]);
  if (running) {
    return (
      <p className="notice" role="status">
        {t.area.retro(retro.done, retro.vehicles)}
        <progress value={retro.done} max={retro.vehicles} aria-label={t.area.retro(retro.done, retro.vehicles)} />
      </p>
    );
  }
  if (seen === null || data === undefined) return null;
  return (
    <p className="notice good" role="status">
      ✓ {t.change.retroDone(count(seen))}
    </p>
  );
}

function Exposures({ area }: { area: string }) {
  const t = useText();
  const { clock, live } = useDesk();
  const { data, isError, error, refetch } = useAreaExposures(area);
  const nowMs = live.cityNowMs();
  return (
    <Section
      title={`${t.area.exposures}${data === undefined ? "" : ` ${data.items.length}${data.next === null ? "" : "+"}`}`}
      aside={(data?.items.length ?? 0) === 0 ? null : <ExportButton path="/exposures" query={{ area }} />}
    >
      {data === undefined ? (
        isError ? (
          <Failed error={error} what={t.states.failed} retry={() => void refetch()} />
        ) : (
          <Loading />
        )
      ) : data.items.length === 0 ? (
        <Empty title={t.area.exposuresEmpty} />
      ) : (
        <table className="lines">
          <thead>
            <tr>
              <th scope="col">{t.gate.vehicle}</th>
              <th scope="col">{t.area.from}</th>
              <th scope="col" className="num">
                {t.evidence.duration}
              </th>
              <th scope="col" className="num">
                {t.evidence.nearest}
              </th>
            </tr>
          </thead>
          <tbody>
            {data.items.map((exposure) => (
              <tr key={exposure.id}>
                <td>
                  <Link
                    to={`/vehicle/${encodeURIComponent(exposure.vehicle)}?exposure=${encodeURIComponent(exposure.id)}`}
                  >
                    <Plate vehicle={exposure.vehicle} />
                  </Link>
                </td>
                <td>{clock.short(exposure.start, nowMs)}</td>
                <td className="num">
                  {exposure.certainty === "inferred" ? "≈ " : ""}
                  {span(exposure.durationS * 1000, t)}
                </td>
                <td className="num">{distance(exposure.minDistanceM)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
