import fc from "fast-check";
import { expect, test } from "vitest";
import type { KernelExposure, KernelFenceEvent, KernelPassage, MatchSink } from "./findings.ts";
import type { KernelTrack } from "./fixes.ts";
import { matchTrack, type TrackFindings } from "./match-track.ts";
import { Matcher } from "./matcher.ts";
import type { KernelGeometry } from "./shape.ts";
import {
  boxOf,
  placeAt,
  pointAt,
  reordered,
  ringOf,
  trackOf,
  worldOf,
  type Step,
  type WorldOptions,
} from "./tracks-for-tests.ts";
import type { World } from "./world.ts";

/** The invariant of section 6 of the rule: no order, repetition or delay of the same fixes changes what stands in the end. */

const WORLDS = 2000;
const DELAY_SECONDS_MAX = 14 * 86_400;

interface Case {
  options: WorldOptions;
  steps: Step[];
  /** For each fix, how late it comes, seconds. */
  delays: number[];
  /** Fixes that come once more, and when, seconds later. */
  repeated: [index: number, delay: number][];
}

const metres = (max: number): fc.Arbitrary<number> => fc.integer({ min: -max, max });

const geometry: fc.Arbitrary<KernelGeometry> = fc
  .tuple(metres(1500), metres(1500), fc.integer({ min: 20, max: 900 }), fc.integer({ min: 0, max: 6 }))
  .map(([east, north, size, kind]): KernelGeometry => {
    const s = size;
    const at = (x: number, y: number): [number, number] => [east + x, north + y];
    switch (kind) {
      case 0:
        return pointAt(east, north);
      case 1:
        return { type: "MultiPoint", coordinates: [placeAt(east, north), placeAt(...at(3 * s, s))] };
      case 2:
        return {
          type: "LineString",
          coordinates: [placeAt(...at(-s, 0)), placeAt(...at(s, s)), placeAt(...at(s, -s))],
        };
      case 3:
        return {
          type: "MultiLineString",
          coordinates: [
            [placeAt(...at(-s, 0)), placeAt(...at(s, s))],
            [placeAt(...at(s, -s)), placeAt(...at(2 * s, -s))],
          ],
        };
      case 4: {
        const corners = [at(-s, -s), at(s, -s), at(s, s), at(0.9 * s, s), at(0.9 * s, -0.9 * s), at(-s, -0.9 * s)];
        return { type: "Polygon", coordinates: [ringOf(...corners)] };
      }
      case 5: {
        const ring = (m: number): [number, number][] => ringOf(at(-m, -m), at(m, -m), at(m, m), at(-m, m));
        return { type: "Polygon", coordinates: [ring(3 * s), ring(1.5 * s)] };
      }
      default: {
        const square = (x: number): [number, number][] => ringOf(at(x, 0), at(x + s, 0), at(x + s, s), at(x, s));
        return { type: "MultiPolygon", coordinates: [[square(-2 * s)], [square(2 * s)]] };
      }
    }
  });

const area = fc.record({
  geometry,
  validity: fc.option(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 600, max: 6000 })), { freq: 3 }),
});

const rule = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("near" as const, "stop" as const),
      dwellMs: fc.constantFrom(60_000, 300_000, 600_000),
      graceMs: fc.constantFrom(0, 30_000, 120_000),
      slackMeters: fc.constantFrom(0, 50, 300),
      maxGapMs: fc.constantFrom(60_000, 300_000),
      lookbackMs: fc.constantFrom(1000, 600_000, 14 * 86_400_000),
    }),
  },
);

/** A leg of a truck's way: rests with jitter, drives, falls silent, jumps, or reports from two places. */
const leg = fc.record({
  kind: fc.constantFrom("rest", "rest", "drive", "silence", "jump", "two"),
  fixes: fc.integer({ min: 1, max: 16 }),
  every: fc.constantFrom(1, 10, 30, 55, 200),
  east: metres(2500),
  north: metres(2500),
  jitter: fc.constantFrom(0, 5, 15, 60),
  silence: fc.integer({ min: 60, max: 25_000 }),
});

