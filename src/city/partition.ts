import { difference, intersection, type Geom } from "polyclip-ts";
import type { PartitionFault, PlaceGeometry } from "../model/place.ts";
import { isThin, type EdgeChain, EdgeChain as Chain } from "./edge-chain.ts";
import { areaOf, polygonsOf } from "./place-shape.ts";

/** A place that should cover a part of a region, alone. */
export interface Part {
  id: string;
  geometry: PlaceGeometry;
}

type Box = [number, number, number, number];

/** Faults that are named; a wrong datum makes thousands. */
const FAULTS_MAX = 50;

/**
 * Whether parts partition a region: no two overlap, none reaches outside, nothing is left over, each up to cracks of half
 * a metre. What cancels edge by edge is proved by that; only where something is left are outlines clipped, to say
 * where and how much. Without a region only overlaps and holes are found.
 */
export function checkPartition(region: PlaceGeometry | undefined, parts: readonly Part[]): PartitionFault[] {
  const chain = new Chain();
  for (const { id, geometry } of parts) chain.add(geometry, 1, id);
  const whole = region ?? withoutHoles(chain.outline());
  if (whole === undefined) return [];
  chain.add(whole, -1, "");
  return nameFaults(chain, whole, parts);
}

/** Faults of a partition of `region` into `parts`, at what is left of a chain that should be empty. */
export function nameFaults(chain: EdgeChain, region: PlaceGeometry, parts: readonly Part[]): PartitionFault[] {
  const remainders = chain.remainders();
  if (remainders.length === 0) return [];
  const dirty = new Set(remainders.flatMap(({ owners }) => [...owners]));
  const boxed = parts.map((part) => Object.assign({ box: boxOf(part.geometry) }, part));
  const faults: PartitionFault[] = [];
  for (const window of mergeBoxes(remainders.map(({ box }) => box))) {
    const near = boxed.filter(({ box }) => meet(box, window));
    faults.push(...overlapsIn(near, dirty, window), ...outsideIn(near, dirty, region, window));
    faults.push(...gapsIn(near, dirty, region, window));
    if (faults.length >= FAULTS_MAX) break;
  }
  return faults.toSorted((a, b) => b.areaM2 - a.areaM2).slice(0, FAULTS_MAX);
}

/** Surface that two outlines share, m², cracks left out. */
export function sharedM2(a: PlaceGeometry, b: PlaceGeometry): number {
  if (!meet(boxOf(a), boxOf(b))) return 0;
  return piecesOf(intersection(geomOf(a), geomOf(b))).reduce((sum, piece) => sum + piece.areaM2, 0);
}

type BoxedPart = Part & { box: Box };

function overlapsIn(near: readonly BoxedPart[], dirty: ReadonlySet<string>, window: Box): PartitionFault[] {
  const faults: PartitionFault[] = [];
  for (const [i, a] of near.entries()) {
    for (const b of near.slice(i + 1)) {
      if (!(dirty.has(a.id) || dirty.has(b.id)) || !meet(a.box, b.box) || faults.length >= FAULTS_MAX) continue;
      for (const { areaM2, at } of piecesOf(intersection(geomOf(a.geometry), geomOf(b.geometry), rectangle(window)))) {
        faults.push({ kind: "overlap", places: [a.id, b.id].toSorted(), areaM2, at });
      }
    }
  }
  return faults;
}

function outsideIn(
  near: readonly BoxedPart[],
  dirty: ReadonlySet<string>,
  region: PlaceGeometry,
  window: Box,
): PartitionFault[] {
  const ground = intersection(geomOf(region), rectangle(widened(window)));
  return near
    .filter(({ id }) => dirty.has(id))
    .flatMap(({ id, geometry }) =>
      piecesOf(difference(intersection(geomOf(geometry), rectangle(window)), ground)).map(({ areaM2, at }) => ({
        kind: "outside" as const,
        places: [id],
        areaM2,
        at,
      })),
    );
}

