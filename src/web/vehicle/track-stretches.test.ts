import { describe, expect, it } from "vitest";
import type { Area } from "../../model/area.ts";
import { DEFAULT_RULE } from "../../model/rule.ts";
import type { Track } from "../../model/vehicle.ts";
import { planeAround } from "../map/plane.ts";
import { DWELL_MS, GAP_RULE, momentAt, trackStretches } from "./track-stretches.ts";

const [lon, lat] = [113.9, 35.3];
const plane = planeAround(lon, lat);
const area: Area = {
  id: "A",
  version: 1,
  name: "A",
  level: "high",
  geometry: { type: "Point", coordinates: [lon, lat] },
  from: null,
  to: null,
  source: null,
  state: "published",
  publishedAt: "2026-11-24T00:00:00.000Z",
};

/** Fixes as seconds and metres east of the area. */
function track(...fixes: [seconds: number, eastMetres: number][]): Track {
  const places = fixes.map(([, east]) => plane.toLonLat([east, 0]));
  return {
    vehicle: "V",
    timeMs: fixes.map(([seconds]) => seconds * 1000),
    lonE6: places.map((place) => Math.round(place[0] * 1e6)),
    latE6: places.map((place) => Math.round(place[1] * 1e6)),
    speedKmh: fixes.map(() => null),
    headingDeg: fixes.map(() => null),
  };
}

describe("a track", () => {
  it("is cut where it crosses the reach, at the instant between the two fixes", () => {
    const stretches = trackStretches(track([0, -1600], [100, 0], [200, 1600]), [area]);
    expect(stretches.map(({ kind }) => kind)).toEqual(["outside", "near", "outside"]);
    expect(stretches[1].fromMs / 1000).toBeCloseTo(50, 0);
    expect(stretches[1].toMs / 1000).toBeCloseTo(150, 0);
  });

  it("is parked over a long gap with its ends together, unknown with its ends apart", () => {
    const kinds = trackStretches(track([0, 3000], [301, 3050], [602, 9000]), [area]).map(({ kind }) => kind);
    expect(kinds).toEqual(["parked", "unknown"]);
  });

  it("is known over a gap of exactly the rule's length", () => {
    expect(trackStretches(track([0, 3000], [300, 9000]), [area]).map(({ kind }) => kind)).toEqual(["outside"]);
  });

  it("has no stretch without two fixes", () => {
    expect(trackStretches(track([0, 0]), [area])).toEqual([]);
  });

  it("has a place at every instant of its span", () => {
    const moved = track([0, 0], [100, 1000]);
    const moment = momentAt(moved, 25_000)!;
    expect(plane.toMetres(moment.place)[0]).toBeCloseTo(250, 0);
    expect(momentAt(moved, 999_000)!.row).toBe(1);
    expect(momentAt(track(), 0)).toBeNull();
  });
});

describe("the gaps and the ten minutes that the page shows", () => {
  it("are those of the published rule", () => {
    expect(DWELL_MS).toBe(DEFAULT_RULE.dwellMs);
    const { maxGapMs, maxParkedMs, parkedRadiusMeters } = DEFAULT_RULE;
    expect(GAP_RULE).toEqual({ maxGapMs, maxParkedMs, parkedRadiusMeters });
  });
});
