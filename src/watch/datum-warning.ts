import { DATUM_AREAS_LEAST, DatumFit, STAND_MS, standingPlaces, type DatumNotice } from "../kernel/datum-fit.ts";
import type { Shape } from "../kernel/shape.ts";
import type { DatumWarning } from "../model/area-preview.ts";
import { FIX_UNUSABLE } from "../model/fix.ts";
import type { TrackStore } from "../tracks/track-store.ts";

export interface DatumWarningOptions {
  tracks: Pick<TrackStore, "staysIn">;
  /** The span of the tracks that are asked, ms UTC. */
  fromMs: number;
  toMs: number;
  /** Asked between vehicles: time is over, and nothing is said. */
  isOver: () => boolean;
}

/** The track store takes so many boxes at once. */
const BOXES_MAX = 1000;
/** More places where vehicles stood tell no more. */
const STANDS_MAX = 20_000;

/**
 * Looks by where vehicles stood whether a mistake was made with the datum of areas; null when none is seen, or when it cannot be told.
 *
 * @param shapes the areas, WGS-84 as they were taken
 */
export async function findDatumWarning(
  shapes: readonly Shape[],
  { tracks, fromMs, toMs, isOver }: DatumWarningOptions,
): Promise<DatumWarning | null> {
  if (shapes.length < DATUM_AREAS_LEAST) return null;
  const fit = new DatumFit(shapes);
  const boxes = fit.boxesE6();
  const byVehicle = new Map<number, number[]>();
  let stands = 0;
  for (let at = 0; at < boxes.length && stands < STANDS_MAX; at += BOXES_MAX) {
    for await (const { vehicle, places } of tracks.staysIn(boxes.slice(at, at + BOXES_MAX), fromMs, toMs, STAND_MS)) {
      if (isOver()) return null;
      const usable = places.flags.map((flags) => ((flags & FIX_UNUSABLE) === 0 ? 1 : 0));
      const own = standingPlaces({ ...places, usable });
      byVehicle.set(vehicle, [...(byVehicle.get(vehicle) ?? []), ...own]);
      stands += own.length / 2;
      if (stands >= STANDS_MAX) break;
      // Live batches that came meanwhile go first.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  for (const places of byVehicle.values()) {
    if (isOver()) return null;
    fit.add(places);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const notice = fit.notice();
  if (notice === null) return null;
  const { datum, mistake, areasBetter, areasWorse } = notice;
  return { datum, mistake, areasBetter, areasWorse, ...datumWords(notice) };
}

/** What a person should look at. */
export function datumWords({ datum, mistake, areasBetter, areasWorse }: DatumNotice): { zh: string; en: string } {
  const name = { gcj02: "GCJ-02", bd09: "BD-09" }[datum];
  const [zh, en] =
    mistake === "unconverted"
      ? [`像是仍为 ${name} 的坐标`, `look like ${name} that was never converted`]
      : [`像是把 WGS-84 当作 ${name} 又转换了一次`, `look like WGS-84 that was converted as if it were ${name}`];
  return {
    zh: `请核对风险区坐标系：${zh}；若更正，车辆停留点与 ${areasBetter} 个风险区更吻合，与 ${areasWorse} 个更不吻合。未作任何改动。`,
    en:
      `Check the areas' coordinate system: they ${en}. Corrected, ${areasBetter} areas would fit better where vehicles stand, ` +
      `${areasWorse} worse. Nothing was changed.`,
  };
}
