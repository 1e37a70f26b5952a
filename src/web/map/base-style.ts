import type { StyleSpecification } from "maplibre-gl";
import type { CityView } from "../../model/city.ts";
import type { ThemeName, Tokens } from "../tokens.ts";
import { gridFills, gridMarks } from "./grid-layers.ts";

type Features = GeoJSON.FeatureCollection;

/** The sources that change while the map stands. */
export const MOVING_SOURCES = [
  "places",
  "grids",
  "areas",
  "areaNames",
  "reach",
  "gateMarks",
  "track",
  "evidence",
  "draft",
] as const;
export type MovingSource = (typeof MOVING_SOURCES)[number];

export const NOTHING: Features = { type: "FeatureCollection", features: [] };

const FONT = ["Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "sans-serif"];

/**
 * The whole map as MapLibre draws it, from the city's own boundaries: no tiles, no fonts and no sprites from anywhere. Patterns
 * and marks are drawn when they are first missed (`marks.ts`); letters come from the machine's own fonts.
 */
export function baseStyle(
  city: CityView,
  tokens: Tokens,
  theme: ThemeName,
  moving: Record<MovingSource, Features>,
): StyleSpecification {
  const source = (data: Features, extra: object = {}) => ({ type: "geojson" as const, data, ...extra });
  const tiles = city.tiles === null ? {} : { tiles: { type: "raster" as const, tiles: [city.tiles], tileSize: 256 } };
  return {
    version: 8,
    sources: {
      ...tiles,
      counties: source(countyFeatures(city), { tolerance: 0.2 }),
      countyNames: source(countyNames(city)),
      roads: source(roadFeatures(city)),
      fence: source({ type: "FeatureCollection", features: [feature(city.fence, {})] }, { tolerance: 0.2 }),
      gateLines: source(gateLines(city)),
      ...Object.fromEntries(MOVING_SOURCES.map((name) => [name, source(moving[name], { tolerance: 0.1 })])),
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": tokens.ground } },
      { id: "land", type: "fill", source: "counties", paint: { "fill-color": tokens.land, "fill-antialias": false } },
      ...(city.tiles === null ? [] : [{ id: "tiles", type: "raster" as const, source: "tiles" }]),
      {
        id: "county-lines",
        type: "line",
        source: "counties",
        paint: { "line-color": tokens.countyLine, "line-width": 0.8 },
      },
      {
        id: "place-lines",
        type: "line",
        source: "places",
        filter: ["!=", ["geometry-type"], "Point"],
        paint: { "line-color": tokens.countyLine, "line-width": 0.7 },
      },
      ...gridFills(tokens, theme),
      {
        id: "roads",
        type: "line",
        source: "roads",
        layout: { "line-cap": "round", "line-join": "round" },
        paint: {
          "line-color": tokens.road,
          "line-width": ["interpolate", ["exponential", 1.4], ["zoom"], 7, 1, 11, 2.2, 15, 8],
        },
      },
      {
        id: "area-fill",
        type: "fill",
        source: "areas",
        filter: ["==", ["geometry-type"], "Polygon"],
        paint: {
          "fill-pattern": ["match", ["get", "level"], "high", `hatch-high-${theme}`, `hatch-medium-${theme}`],
          "fill-opacity": ["case", ["get", "withdrawn"], 0.25, 1],
        },
      },
      {
        id: "area-line",
        type: "line",
        source: "areas",
        filter: ["!=", ["geometry-type"], "Point"],
        paint: {
          "line-color": level(tokens),
          "line-width": ["case", ["get", "selected"], 3, 1.6],
          "line-opacity": ["case", ["get", "withdrawn"], 0.4, 1],
        },
      },
      {
        id: "area-point",
        type: "circle",
        source: "areas",
        filter: ["==", ["geometry-type"], "Point"],
        paint: {
          "circle-color": level(tokens),
          "circle-radius": 4,
          "circle-stroke-color": tokens.halo,
          "circle-stroke-width": 1.5,
        },
      },
      {
        id: "reach",
        type: "line",
        source: "reach",
        paint: {
          "line-color": level(tokens),
          "line-width": ["case", ["get", "selected"], 1.6, 0.9],
          "line-opacity": 0.9,
        },
      },
      {
        id: "fence",
        type: "line",
        source: "fence",
        layout: { "line-cap": "butt" },
        paint: {
          "line-color": tokens.fence,
          "line-width": ["interpolate", ["linear"], ["zoom"], 7, 1.6, 12, 2.6],
          "line-dasharray": [7, 3.5],
        },
      },
      {
        id: "gate-lines",
        type: "line",
        source: "gateLines",
        minzoom: 11.5,
        paint: { "line-color": tokens.gate, "line-width": 4 },
      },
      ...trackLayers(tokens),
      {
        id: "draft-fill",
        type: "fill",
        source: "draft",
        filter: ["all", ["==", ["geometry-type"], "Polygon"], ["!", ["has", "before"]]],
        paint: { "fill-color": tokens.action, "fill-opacity": 0.18 },
      },
      {
        id: "draft-line",
        type: "line",
        source: "draft",
        filter: ["all", ["!=", ["geometry-type"], "Point"], ["!", ["has", "before"]]],
        paint: { "line-color": tokens.action, "line-width": ["case", ["get", "reach"], 1, 2.4] },
      },
      {
        id: "draft-before",
        type: "line",
        source: "draft",
        filter: ["has", "before"],
        paint: { "line-color": tokens.text, "line-width": 2, "line-dasharray": [3, 2] },
      },
      {
        id: "draft-corners",
        type: "circle",
        source: "draft",
        filter: ["==", ["geometry-type"], "Point"],
        paint: {
          "circle-color": ["case", ["has", "found"], tokens.exposed, tokens.halo],
          "circle-radius": 4.5,
          "circle-stroke-color": ["case", ["has", "found"], tokens.halo, tokens.action],
          "circle-stroke-width": 2,
        },
      },
      {
        id: "road-names",
        type: "symbol",
        source: "roads",
        minzoom: 9.5,
        layout: {
          "symbol-placement": "line",
          "text-field": ["get", "name"],
          "text-font": FONT,
          "text-size": 11,
          "symbol-spacing": 420,
          "text-rotation-alignment": "viewport",
        },
        paint: { "text-color": tokens.roadName, "text-halo-color": tokens.land, "text-halo-width": 1.4 },
      },
      {
        id: "place-names",
        type: "symbol",
        source: "places",
        filter: ["==", ["geometry-type"], "Point"],
        minzoom: 10.4,
        layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 11, "text-max-width": 7 },
        paint: { "text-color": tokens.countyName, "text-halo-color": tokens.land, "text-halo-width": 1.2 },
      },
      {
        id: "county-names",
        type: "symbol",
        source: "countyNames",
        layout: {
          "text-field": ["get", "name"],
          "text-font": FONT,
          "text-size": ["interpolate", ["linear"], ["zoom"], 7, 11, 11, 15],
          "text-letter-spacing": 0.12,
          "text-padding": 4,
        },
        paint: { "text-color": tokens.countyName, "text-halo-color": tokens.land, "text-halo-width": 1.2 },
      },
      // Above the names of places: what a page says of a grid is not to give way to them.
      ...gridMarks(tokens, FONT),
      {
        id: "area-names",
        type: "symbol",
        source: "areaNames",
        minzoom: 8,
        layout: {
          "text-field": ["get", "name"],
          "text-font": FONT,
          "text-size": 12,
          "text-max-width": 12,
          "text-variable-anchor": ["top", "bottom", "left", "right"],
          "text-radial-offset": 0.8,
        },
        paint: {
          "text-color": level(tokens),
          "text-halo-color": tokens.halo,
          "text-halo-width": 1.6,
          "text-opacity": ["case", ["get", "withdrawn"], 0.5, 1],
        },
      },
      {
        id: "gate-bars",
        type: "symbol",
        source: "gateMarks",
        layout: {
          "icon-image": ["case", ["get", "selected"], `gate-bar-selected-${theme}`, `gate-bar-${theme}`],
          "icon-rotate": ["get", "bearing"],
          "icon-rotation-alignment": "map",
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
        },
      },
      {
        id: "gate-counts",
        type: "symbol",
        source: "gateMarks",
        layout: {
          "text-field": ["step", ["zoom"], ["get", "count"], 9.6, ["concat", ["get", "name"], "\n", ["get", "count"]]],
          "text-font": FONT,
          "text-size": ["interpolate", ["linear"], ["zoom"], 7, 11, 11, 12.5],
          "text-variable-anchor": ["left", "right", "top", "bottom"],
          "text-radial-offset": 0.9,
          "text-justify": "auto",
          "text-padding": 1,
        },
        paint: { "text-color": tokens.gate, "text-halo-color": tokens.halo, "text-halo-width": 1.8 },
      },
    ],
  };
}