const world: fc.Arbitrary<Case> = fc
  .record({
    areas: fc.array(area, { minLength: 1, maxLength: 4 }),
    rule,
    fenceAt: fc.option(metres(2000)),
    gate: fc.option(metres(1500)),
    legs: fc.array(leg, { minLength: 1, maxLength: 9 }),
    noise: fc.array(metres(100), { minLength: 16, maxLength: 16 }),
    lateness: fc.array(
      fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: DELAY_SECONDS_MAX })),
      {
        minLength: 1,
        maxLength: 40,
      },
    ),
    repeated: fc.array(fc.tuple(fc.nat({ max: 1000 }), fc.integer({ min: 0, max: DELAY_SECONDS_MAX })), {
      maxLength: 6,
    }),
  })
  .map(({ areas, rule: ruleChange, fenceAt, gate, legs, noise, lateness, repeated }): Case => {
    const steps = stepsOf(legs, noise);
    return {
      options: {
        areas: areas.map(({ geometry: shape, validity }) => ({
          geometry: shape,
          ...(validity !== null && { from: validity[0], to: validity[0] + validity[1] }),
        })),
        rule: ruleChange,
        ...(fenceAt !== null && { fence: boxOf(fenceAt, -4000, fenceAt + 5000, 4000) }),
        gates: gate === null ? [] : [{ id: "gate", line: [placeAt(gate, -3000), placeAt(gate + 200, 3000)] }],
      },
      steps,
      delays: steps.map((_, i) => lateness[i % lateness.length]),
      repeated: repeated.map(([index, delay]) => [index % steps.length, delay]),
    };
  });

interface Leg {
  kind: string;
  fixes: number;
  every: number;
  east: number;
  north: number;
  jitter: number;
  silence: number;
}

function stepsOf(legs: readonly Leg[], noise: readonly number[]): Step[] {
  const steps: Step[] = [];
  let seconds = 0;
  let [east, north] = [0, 0];
  for (const { kind, fixes, every, east: toEast, north: toNorth, jitter, silence } of legs) {
    const [fromEast, fromNorth] = [east, north];
    if (kind === "silence") seconds += silence;
    for (let i = 1; i <= fixes; i++) {
      seconds += every;
      if (kind === "drive") {
        east = fromEast + ((toEast - fromEast) * i) / fixes;
        north = fromNorth + ((toNorth - fromNorth) * i) / fixes;
      }
      const shake = (at: number): number => (noise[at % noise.length] / 100) * jitter;
      const [x, y] = [east + shake(i), north + shake(3 * i + 1)];
      const jumps = kind === "jump" && i % 5 === 2;
      steps.push(jumps ? [seconds, x + 40 * toEast, y] : [seconds, x, y]);
      if (kind === "two" && i % 3 === 1) steps.push([seconds, x + toEast / 10, y + toNorth / 10]);
    }
  }
  return steps;
}

/** What stands at last, by identity. */
interface Standing {
  exposures: Map<string, KernelExposure>;
  passages: Map<string, KernelPassage>;
  fenceEvents: Map<string, KernelFenceEvent>;
  outliers: Set<number>;
}

function noStanding(): Standing {
  return { exposures: new Map(), passages: new Map(), fenceEvents: new Map(), outliers: new Set() };
}

const exposureKey = ({ area: id, anchorMs }: KernelExposure): string => `${id} ${anchorMs}`;
const passageKey = ({ gate, timeMs, inbound }: KernelPassage): string =>
  `${gate} ${Math.round(timeMs / 1000)} ${inbound}`;
const fenceKey = ({ kind, notBeforeMs, notAfterMs }: KernelFenceEvent): string =>
  `${kind} ${notBeforeMs} ${notAfterMs}`;

