import type { Area, Geometry } from "../../model/area.ts";
import type { CityView } from "../../model/city.ts";
import type { Exposure } from "../../model/finding.ts";
import type { GateCount } from "../api/queries.ts";
import { count } from "../show/measure.ts";
import { NOTHING } from "./base-style.ts";
import { bboxOf, nearestOnShape, planeAround, positionsOf, shapeOnPlane, type LonLat } from "./plane.ts";
import { reachOutline } from "./reach.ts";
import type { Evidence, SceneState, TrackPiece } from "./scene.ts";

type Features = GeoJSON.FeatureCollection;

const outlines = new WeakMap<Geometry, LonLat[][]>();

/** The outline of an area's reach, worked out once for each version of the shape. */
function outlineOf(geometry: Geometry): LonLat[][] {
  let outline = outlines.get(geometry);
  if (outline === undefined) {
    outline = reachOutline(geometry);
    outlines.set(geometry, outline);
  }
  return outline;
}

export function areaFeatures(areas: readonly Area[], selected: string | null): Features {
  const shown = areas.filter(({ state, id }) => state === "published" || id === selected);
  return collection(shown.map((area) => feature(area.geometry as GeoJSON.Geometry, areaProperties(area, selected))));
}

/** One name an area, at its middle. */
export function areaNameFeatures(areas: readonly Area[], selected: string | null): Features {
  const shown = areas.filter(({ state, id }) => state === "published" || id === selected);
  return collection(
    shown.map((area) => {
      const [west, south, east, north] = bboxOf(positionsOf(area.geometry));
      const coordinates = [(west + east) / 2, (south + north) / 2];
      return feature({ type: "Point", coordinates }, areaProperties(area, selected));
    }),
  );
}

export function reachFeatures(areas: readonly Area[], selected: string | null): Features {
  const shown = areas.filter(({ state, id }) => state === "published" || id === selected);
  return collection(
    shown.map((area) =>
      feature({ type: "MultiLineString", coordinates: outlineOf(area.geometry) }, areaProperties(area, selected)),
    ),
  );
}

function areaProperties(area: Area, selected: string | null): object {
  return {
    area: area.id,
    name: area.name,
    level: area.level,
    selected: area.id === selected,
    withdrawn: area.state === "withdrawn",
  };
}

/** A mark at the middle of each gate, turned along its line, with the number of passages of the day. */
export function gateFeatures(
  city: CityView,
  counts: readonly GateCount[],
  language: "zh" | "en",
  selected: string | null,
): Features {
  const byGate = new Map(counts.map((row) => [row.gate, row.inbound + row.outbound]));
  return collection(
    city.gates.map((gate) => {
      const first = gate.line[0]!;
      const last = gate.line.at(-1)!;
      const shrink = Math.cos((first[1] * Math.PI) / 180);
      const bearing = (Math.atan2(-(last[1] - first[1]), (last[0] - first[0]) * shrink) * 180) / Math.PI;
      const middle = [(first[0] + last[0]) / 2, (first[1] + last[1]) / 2];
      return feature(
        { type: "Point", coordinates: middle },
        {
          gate: gate.id,
          name: language === "zh" ? gate.name : (gate.nameEn ?? gate.name),
          bearing,
          count: count(byGate.get(gate.id) ?? 0),
          selected: gate.id === selected,
        },
      );
    }),
  );
}

export function trackFeatures(pieces: readonly TrackPiece[]): Features {
  return collection(
    pieces.map(({ kind, line }) =>
      kind === "parked"
        ? feature({ type: "Point", coordinates: line[0]! }, { kind })
        : feature({ type: "LineString", coordinates: line }, { kind }),
    ),
  );
}

/** Where an exposure came into the reach, left it, and was nearest, with the line to the area at that place. */
export function evidenceFeatures(evidence: Evidence | null, cursor: LonLat | null): Features {
  const features: GeoJSON.Feature[] = [];
  if (evidence !== null) {
    const { exposure } = evidence;
    for (const crossing of [exposure.entered, exposure.left]) {
      if (crossing !== null) features.push(point([crossing.lon, crossing.lat], 6, false));
      for (const fix of [crossing?.before, crossing?.after]) {
        if (fix !== null && fix !== undefined) features.push(point([fix.lon, fix.lat], 3.5, true));
      }
    }
    const nearest: LonLat = [exposure.nearest.lon, exposure.nearest.lat];
    const foot = footOf(evidence);
    if (foot !== null) features.push(feature({ type: "LineString", coordinates: [nearest, foot] }, {}));
    features.push(point(nearest, 5, true));
  }
  if (cursor !== null) features.push(point(cursor, 6, false));
  return collection(features);
}

/** The stay begins with the data: nobody saw the vehicle come into the reach. */
export function beginsWithData({ entered }: Exposure): boolean {
  return entered.before === null || entered.before.time === entered.time;
}

/** The place of the area nearest to where the vehicle was nearest; null when the area is not known or it was inside. */
export function footOf({ area, exposure }: Evidence): LonLat | null {
  if (area === null) return null;
  const plane = planeAround(exposure.nearest.lon, exposure.nearest.lat);
  const { distance, at } = nearestOnShape(shapeOnPlane(area.geometry, plane), [0, 0]);
  return distance === 0 ? null : plane.toLonLat(at);
}

export function draftFeatures(draft: SceneState["draft"], found: SceneState["found"]): Features {
  if (draft === null) return NOTHING;
  const features = found.map((place) => feature({ type: "Point", coordinates: place }, { found: true }));
  features.push(...draft.corners.map((corner) => feature({ type: "Point", coordinates: corner }, {})));
  if (draft.before) features.push(feature(draft.before, { before: true }));
  if (draft.corners.length > 1 && draft.shapes.length === 0) {
    features.push(feature({ type: "LineString", coordinates: draft.corners }, { reach: false }));
  }
  for (const geometry of draft.shapes) {
    features.push(feature(geometry, { reach: false }));
    features.push(feature({ type: "MultiLineString", coordinates: outlineOf(geometry) }, { reach: true }));
  }
  return collection(features);
}

function point(coordinates: LonLat, radius: number, hollow: boolean): GeoJSON.Feature {
  return feature({ type: "Point", coordinates }, { radius, hollow });
}

function feature(geometry: GeoJSON.Geometry, properties: object): GeoJSON.Feature {
  return { type: "Feature", geometry, properties: properties };
}

function collection(features: GeoJSON.Feature[]): Features {
  return { type: "FeatureCollection", features };
}