function level(tokens: Tokens): ["match", ["get", string], string, string, string] {
  return ["match", ["get", "level"], "high", tokens.areaHigh, tokens.areaMedium];
}

function trackLayers(tokens: Tokens): StyleSpecification["layers"] {
  const line = (id: string, kind: string, color: string, width: number, dash?: number[]) => ({
    id,
    type: "line" as const,
    source: "track",
    filter: ["==", ["get", "kind"], kind] as ["==", ["get", string], string],
    layout: { "line-join": "round" as const, "line-cap": dash === undefined ? ("round" as const) : ("butt" as const) },
    paint: { "line-color": color, "line-width": width, ...(dash === undefined ? {} : { "line-dasharray": dash }) },
  });
  return [
    {
      id: "track-halo",
      type: "line",
      source: "track",
      filter: ["in", ["get", "kind"], ["literal", ["outside", "near"]]],
      paint: { "line-color": tokens.halo, "line-width": 6, "line-opacity": 0.8 },
    },
    line("track-unknown", "unknown", tokens.trackUnknown, 1.6, [2, 3]),
    line("track-outside", "outside", tokens.trackOutside, 2.2),
    line("track-near", "near", tokens.trackNear, 5),
    {
      id: "track-parked",
      type: "circle",
      source: "track",
      filter: ["==", ["get", "kind"], "parked"],
      paint: {
        "circle-color": tokens.halo,
        "circle-radius": 6,
        "circle-stroke-color": tokens.trackParked,
        "circle-stroke-width": 2.5,
      },
    },
    {
      id: "evidence-lines",
      type: "line",
      source: "evidence",
      filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": tokens.text, "line-width": 1.4, "line-dasharray": [3, 2] },
    },
    {
      id: "evidence-points",
      type: "circle",
      source: "evidence",
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-color": ["case", ["get", "hollow"], tokens.halo, tokens.text],
        "circle-radius": ["get", "radius"],
        "circle-stroke-color": ["case", ["get", "hollow"], tokens.text, tokens.halo],
        "circle-stroke-width": 1.6,
      },
    },
  ];
}

