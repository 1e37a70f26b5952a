import { AreaIndex } from "./area-index.ts";
import { fromWgs84, toWgs84, type KernelDatum } from "./datum.ts";
import { distanceMeters, distanceToShape, LEAST_METERS_PER_DEGREE } from "./distance.ts";
import { orderFixes, type KernelTrack } from "./fixes.ts";
import type { Shape } from "./shape.ts";

/**
 * Notices areas that lie a datum's displacement off (section 7, case 10 of the rule). Nothing is moved on its account: a person looks.
 *
 * Areas are published for places where people and vehicles are: markets, yards, works. So the places where vehicles stand fall into the right areas more
 * than into the same areas some 500 m away. Four displacements are compared with the areas as they are: GCJ-02 or BD-09 that was never converted, and
 * WGS-84 that was converted although it was WGS-84. Each pair of a vehicle and an area that fits by one of the two only speaks for that one; what fits by both
 * or neither says nothing (Q. McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12, 1947). One
 * area alone may lie beside a lorry park by chance; that several do, all to the same side, is none.
 */

/** What was done to the areas by mistake: not converted from this datum, or converted from it although they were WGS-84. */
export interface DatumNotice {
  datum: Exclude<KernelDatum, "wgs84">;
  mistake: "unconverted" | "converted-twice";
  /** Areas into which vehicles would fall that do not now, and areas out of which they would fall. */
  areasBetter: number;
  areasWorse: number;
  /** Pairs of a vehicle and an area, the same way. */
  pairsBetter: number;
  pairsWorse: number;
}

/** Where one vehicle stood: longitude and latitude by turns, 1e-6 degree, WGS-84. */
export type StandingPlaces = readonly number[];

/** It stands when it is not farther than this from where it stopped, for so long. */
const STAND_METERS = 50;
export const STAND_MS = 300_000;
/** A vehicle stands at an area that it is so near to: at the next gate, not in the next block. */
const FIT_METERS = 120;
/**
 * So many areas, and so many times as many as speak against, are no chance: on real tracks, 240 areas of four sources, 5 to 1 was the weakest right answer and 11 to 11 the
 * strongest wrong one; of 16 sources taken wrong it noticed 7, of 4 taken right none.
 *
 * Fewer cannot be told. Of the same areas, each by itself, vehicles spoke for another datum at 56 of 240 that were right, and at 66 to 80 of 240 that were wrong; three
 * vehicles or more did at 1 and at 0 to 2.
 */
export const DATUM_AREAS_LEAST = 5;
const TIMES_LEAST = 3;

const HYPOTHESES: readonly Pick<DatumNotice, "datum" | "mistake">[] = [
  { datum: "gcj02", mistake: "unconverted" },
  { datum: "gcj02", mistake: "converted-twice" },
  { datum: "bd09", mistake: "unconverted" },
  { datum: "bd09", mistake: "converted-twice" },
];

/** The places where a vehicle stood for at least five minutes, in the order of time. Fixes in WGS-84, in any order. */
export function standingPlaces(track: KernelTrack): StandingPlaces {
  const { timeMs, lonE6, latE6 } = track;
  const { rows } = orderFixes(track);
  const places: number[] = [];
  for (let first = 0; first < rows.length;) {
    const lon = lonE6[rows[first]];
    const lat = latE6[rows[first]];
    let next = first + 1;
    while (
      next < rows.length &&
      distanceMeters(lon / 1e6, lat / 1e6, lonE6[rows[next]] / 1e6, latE6[rows[next]] / 1e6) <= STAND_METERS
    ) {
      next++;
    }
    if (timeMs[rows[next - 1]] - timeMs[rows[first]] >= STAND_MS) places.push(lon, lat);
    first = next;
  }
  return places;
}

/**
 * The mistake that would explain where vehicles stand clearly better than the areas as they are do; null when none does.
 *
 * @param shapes the areas, WGS-84 as they were taken
 * @param vehicles where each vehicle stood
 */
export function noticeDatum(shapes: readonly Shape[], vehicles: Iterable<StandingPlaces>): DatumNotice | null {
  const fit = new DatumFit(shapes);
  for (const places of vehicles) fit.add(places);
  return fit.notice();
}

/** The same, vehicle by vehicle, for whoever has other things to do in between. */
export class DatumFit {
  readonly #shapes: readonly Shape[];
  readonly #index = new AreaIndex();
  readonly #candidates: Int32Array;
  /** Per hypothesis and area: vehicles that would fit and do not, and vehicles that do and would not. */
  readonly #better: readonly Int32Array[];
  readonly #worse: readonly Int32Array[];

