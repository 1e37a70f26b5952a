import { useEffect, type ReactNode } from "react";
import { Link } from "react-router";
import type { AreaInput } from "../../model/area.ts";
import type { AreaPreview, PreviewExposure } from "../../model/area-preview.ts";
import { useDesk } from "../desk.tsx";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { span } from "../show/instant.ts";
import { count, distance } from "../show/measure.ts";
import { Plate } from "../show/plate.tsx";
import { TableFile } from "../show/table-file.tsx";
import { Failed, Loading } from "../show/states.tsx";
import { VehicleMark } from "../show/symbols.tsx";
import { PREVIEW_DAYS, useAreaPreview } from "./use-preview.ts";

interface PreviewBoxProps {
  /** None while nothing is complete. */
  areas: readonly AreaInput[];
  /** Names of the areas, said with each vehicle when they are several. */
  nameOf?: (index: number) => string;
}

/** What publishing would find, beside the button that publishes. The places of the stays are on the map. */
export function PreviewBox({ areas, nameOf }: PreviewBoxProps) {
  const t = useText();
  const { data, error, isFetching, waiting, refetch } = useAreaPreview(areas);
  const shown = areas.length === 0 ? undefined : data;
  useEffect(() => {
    scene.set({ found: (shown?.list ?? []).map(({ nearest }) => [nearest.lon, nearest.lat]) });
  }, [shown]);
  useEffect(() => () => scene.set({ found: [] }), []);
  const busy = areas.length > 0 && (isFetching || waiting);
  return (
    <section className="preview" aria-label={t.preview.title} aria-busy={busy}>
      <h2>
        {t.preview.title}
        {busy ? <span role="status">{t.preview.running}</span> : null}
      </h2>
      <small>{t.preview.hint(PREVIEW_DAYS)}</small>
      {areas.length === 0 ? (
        <p className="muted">{t.preview.waiting}</p>
      ) : error !== null && !busy ? (
        <Failed error={error} what={t.preview.failed} retry={() => void refetch()} />
      ) : shown === undefined ? (
        <Loading rows={3} />
      ) : (
        <Found preview={shown} dim={busy} {...(nameOf && { nameOf })} />
      )}
    </section>
  );
}

function Found({ preview, dim, nameOf }: { preview: AreaPreview; dim: boolean; nameOf?: (index: number) => string }) {
  const t = useText();
  const { clock } = useDesk();
  const { vehiclesNear, vehicles, exposures, locks, lockedAlready, list, complete } = preview;
  return (
    <div className={dim ? "preview-found old" : "preview-found"}>
      <dl className="totals">
        <Figure name={t.preview.vehicles}>{count(vehicles)}</Figure>
        <Figure name={t.preview.exposures}>{count(exposures)}</Figure>
        <Figure name={t.preview.locks}>
          {locks > 0 ? <VehicleMark state="locked" size={18} /> : null} {count(locks)}
        </Figure>
      </dl>
      <small>
        {vehicles === 0 ? t.preview.none(vehiclesNear) : t.preview.near(vehiclesNear)}
        {lockedAlready === 0 ? "" : ` · ${t.preview.lockedAlready(lockedAlready)}`}
      </small>
      {preview.datumWarning === null ? null : <p className="notice bad">△ {preview.datumWarning[t.language]}</p>}
      {complete ? null : <p className="notice bad">△ {t.preview.incomplete}</p>}
      {list.length === 0 ? null : (
        <div className="preview-list">
          <TableFile
            name={t.preview.title}
            head={[
              t.gate.vehicle,
              t.area.title,
              t.preview.from,
              t.evidence.duration,
              `${t.evidence.nearest} (m)`,
              t.preview.locks,
            ]}
            rows={() =>
              list.map((one) => [
                one.vehicle,
                nameOf?.(one.area) ?? "",
                clock.full(one.start),
                span(one.durationS * 1000, t),
                Math.round(one.minDistanceM),
                one.lockedAt === null ? "" : clock.full(one.lockedAt),
              ])
            }
          />
          <table className="lines">
            <thead>
              <tr>
                <th scope="col">{t.gate.vehicle}</th>
                <th scope="col">{t.preview.from}</th>
                <th scope="col" className="num">
                  {t.evidence.duration}
                </th>
                <th scope="col" className="num">
                  {t.evidence.nearest}
                </th>
                <th scope="col">{t.preview.locks}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((one) => (
                <Row key={`${one.vehicle}${one.area} ${one.start}`} one={one} {...(nameOf && { nameOf })} />
              ))}
            </tbody>
          </table>
          {list.length < exposures ? <small>{t.preview.cut(list.length, exposures)}</small> : null}
        </div>
      )}
    </div>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Row({ one, nameOf }: { one: PreviewExposure; nameOf?: (index: number) => string }) {
  const t = useText();
  const { clock, live } = useDesk();
  const nowMs = live.cityNowMs();
  return (
    <tr>
      <td>
        <Link to={`/vehicle/${encodeURIComponent(one.vehicle)}`} target="_blank" rel="noreferrer">
          <Plate vehicle={one.vehicle} />
        </Link>
        {nameOf === undefined ? null : <small className="preview-area">{nameOf(one.area)}</small>}
      </td>
      <td>{clock.short(one.start, nowMs)}</td>
      <td className="num">
        {one.certainty === "inferred" ? "≈ " : ""}
        {span(one.durationS * 1000, t)}
      </td>
      <td className="num">{distance(one.minDistanceM)}</td>
      <td>
        {one.lockedAt === null ? (
          <span className="muted">{t.preview.noLock}</span>
        ) : (
          <span title={t.preview.locksAt(clock.full(one.lockedAt))}>
            <VehicleMark state="locked" size={14} /> {clock.short(one.lockedAt, nowMs)}
          </span>
        )}
      </td>
    </tr>
  );
}
