import { describe, expect, test } from "vitest";
import { fromWgs84, toWgs84 } from "./datum.ts";
import { noticeDatum, standingPlaces } from "./datum-fit.ts";
import { distanceToShape } from "./distance.ts";
import type { KernelExposure, MatchSink } from "./findings.ts";
import { matchTrack, type TrackFindings } from "./match-track.ts";
import { Matcher } from "./matcher.ts";
import { compileShape } from "./shape.ts";
import {
  boxOf,
  brief,
  DAY_MS,
  LAT,
  LON,
  placeAt,
  pointAt,
  ringOf,
  secondsOf,
  standing,
  trackOf,
  worldOf,
  type Step,
  type WorldOptions,
} from "./tracks-for-tests.ts";

/** The cases that section 7 of the exposure rule lists: each a known failure of some existing system. */

function match(options: WorldOptions, steps: readonly Step[]): TrackFindings {
  return matchTrack(worldOf(options), trackOf(steps));
}

const AT_POINT: WorldOptions = { areas: [{ geometry: pointAt() }] };

describe("7.1 the edges of ten minutes and of 800 m", () => {
  test.for([
    { seconds: 599.999, exposures: 0 },
    { seconds: 600, exposures: 1 },
  ])("$seconds s near: $exposures exposures", ({ seconds, exposures }) => {
    expect(match(AT_POINT, standing(0, seconds, 100)).exposures).toHaveLength(exposures);
  });

  test.for([
    { meters: 799.9, exposures: 1 },
    { meters: 800.5, exposures: 0 },
  ])("ten minutes at $meters m: $exposures exposures", ({ meters, exposures }) => {
    expect(match(AT_POINT, standing(0, 700, 0, meters)).exposures).toHaveLength(exposures);
  });

  test("800.0 m is near: the distance is closed", () => {
    const meters = distanceToShape(compileShape(pointAt()), ...roundedPlace(0, 800));
    const rule = { radiusMeters: meters };
    expect(match({ ...AT_POINT, rule }, standing(0, 600, 0, 800)).exposures).toHaveLength(1);
    const less = { radiusMeters: meters - 1e-6 };
    expect(match({ ...AT_POINT, rule: less }, standing(0, 600, 0, 800)).exposures).toHaveLength(0);
  });
});

describe("7.2 leaving and coming back within the ten minutes", () => {
  test("an excursion longer than the grace time: no exposure", () => {
    const steps = [...standing(0, 400, 0), ...standing(420, 490, 830), ...standing(510, 900, 0)];
    expect(match(AT_POINT, steps).exposures).toEqual([]);
  });

  test("an excursion of less than the grace time within the slack: one stay, its time in full", () => {
    const steps = [...standing(0, 400, 0), ...standing(420, 450, 830), ...standing(470, 600, 0)];
    expect(match(AT_POINT, steps).exposures.map(brief)).toEqual([
      { area: "A", certainty: "observed", start: 0, end: null },
    ]);
  });

  test("a short excursion beyond the slack: no exposure", () => {
    const steps = [...standing(0, 400, 0), ...standing(425, 440, 870), ...standing(465, 900, 0)];
    expect(match(AT_POINT, steps).exposures).toEqual([]);
  });
});

describe("7.3 silence", () => {
  test("after entry: nothing is certain", () => {
    const steps = [...standing(0, 200, 0), ...standing(2600, 2700, 0, 5000)];
    expect(match(AT_POINT, steps).exposures).toEqual([]);
  });

  test("of 40 min while parked inside: inferred, with its unknown share", () => {
    const steps = [...standing(0, 200, 0), ...standing(2600, 2700, 50)];
    const [exposure, ...others] = match(AT_POINT, steps).exposures;
    expect(others).toEqual([]);
    expect(brief(exposure)).toEqual({ area: "A", certainty: "inferred", start: 0, end: null });
    expect(exposure.unknownShare).toBeCloseTo(2400 / 2700, 9);
  });

  test("a parked gap beside an observed exposure makes no second one", () => {
    const steps = [...standing(0, 200, 0), ...standing(2600, 3300, 50)];
    expect(match(AT_POINT, steps).exposures.map(brief)).toEqual([
      { area: "A", certainty: "observed", start: 2600, end: null },
    ]);
  });

  test("of 7 h, or with its ends 150 m apart, is not parked", () => {
    expect(match(AT_POINT, [...standing(0, 200, 0), ...standing(25_400, 25_500, 0)]).exposures).toEqual([]);
    expect(match(AT_POINT, [...standing(0, 200, 0), ...standing(2600, 2700, 150)]).exposures).toEqual([]);
  });
});