function feature(geometry: object, properties: object): GeoJSON.Feature {
  return { type: "Feature", geometry: geometry as GeoJSON.Geometry, properties };
}

function countyFeatures(city: CityView): Features {
  return {
    type: "FeatureCollection",
    features: city.counties.map((county) => feature(county.geometry, { name: county.name })),
  };
}

/** One name a county, at the middle of its largest ring. */
function countyNames(city: CityView): Features {
  const features = city.counties.map((county) => {
    const rings =
      county.geometry.type === "MultiPolygon"
        ? county.geometry.coordinates.map((polygon) => polygon[0]!)
        : county.geometry.type === "Polygon"
          ? [county.geometry.coordinates[0]!]
          : [];
    const centres = rings.map(ringCentre).toSorted((a, b) => b.size - a.size);
    return feature({ type: "Point", coordinates: centres[0]?.at ?? [0, 0] }, { name: county.name });
  });
  return { type: "FeatureCollection", features };
}

function ringCentre(ring: number[][]): { at: [number, number]; size: number } {
  let twice = 0;
  let x = 0;
  let y = 0;
  const [x0, y0] = ring[0] as [number, number];
  for (let i = 1; i < ring.length; i++) {
    const [ax, ay] = [ring[i - 1]![0]! - x0, ring[i - 1]![1]! - y0];
    const [bx, by] = [ring[i]![0]! - x0, ring[i]![1]! - y0];
    const cross = ax * by - bx * ay;
    twice += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return { at: [x0 + x / (3 * twice), y0 + y / (3 * twice)], size: Math.abs(twice) };
}

function roadFeatures(city: CityView): Features {
  return {
    type: "FeatureCollection",
    features: city.roads.map((road) => feature({ type: "LineString", coordinates: road.line }, { name: road.name })),
  };
}

function gateLines(city: CityView): Features {
  return {
    type: "FeatureCollection",
    features: city.gates.map((gate) => feature({ type: "LineString", coordinates: gate.line }, { gate: gate.id })),
  };
}