  /** `shapes`: the areas, WGS-84 as they were taken. */
  constructor(shapes: readonly Shape[]) {
    this.#shapes = shapes;
    for (const [slot, shape] of shapes.entries()) this.#index.add(slot, shape, FIT_METERS);
    this.#candidates = new Int32Array(shapes.length);
    this.#better = HYPOTHESES.map(() => new Int32Array(shapes.length));
    this.#worse = HYPOTHESES.map(() => new Int32Array(shapes.length));
  }

  /** West, south, east, north of boxes (1e-6 degree) outside of which no stand speaks for or against anything. */
  boxesE6(): [west: number, south: number, east: number, north: number][] {
    const asTheyAre = this.#shapes.map((shape) => movedBoxE6(shape, (lon, lat) => [lon, lat]));
    const moved = HYPOTHESES.flatMap(({ datum, mistake }) => {
      const move = mistake === "unconverted" ? toWgs84 : fromWgs84;
      return this.#shapes.map((shape) => movedBoxE6(shape, (lon, lat) => move(datum, lon, lat)));
    });
    return [...asTheyAre, ...moved];
  }

  /** Adds where one vehicle stood: all of its places at once. */
  add(places: StandingPlaces): void {
    const asTheyAre = new Set<number>();
    const moved = HYPOTHESES.map(() => new Set<number>());
    for (let at = 0; at < places.length; at += 2) {
      const lon = places[at] / 1e6;
      const lat = places[at + 1] / 1e6;
      this.#findFitting(lon, lat, asTheyAre);
      // Moving the place the other way is the same as moving the area.
      for (const [i, { datum, mistake }] of HYPOTHESES.entries()) {
        const [movedLon, movedLat] = mistake === "unconverted" ? fromWgs84(datum, lon, lat) : toWgs84(datum, lon, lat);
        this.#findFitting(movedLon, movedLat, moved[i]);
      }
    }
    for (const [i, slots] of moved.entries()) {
      for (const slot of slots) if (!asTheyAre.has(slot)) this.#better[i][slot]++;
      for (const slot of asTheyAre) if (!slots.has(slot)) this.#worse[i][slot]++;
    }
  }

  notice(): DatumNotice | null {
    const notices = HYPOTHESES.map((hypothesis, i) => noticeOf(hypothesis, this.#better[i], this.#worse[i]));
    const clear = notices.filter(isClear);
    return clear.toSorted((a, b) => b.pairsBetter - b.pairsWorse - (a.pairsBetter - a.pairsWorse))[0] ?? null;
  }

  #findFitting(lon: number, lat: number, into: Set<number>): void {
    const lonE6 = Math.round(lon * 1e6);
    const latE6 = Math.round(lat * 1e6);
    const count = this.#index.candidates(lonE6, latE6, lonE6, latE6, this.#candidates);
    for (let i = 0; i < count; i++) {
      const slot = this.#candidates[i];
      if (distanceToShape(this.#shapes[slot], lon, lat) <= FIT_METERS) into.add(slot);
    }
  }
}

/** The box round a shape that has been moved, as far as a vehicle may stand from it. A displacement changes by less than a percent of the way. */
function movedBoxE6(
  { west, south, east, north }: Shape,
  move: (lon: number, lat: number) => [number, number],
): [west: number, south: number, east: number, north: number] {
  const corners = [move(west, south), move(west, north), move(east, south), move(east, north)];
  const margin = (1.1 * FIT_METERS) / LEAST_METERS_PER_DEGREE + 0.01 * Math.max(east - west, north - south);
  const lonMargin = margin / Math.cos((Math.max(Math.abs(south), Math.abs(north)) * Math.PI) / 180);
  const lons = corners.map(([lon]) => lon);
  const lats = corners.map(([, lat]) => lat);
  return [
    Math.floor(1e6 * (Math.min(...lons) - lonMargin)),
    Math.floor(1e6 * (Math.min(...lats) - margin)),
    Math.ceil(1e6 * (Math.max(...lons) + lonMargin)),
    Math.ceil(1e6 * (Math.max(...lats) + margin)),
  ];
}

function noticeOf(
  hypothesis: Pick<DatumNotice, "datum" | "mistake">,
  better: Int32Array,
  worse: Int32Array,
): DatumNotice {
  const notice = { ...hypothesis, areasBetter: 0, areasWorse: 0, pairsBetter: 0, pairsWorse: 0 };
  for (const [slot, count] of better.entries()) {
    notice.pairsBetter += count;
    notice.pairsWorse += worse[slot];
    if (count > worse[slot]) notice.areasBetter++;
    else if (count < worse[slot]) notice.areasWorse++;
  }
  return notice;
}

function isClear({ areasBetter, areasWorse }: DatumNotice): boolean {
  return areasBetter >= DATUM_AREAS_LEAST && areasBetter >= TIMES_LEAST * areasWorse;
}