test("7.4 still near at the end of the data: reported, and open", () => {
  const [exposure] = match(AT_POINT, standing(0, 1200, 100)).exposures;
  expect(exposure.endMs).toBeNull();
  expect(exposure.left).toBeNull();
  expect(secondsOf(exposure.lastMs)).toBe(1200);
  expect(secondsOf(exposure.exposedMs)).toBe(600);
});

describe("7.5 noise", () => {
  test("one outlier 2 km off in mid-stay: one stay, and the fix is marked", () => {
    const steps = standing(0, 900, 0);
    steps[30] = [300, 2000, 0];
    const { exposures, marks } = match(AT_POINT, steps);
    expect(exposures.map(brief)).toEqual([{ area: "A", certainty: "observed", start: 0, end: null }]);
    expect(marks.outliersMs).toEqual([DAY_MS + 300_000]);
  });

  test("15 m of noise on the edge at 1 Hz: one stay", () => {
    const steps = standing(0, 900, 0, 0, 1).map(([seconds], i): Step => [seconds, 800 + 15 * Math.sin(i * 2.4), 0]);
    expect(match(AT_POINT, steps).exposures).toHaveLength(1);
  });

  test("a run of displaced fixes that agree with each other is no outlier; each is judged by its own two neighbours", () => {
    const steps = standing(0, 900, 0);
    for (const i of [30, 31, 32]) steps[i] = [10 * i, 5000, 0];
    const { exposures, marks } = match(AT_POINT, steps);
    expect(marks.outliersMs).toEqual([]);
    expect(exposures).toEqual([]);
  });
});

test("7.6 a fix 23 h in the future that is marked takes no part: later fixes still work", () => {
  const steps: Step[] = [...standing(0, 300, 0), [83_000, 0, 0], ...standing(310, 700, 0)];
  const track = trackOf(steps);
  const usable = Uint8Array.from(steps, ([seconds]) => (seconds === 83_000 ? 0 : 1));
  const { exposures } = matchTrack(worldOf(AT_POINT), { ...track, usable });
  expect(exposures.map(brief)).toEqual([{ area: "A", certainty: "observed", start: 0, end: null }]);
});

test("7.7 both fixes outside, the segment through the reach: a pass of some seconds, no exposure", () => {
  expect(passThrough({})).toEqual([]);
  const [pass] = passThrough({ dwellMs: 10_000 });
  // Half a chord of sqrt(800² - 500²) m at 25 m/s.
  expect(pass.lastMs - pass.startMs).toBeCloseTo((2 * Math.sqrt(800 ** 2 - 500 ** 2)) / 0.025, -2);
  expect(pass.leastMeters).toBeCloseTo(500, 0);
  expect(pass.nearest.timeMs).toBeCloseTo(DAY_MS + 60_000, -2);
});

describe("7.8 identical fixes", () => {
  test("50 of one vehicle: no NaN, no division by zero", () => {
    const steps = [...Array.from({ length: 50 }, (): Step => [0, 10, 0]), ...standing(10, 700, 10)];
    const { exposures, marks } = match(AT_POINT, steps);
    expect(exposures).toHaveLength(1);
    expect(JSON.stringify(exposures)).not.toContain("NaN");
    expect(exposures[0].leastMeters).toBeCloseTo(10, 0);
    expect(marks).toEqual({ outliersMs: [], conflictingRows: [] });
  });

  test("10,000 vehicles on one coordinate, each is found", () => {
    const exposed = new Set<number>();
    const matcher = new Matcher(
      worldOf(AT_POINT),
      10,
      sinkOf((vehicle) => exposed.add(vehicle)),
    );
    const [lon, lat] = roundedPlace(5, 5);
    for (let minute = 0; minute <= 10; minute++) {
      for (let vehicle = 0; vehicle < 10_000; vehicle++) {
        matcher.push(vehicle, DAY_MS + minute * 60_000, Math.round(lon * 1e6), Math.round(lat * 1e6));
      }
    }
    expect(exposed.size).toBe(10_000);
  });
});

