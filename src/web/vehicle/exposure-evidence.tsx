import { Link } from "react-router";
import type { Area } from "../../model/area.ts";
import type { EvidenceFix, Exposure } from "../../model/finding.ts";
import { useDesk } from "../desk.tsx";
import { beginsWithData } from "../map/features.ts";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { span } from "../show/instant.ts";
import { distance } from "../show/measure.ts";
import { TableFile } from "../show/table-file.tsx";
import { AreaMark } from "../show/symbols.tsx";
import { StayBar } from "./stay-bar.tsx";
import type { TrackStretch } from "./track-stretches.ts";
import { focusEvidence } from "./use-vehicle-scene.ts";

interface ExposureEvidenceProps {
  exposure: Exposure;
  area: Area | undefined;
  stretches: readonly TrackStretch[];
  drawn: boolean;
  onDraw: () => void;
}

/** One exposure with everything that it rests on; an inferred one looks different from an observed one. */
export function ExposureEvidence({ exposure, area, stretches, drawn, onDraw }: ExposureEvidenceProps) {
  const t = useText();
  const { live } = useDesk();
  const e = t.evidence;
  return (
    <article
      className={`exposure ${exposure.certainty}${drawn ? " drawn" : ""}`}
      aria-label={area?.name ?? exposure.area}
    >
      <div className="exposure-head">
        {area === undefined ? null : <AreaMark level={area.level} size={17} />}
        <Link to={`/area/${encodeURIComponent(exposure.area)}`}>{area?.name ?? exposure.area}</Link>
        <span className={`tag ${exposure.certainty}`} title={t.certaintyHint[exposure.certainty]}>
          {t.certainty[exposure.certainty]}
        </span>
      </div>
      <StayBar exposure={exposure} stretches={stretches} nowMs={live.cityNowMs()} />
      <p className="exposure-facts">
        <span>
          {e.duration} <b>{span(exposure.durationS * 1000, t)}</b>
        </span>
        <span>
          {e.nearest} <b>{distance(exposure.minDistanceM)}</b>
        </span>
        {exposure.unknownShare > 0 ? (
          <span>
            {e.unknownShare} <b>{Math.round(exposure.unknownShare * 100)}%</b>
          </span>
        ) : null}
        <span>
          {e.rule(exposure.rule, exposure.ruleVersion)} · {e.areaVersion(exposure.areaVersion)}
        </span>
        <button
          type="button"
          className="link"
          aria-pressed={drawn}
          onClick={() => (drawn ? focusEvidence(exposure) : onDraw())}
        >
          {drawn ? e.drawn : e.draw}
        </button>
      </p>
      <details>
        <summary>{e.fixes}</summary>
        <FixesFile exposure={exposure} />
        <Fixes exposure={exposure} />
      </details>
    </article>
  );
}

function FixesFile({ exposure: { id, vehicle, entered, left, nearest } }: { exposure: Exposure }) {
  const e = useText().evidence;
  const { clock } = useDesk();
  const row = (name: string, fix: EvidenceFix | null): [string, string, number | null, number | null] =>
    fix === null ? [name, e.noFix, null, null] : [name, clock.full(fix.time), fix.lon, fix.lat];
  const around = (name: string, crossing: NonNullable<Exposure["left"]>): ReturnType<typeof row>[] => [
    row(`${name} ${e.before}`, crossing.before),
    row(`${name} ${e.crossing}`, crossing),
    row(`${name} ${e.after}`, crossing.after),
  ];
  return (
    <TableFile
      name={`${e.fixes} ${vehicle} ${id}`}
      head={["", e.time, e.lon, e.lat]}
      rows={() => [
        ...around(e.entered, entered),
        row(e.nearest, nearest),
        ...(left === null ? [] : around(e.left, left)),
      ]}
    />
  );
}

/** The fixes that made the crossings and the least distance; the pointer on a row shows its place on the map. */
function Fixes({ exposure }: { exposure: Exposure }) {
  const e = useText().evidence;
  const { entered, left, nearest } = exposure;
  return (
    <table className="fix-table">
      <thead>
        <tr>
          <td aria-hidden="true" />
          <th scope="col">{e.time}</th>
          <th scope="col">{e.lon}</th>
          <th scope="col">{e.lat}</th>
        </tr>
      </thead>
      <tbody>
        <Group name={beginsWithData(exposure) ? e.firstFix : e.entered} />
        <FixRow name={e.before} fix={entered.before} />
        <FixRow name={e.crossing} fix={entered} />
        <FixRow name={e.after} fix={entered.after} />
        <Group name={`${e.nearest} · ${distance(exposure.minDistanceM)}`} />
        <FixRow name="" fix={nearest} />
        {left === null ? null : (
          <>
            <Group name={e.left} />
            <FixRow name={e.before} fix={left.before} />
            <FixRow name={e.crossing} fix={left} />
            <FixRow name={e.after} fix={left.after} />
          </>
        )}
      </tbody>
    </table>
  );
}

function Group({ name }: { name: string }) {
  return (
    <tr className="group">
      <th scope="rowgroup" colSpan={4}>
        {name}
      </th>
    </tr>
  );
}

function FixRow({ name, fix }: { name: string; fix: EvidenceFix | null }) {
  const e = useText().evidence;
  const { clock } = useDesk();
  if (fix === null) {
    return (
      <tr>
        <th scope="row">{name}</th>
        <td colSpan={3}>{e.noFix}</td>
      </tr>
    );
  }
  return (
    <tr onMouseEnter={() => scene.set({ cursor: [fix.lon, fix.lat] })} onMouseLeave={() => scene.set({ cursor: null })}>
      <th scope="row">{name}</th>
      <td>{clock.full(fix.time)}</td>
      <td>{fix.lon.toFixed(6)}</td>
      <td>{fix.lat.toFixed(6)}</td>
    </tr>
  );
}