function standingOf({ exposures, passages, fenceEvents, marks }: TrackFindings): Standing {
  return {
    exposures: new Map(exposures.map((each) => [exposureKey(each), each])),
    passages: new Map(passages.map((each) => [passageKey(each), each])),
    fenceEvents: new Map(fenceEvents.map((each) => [fenceKey(each), each])),
    outliers: new Set(marks.outliersMs),
  };
}

/** Live matching of one vehicle; what comes late is answered from the history, as the watch does it. */
class Live implements MatchSink {
  readonly #matcher: Matcher;
  readonly #arrived: number[] = [];
  readonly #track: KernelTrack;
  standing = noStanding();
  rematches = 0;

  constructor(over: World, track: KernelTrack) {
    this.#matcher = new Matcher(over, 0, this);
    this.#track = track;
  }

  arrive(row: number): void {
    const { timeMs, lonE6, latE6 } = this.#track;
    this.#arrived.push(row);
    if (this.#matcher.push(7, timeMs[row], lonE6[row], latE6[row])) return;
    this.rematches++;
    this.standing = noStanding();
    this.#matcher.load(7, reordered(this.#track, this.#arrived));
  }

  finish(): Standing {
    this.#matcher.finish(7);
    return this.standing;
  }

  exposure(_vehicle: number, exposure: KernelExposure, change: string): void {
    const { exposures } = this.standing;
    const key = exposureKey(exposure);
    // What is told must fit what is known: nothing opens twice, nothing changes that was not opened.
    if (exposures.has(key) === (change === "opened")) throw new Error(`${change} ${key} does not follow`);
    if (change === "withdrawn") exposures.delete(key);
    else exposures.set(key, exposure);
  }

  passage(_vehicle: number, passage: KernelPassage): void {
    this.standing.passages.set(passageKey(passage), passage);
  }

  fence(_vehicle: number, event: KernelFenceEvent): void {
    this.standing.fenceEvents.set(fenceKey(event), event);
  }

  outlier(_vehicle: number, timeMs: number): void {
    this.standing.outliers.add(timeMs);
  }
}

function inOrder({ steps }: Case): number[] {
  return steps.map((_, row) => row).toSorted((a, b) => steps[a][0] - steps[b][0]);
}

function asTheyCome({ steps, delays, repeated }: Case): number[] {
  const arrivals = steps.map(([seconds], row) => ({ row, at: seconds + delays[row] }));
  for (const [row, delay] of repeated) arrivals.push({ row, at: steps[row][0] + delay });
  return arrivals.toSorted((a, b) => a.at - b.at).map(({ row }) => row);
}

test(`live in order = live late, shuffled and repeated = batch, in ${WORLDS} worlds`, { timeout: 600_000 }, () => {
  const seen = { exposures: 0, inferred: 0, locks: 0, passages: 0, fenceEvents: 0, outliers: 0, rematches: 0 };
  fc.assert(
    fc.property(world, (each) => {
      const track = trackOf(each.steps);
      const batch = standingOf(matchTrack(worldOf(each.options), track));
      const arrivals = asTheyCome(each);
      expect(standingOf(matchTrack(worldOf(each.options), reordered(track, arrivals))), "batch, any order").toEqual(
        batch,
      );
      for (const order of [inOrder(each), arrivals]) {
        const live = new Live(worldOf(each.options), track);
        for (const row of order) live.arrive(row);
        expect(live.finish(), "live").toEqual(batch);
        seen.rematches += live.rematches;
      }
      for (const { certainty, lockMs } of batch.exposures.values()) {
        seen.exposures++;
        if (certainty === "inferred") seen.inferred++;
        if (lockMs !== null) seen.locks++;
      }
      seen.passages += batch.passages.size;
      seen.fenceEvents += batch.fenceEvents.size;
      seen.outliers += batch.outliers.size;
    }),
    { numRuns: WORLDS },
  );
  // The worlds hold every kind of finding.
  const rare = Object.entries(seen).filter(([, count]) => count < WORLDS / 50);
  expect(rare).toEqual([]);
});