describe("7.9 shapes", () => {
  test("a U-shaped area: one segment, two near intervals", () => {
    const u = ringOf(
      [-2000, 0],
      [-1900, 0],
      [-1900, 3900],
      [1900, 3900],
      [1900, 0],
      [2000, 0],
      [2000, 4000],
      [-2000, 4000],
    );
    const steps: Step[] = [
      [0, -4000, 1000],
      [200, 4000, 1000],
      [260, 6400, 1000],
    ];
    const options = {
      areas: [{ geometry: { type: "Polygon" as const, coordinates: [u] } }],
      rule: { dwellMs: 20_000 },
    };
    const seconds = match(options, steps).exposures.flatMap(({ startMs, lastMs }) => [startMs, lastMs].map(secondsOf));
    expect(seconds).toHaveLength(4);
    for (const [i, expected] of [30, 72.5, 127.5, 170].entries()) expect(seconds[i]).toBeCloseTo(expected, 0);
  });

  test("a point, a line and the hole of a donut", () => {
    const line = { type: "LineString" as const, coordinates: [placeAt(-500, 0), placeAt(500, 0)] };
    const donut = { type: "Polygon" as const, coordinates: [squareOf(3000), squareOf(1000)] };
    const options = { areas: [{ geometry: pointAt() }, { geometry: line }, { geometry: donut }] };
    const areasAt = (east: number, north: number): string[] =>
      match(options, standing(0, 600, east, north)).exposures.map(({ area }) => area);
    expect(areasAt(0, 0)).toEqual(["A", "B"]);
    expect(areasAt(1200, 0)).toEqual(["B", "C"]);
    expect(areasAt(0, 790)).toEqual(["A", "B", "C"]);
    const { exposures } = match(options, standing(0, 600, 2000, 2000));
    expect(exposures.map(({ area, leastMeters }) => [area, leastMeters])).toEqual([["C", 0]]);
  });
});

describe("7.10 datums", () => {
  test("an area published in GCJ-02 is where it is for fixes in WGS-84", () => {
    const [lonGcj, latGcj] = fromWgs84("gcj02", LON, LAT);
    const [lon, lat] = toWgs84("gcj02", lonGcj, latGcj);
    const options: WorldOptions = { areas: [{ geometry: { type: "Point", coordinates: [lon, lat] } }] };
    const [exposure] = match(options, standing(0, 600, 0)).exposures;
    expect(exposure.leastMeters).toBeLessThan(0.2);
    const raw: WorldOptions = { areas: [{ geometry: { type: "Point", coordinates: [lonGcj, latGcj] } }] };
    expect(match(raw, standing(0, 600, 0)).exposures[0].leastMeters).toBeGreaterThan(500);
  });

  describe("areas that were converted the wrong way round", () => {
    /** Six yards some kilometres apart; in each of them, and in some other places, vehicles stand. */
    const yards = Array.from({ length: 6 }, (_, i): [number, number] => [LON + 0.05 * i, LAT + 0.03 * (i % 3)]);
    const vehicles = Array.from({ length: 40 }, (_, i) => {
      const [lon, lat] = i < 30 ? yards[i % 6] : [LON + 0.021 * (i - 30), LAT - 0.04];
      const fixes = Array.from({ length: 7 }, (_fix, minute) => minute);
      return standingPlaces({
        length: fixes.length,
        timeMs: Float64Array.from(fixes, (minute) => DAY_MS + 60_000 * minute),
        lonE6: Int32Array.from(fixes, () => Math.round(1e6 * lon) + 20 * i),
        latE6: Int32Array.from(fixes, () => Math.round(1e6 * lat) + 15 * i),
      });
    });
    const noticed = (move: (lon: number, lat: number) => [number, number], count = yards.length): unknown =>
      noticeDatum(
        yards.slice(0, count).map(([lon, lat]) => compileShape({ type: "Point", coordinates: move(lon, lat) })),
        vehicles,
      );

    test("are noticed, with what was done to them", () => {
      const all = { areasBetter: 6, areasWorse: 0, pairsBetter: 30, pairsWorse: 0 };
      for (const datum of ["gcj02", "bd09"] as const) {
        expect(noticed((lon, lat) => fromWgs84(datum, lon, lat))).toEqual({ datum, mistake: "unconverted", ...all });
        expect(noticed((lon, lat) => toWgs84(datum, lon, lat))).toEqual({ datum, mistake: "converted-twice", ...all });
      }
    });

    test("are not suspected where they lie right, where nobody stands, or of one area alone", () => {
      expect(noticed((lon, lat) => [lon, lat])).toBeNull();
      expect(noticed((lon, lat) => [lon + 1, lat])).toBeNull();
      expect(noticed((lon, lat) => fromWgs84("gcj02", lon, lat), 1)).toBeNull();
    });
  });
});