function gapsIn(
  near: readonly BoxedPart[],
  dirty: ReadonlySet<string>,
  region: PlaceGeometry,
  window: Box,
): PartitionFault[] {
  // Those that fit together are taken away as one outline.
  const clean = new Chain();
  for (const { id, geometry } of near) if (!dirty.has(id)) clean.add(geometry, 1, id);
  const taken = [clean.outline(), ...near.filter(({ id }) => dirty.has(id)).map(({ geometry }) => geometry)];
  const gaps = difference(
    intersection(geomOf(region), rectangle(window)),
    ...taken.flatMap((geometry) => (geometry === undefined ? [] : [geomOf(geometry)])),
  );
  return piecesOf(gaps).map(({ box, ...piece }) => {
    const places = near.filter((part) => dirty.has(part.id) && meet(part.box, box)).map(({ id }) => id);
    return { kind: "gap" as const, places: places.slice(0, 5), ...piece };
  });
}

interface Piece extends Pick<PartitionFault, "areaM2" | "at"> {
  box: Box;
}

/** Polygons of a clipped geometry that are more than cracks, with their surface and a position in them. */
function piecesOf(clipped: readonly (readonly (readonly (readonly number[])[])[])[]): Piece[] {
  return clipped.flatMap((rings) => {
    if (isThin(rings[0]!)) return [];
    const polygon = { type: "Polygon" as const, coordinates: rings as number[][][] };
    return [{ areaM2: Math.round(areaOf(polygon)), at: middleOf(rings[0]!), box: boxOf(polygon) }];
  });
}

/** A position inside a ring: the middle of the longest stretch of it on the level of its middle. */
function middleOf(ring: readonly (readonly number[])[]): [number, number] {
  const [, south, , north] = boxOf({ type: "Polygon", coordinates: [ring as number[][]] });
  const lat = (south + north) / 2;
  const cuts: number[] = [];
  for (let i = 1; i < ring.length; i++) {
    const [lon0, lat0] = ring[i - 1] as [number, number];
    const [lon1, lat1] = ring[i] as [number, number];
    if (lat0 > lat !== lat1 > lat) cuts.push(lon0 + ((lat - lat0) / (lat1 - lat0)) * (lon1 - lon0));
  }
  cuts.sort((a, b) => a - b);
  let [best, width] = [ring[0]![0]!, -1];
  for (let i = 0; i + 1 < cuts.length; i += 2) {
    if (cuts[i + 1]! - cuts[i]! > width) [best, width] = [(cuts[i]! + cuts[i + 1]!) / 2, cuts[i + 1]! - cuts[i]!];
  }
  return [Math.round(best * 1e6) / 1e6, Math.round(lat * 1e6) / 1e6];
}

export function boxOf(geometry: PlaceGeometry): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const rings of polygonsOf(geometry)) {
    for (const [lon, lat] of rings[0] as [number, number][]) {
      box[0] = Math.min(box[0], lon);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lon);
      box[3] = Math.max(box[3], lat);
    }
  }
  return box;
}

function withoutHoles(geometry: PlaceGeometry | undefined): PlaceGeometry | undefined {
  if (geometry === undefined) return undefined;
  return { type: "MultiPolygon", coordinates: polygonsOf(geometry).map((rings) => [rings[0]!]) };
}

function mergeBoxes(boxes: readonly Box[]): Box[] {
  const merged: Box[] = [];
  for (let box of boxes) {
    for (let i = 0; i < merged.length;) {
      const other = merged[i]!;
      if (meet(box, other)) {
        box = [
          Math.min(box[0], other[0]),
          Math.min(box[1], other[1]),
          Math.max(box[2], other[2]),
          Math.max(box[3], other[3]),
        ];
        merged.splice(i, 1);
        i = 0;
      } else i++;
    }
    merged.push(box);
  }
  return merged;
}

function meet(a: Box, b: Box): boolean {
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

/** About a hundred metres more on every side. */
function widened([west, south, east, north]: Box): Box {
  return [west - 1e-3, south - 1e-3, east + 1e-3, north + 1e-3];
}

function rectangle([west, south, east, north]: Box): Geom {
  const corners: [number, number][] = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return [corners];
}

function geomOf(geometry: PlaceGeometry): Geom {
  return geometry.coordinates as Geom;
}
