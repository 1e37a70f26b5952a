import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fromWgs84, type KernelDatum } from "./datum.ts";
import { noticeDatum, standingPlaces } from "./datum-fit.ts";
import type { KernelTrack } from "./fixes.ts";
import { matchTrack } from "./match-track.ts";
import type { KernelGeometry } from "./shape.ts";
import { compileShape } from "./shape.ts";
import { worldOf } from "./tracks-for-tests.ts";
import type { World } from "./world.ts";

/**
 * Real tracks with all that is wrong with them, against what a slow, sampled, independent reference found. They lie beside the repository and are not part
 * of it.
 */
const DATA = new URL("../../../shared/data/", import.meta.url);

/** The reference's own tolerances. */
const INSTANT_MS = 1500;
const METERS = 1;
/** A line that is crossed is at 0 m; the samples on both sides of it are this far, at most, for what it samples. */
const SAMPLED_METERS = 3;
const BORDER_SECONDS = 2;

interface Exposure {
  vehicle: string;
  area: string;
  start: number;
  end: number | null;
  open: boolean;
  durationS: number;
  minDistanceM: number;
  certainty: string;
}

interface AreaFeature {
  properties: { id: string; from?: string; to?: string };
  geometry: KernelGeometry;
}

const text = (path: string): string => readFileSync(new URL(path, DATA), "utf8");

describe.skipIf(!existsSync(DATA))(
  "real tracks give what the reference finds (skipped where ../shared is absent)",
  () => {
    test.for(["fleet-wuxi", "harvesters", "taxis-beijing", "transport"])("%s", { timeout: 60_000 }, (name) => {
      const { world, lines } = worldFrom(name);
      const found = foundIn(world, name);
      const expected = text(`expected/${name}.ndjson`)
        .trim()
        .split("\n")
        .map((line): Exposure => JSON.parse(line));
      const differing: unknown[] = [];
      for (const each of expected) {
        const at = found.findIndex(
          ({ vehicle, area, certainty, start }) =>
            vehicle === each.vehicle &&
            area === each.area &&
            certainty === each.certainty &&
            Math.abs(start - each.start) <= INSTANT_MS,
        );
        if (at < 0) {
          if (!isBorder(each)) differing.push({ missing: each });
          continue;
        }
        const [got] = found.splice(at, 1);
        const lastMs = got.start + got.durationS * 1000;
        const isSame =
          got.open === each.open &&
          Math.abs(lastMs - (each.end ?? lastMs)) <= INSTANT_MS &&
          (Math.abs(got.minDistanceM - each.minDistanceM) <= METERS ||
            (lines.has(each.area) && got.minDistanceM === 0 && each.minDistanceM <= SAMPLED_METERS));
        if (!isSame) differing.push({ expected: each, got });
      }
      expect(differing).toEqual([]);
      expect(found.filter((each) => !isBorder(each))).toEqual([]);
    });

    test("areas are noticed when their datum is wrong, and only then", () => {
      const noticed = (name: string, datum: KernelDatum): object | null => {
        const { features }: { features: AreaFeature[] } = JSON.parse(text(`areas/${name}.geojson`));
        const shapes = features.map(({ geometry }) => compileShape(inDatum(geometry, datum)));
        return noticeDatum(shapes, [...tracksOf(name).values()].map(kernelTrack).map(standingPlaces));
      };
      const right = ["fleet-wuxi", "harvesters", "taxis-beijing", "transport"].map((name) => noticed(name, "wgs84"));
      expect(right).toEqual([null, null, null, null]);
      const wrong = ["harvesters", "taxis-beijing", "transport"].map((name) => noticed(name, "bd09"));
      const unconverted = expect.objectContaining({ datum: "bd09", mistake: "unconverted" });
      expect(wrong).toEqual([unconverted, unconverted, unconverted]);
      expect(noticed("taxis-beijing", "gcj02")).toMatchObject({ datum: "gcj02", mistake: "unconverted" });
    });
  },
);

function worldFrom(name: string): { world: World; lines: Set<string> } {
  const { features }: { features: AreaFeature[] } = JSON.parse(text(`areas/${name}.geojson`));
  const world = worldOf({});
  for (const { properties, geometry } of features) {
    const { id, from, to } = properties;
    const fromMs = from === undefined ? -Infinity : Date.parse(from);
    const toMs = to === undefined ? Infinity : Date.parse(to);
    world.addArea({ id, version: 1, shape: compileShape(geometry), fromMs, toMs });
  }
  const lines = features
    .filter(({ geometry }) => geometry.type.includes("Line"))
    .map(({ properties }) => properties.id);
  return { world, lines: new Set(lines) };
}

function foundIn(world: World, name: string): Exposure[] {
  const found: Exposure[] = [];
  for (const [vehicle, fixes] of tracksOf(name)) {
    for (const exposure of matchTrack(world, kernelTrack(fixes)).exposures) {
      const { area, startMs, endMs, lastMs, leastMeters, certainty } = exposure;
      found.push({
        vehicle,
        area,
        start: startMs,
        end: endMs,
        open: endMs === null,
        durationS: (lastMs - startMs) / 1000,
        minDistanceM: leastMeters,
        certainty,
      });
    }
  }
  return found;
}

function kernelTrack(fixes: readonly [timeMs: number, lon: number, lat: number][]): KernelTrack {
  return {
    length: fixes.length,
    timeMs: Float64Array.from(fixes, ([timeMs]) => timeMs),
    lonE6: Int32Array.from(fixes, ([, lon]) => Math.round(lon * 1e6)),
    latE6: Int32Array.from(fixes, ([, , lat]) => Math.round(lat * 1e6)),
  };
}

/** A geometry as a source in another datum has it. */
function inDatum(geometry: KernelGeometry, datum: KernelDatum): KernelGeometry {
  const moved = (coordinates: readonly unknown[]): unknown[] =>
    typeof coordinates[0] === "number"
      ? fromWgs84(datum, coordinates[0], coordinates[1] as number)
      : coordinates.map((each) => moved(each as unknown[]));
  return { ...geometry, coordinates: moved(geometry.coordinates) } as KernelGeometry;
}

function tracksOf(name: string): Map<string, [timeMs: number, lon: number, lat: number][]> {
  const tracks = new Map<string, [number, number, number][]>();
  for (const file of readdirSync(new URL("tracks/", DATA)).filter((each) => each.startsWith(name))) {
    const [, ...rows] = gunzipSync(readFileSync(new URL(`tracks/${file}`, DATA)))
      .toString()
      .trim()
      .split("\n");
    for (const row of rows) {
      const [vehicle, time, lon, lat] = row.split(",");
      const fixes = tracks.get(vehicle) ?? [];
      tracks.set(vehicle, fixes);
      // Degrees that a 1e-6 column cannot hold are not a place anyway.
      if (Math.abs(Number(lon)) <= 180 && Math.abs(Number(lat)) <= 90) {
        fixes.push([Date.parse(time), Number(lon), Number(lat)]);
      }
    }
  }
  return tracks;
}

/** So near to ten minutes that it may be missing, or be one too many. */
function isBorder({ durationS }: Exposure): boolean {
  return Math.abs(durationS - 600) < BORDER_SECONDS;
}