test("7.11 the exposure is learnt after the vehicle has entered the city: locked at the first instant inside", () => {
  const fence = boxOf(5000, -5000, 15_000, 5000);
  const drive = Array.from({ length: 20 }, (_, i): Step => [700 + 30 * (i + 1), 600 * (i + 1), 0]);
  const steps = [...standing(0, 700, 0), ...drive];
  const [exposure] = match({ ...AT_POINT, fence }, steps).exposures;
  // 5,000 m at 20 m/s after the departure at 700 s.
  expect(exposure.lockMs).toBeCloseTo(DAY_MS + 950_000, -2);
  expect(exposure.enteredMs).toBe(exposure.lockMs);

  // Live, the fixes of the stay come when the vehicle has long been inside.
  const late = trackOf([...drive, ...standing(0, 700, 0)]);
  const found: KernelExposure[] = [];
  const matcher = new Matcher(
    worldOf({ ...AT_POINT, fence }),
    1,
    sinkOf((_vehicle, each) => found.push(each)),
  );
  const taken = [...late.timeMs].map((timeMs, row) => matcher.push(0, timeMs, late.lonE6[row], late.latE6[row]));
  expect(taken.slice(drive.length)).not.toContain(true);
  matcher.load(0, late);
  expect(found.at(-1)).toEqual(exposure);
});

describe("7.12 the area changes in mid-stay", () => {
  test("it expires: the stay is cut to its validity, and has ended", () => {
    const areas = [{ geometry: pointAt(), to: 650 }];
    const [exposure] = match({ areas }, standing(0, 1200, 0)).exposures;
    expect(brief(exposure)).toEqual({ area: "A", certainty: "observed", start: 0, end: 650 });
    expect(secondsOf(exposure.left!.timeMs)).toBe(650);
    expect(match({ areas: [{ geometry: pointAt(), to: 599 }] }, standing(0, 1200, 0)).exposures).toEqual([]);
  });

  test("it becomes valid: the stay begins then", () => {
    const areas = [{ geometry: pointAt(), from: 305 }];
    const [exposure] = match({ areas }, standing(0, 1200, 0)).exposures;
    expect(brief(exposure)).toEqual({ area: "A", certainty: "observed", start: 305, end: null });
    expect(secondsOf(exposure.entered.timeMs)).toBe(305);
    expect(secondsOf(exposure.exposedMs)).toBe(905);
  });

  test("it is withdrawn: nothing more is said about it; published anew: what follows counts", () => {
    const world = worldOf(AT_POINT);
    const found: [string, number][] = [];
    const matcher = new Matcher(
      world,
      1,
      sinkOf((_vehicle, { areaVersion }, change) => found.push([change, areaVersion])),
    );
    const [lonE6, latE6] = roundedPlace(0, 0).map((degrees) => Math.round(degrees * 1e6));
    const standUntil = (from: number, to: number): void => {
      for (let seconds = from; seconds <= to; seconds += 10) matcher.push(0, DAY_MS + seconds * 1000, lonE6, latE6);
    };
    standUntil(0, 610);
    matcher.tellGrown();
    matcher.tellGrown(0);
    expect(found).toEqual([
      ["opened", 1],
      ["grown", 1],
    ]);
    const slot = world.firstAreaSlot;
    const { id, shape, fromMs, toMs } = world.areas[slot]!;
    world.removeArea(slot);
    standUntil(620, 800);
    matcher.tellGrown();
    world.addArea({ id, version: 2, shape, fromMs, toMs });
    standUntil(810, 1390);
    expect(found).toHaveLength(2);
    standUntil(1400, 1400);
    expect(found.at(-1)).toEqual(["opened", 2]);
  });
});

test("7.13 a gate crossed twice on one segment, in both directions", () => {
  // A gate that bends: north along its first edge, back south along its second.
  const gates = [{ id: "north-gate", line: [placeAt(0, 0), placeAt(100, 1000), placeAt(200, 0)] }];
  const { passages } = match({ gates }, [
    [0, -100, 500],
    [30, 300, 500],
  ]);
  expect(
    passages.map(({ gate, inbound, timeMs }) => [gate, inbound, Math.round((timeMs - DAY_MS) / 100) / 10]),
  ).toEqual([
    ["north-gate", true, 11.2],
    ["north-gate", false, 18.8],
  ]);
  const there = match({ gates: [{ id: "road", line: [placeAt(0, -50), placeAt(0, 50)] }] }, [
    [0, -100, 0],
    [10, 100, 0],
    [20, -100, 0],
  ]);
  expect(there.passages.map(({ inbound, timeMs }) => [inbound, secondsOf(timeMs)])).toEqual([
    [true, 5],
    [false, 15],
  ]);
});

describe("7.14 two places at one time", () => {
  test("the smaller longitude, then the smaller latitude counts; the other row is marked", () => {
    const steps: Step[] = [...standing(0, 300, 0), [300, 60, 0], [300, 60, 5], ...standing(310, 700, 0)];
    const { exposures, marks } = match(AT_POINT, steps);
    expect(exposures.map(brief)).toEqual([{ area: "A", certainty: "observed", start: 0, end: null }]);
    expect(marks.conflictingRows).toEqual([31, 32]);
  });

  test("live, the larger one changes nothing and the smaller one asks for a new match", () => {
    const matcher = new Matcher(
      worldOf(AT_POINT),
      1,
      sinkOf(() => {}),
    );
    expect(matcher.push(0, DAY_MS, 113_900_000, 35_300_000)).toBe(true);
    expect(matcher.push(0, DAY_MS, 113_900_000, 35_300_000)).toBe(true);
    expect(matcher.push(0, DAY_MS, 113_900_000, 35_300_001)).toBe(true);
    expect(matcher.push(0, DAY_MS, 113_900_001, 35_200_000)).toBe(true);
    expect(matcher.push(0, DAY_MS, 113_900_000, 35_299_999)).toBe(false);
    expect(matcher.push(0, DAY_MS - 1000, 113_900_000, 35_300_000)).toBe(false);
  });
});

/** At 25 m/s from west to east, 500 m north of the point. */
function passThrough(rule: NonNullable<WorldOptions["rule"]>): KernelExposure[] {
  return match({ ...AT_POINT, rule }, [
    [0, -1500, 500],
    [120, 1500, 500],
    [200, 3000, 500],
  ]).exposures;
}

function squareOf(meters: number): [number, number][] {
  return ringOf([-meters, -meters], [meters, -meters], [meters, meters], [-meters, meters]);
}

function sinkOf(exposure: MatchSink["exposure"]): MatchSink {
  return { exposure, passage: () => {}, fence: () => {} };
}

/** As a fix has it: rounded to 1e-6 degree. */
function roundedPlace(east: number, north: number): [number, number] {
  const [lon, lat] = placeAt(east, north);
  return [Math.round(lon * 1e6) / 1e6, Math.round(lat * 1e6) / 1e6];
}
