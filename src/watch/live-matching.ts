import type { ExposureChange, KernelExposure, KernelFenceEvent, KernelPassage, MatchSink } from "../kernel/findings.ts";
import type { KernelTrack } from "../kernel/fixes.ts";
import { Matcher, type MatcherRows } from "../kernel/matcher.ts";
import { compileShape } from "../kernel/shape.ts";
import { World } from "../kernel/world.ts";
import type { Area, Geometry } from "../model/area.ts";
import type { Gate } from "../model/city.ts";
import { FIX_UNUSABLE } from "../model/fix.ts";
import type { Rule } from "../model/rule.ts";
import type { PlaceTrack } from "../tracks/track-store.ts";
import { exposureFinding, fenceFinding, passageFinding } from "./finding-bodies.ts";
import { History, LateStretches, type LateStretchRequest } from "./late-stretch.ts";
import type { Finding, Removal, Standing } from "./ledger-port.ts";

export interface LiveMatchingOptions {
  rule: Rule;
  city: { fence: Geometry | null; gates: readonly Gate[] };
  /** The published ones. */
  areas: readonly Area[];
  vehicleId(vehicle: number): string;
  stand(standing: Standing): void;
  withdraw(vehicle: string, removal: Removal): void;
}

/**
 * The kernel's matcher over the city, in the words of the ledger: what it finds live goes on at once, what it finds
 * in a vehicle's history comes back from `rematch`.
 */
export class LiveMatching implements MatchSink {
  readonly #options: LiveMatchingOptions;
  readonly #world: World;
  readonly #matcher: Matcher;
  readonly #late: LateStretches;
  /** The areas' slots in the world, by id. */
  readonly #slots = new Map<string, number>();
  /** What is found in the history that is being matched; null while matching is live. */
  #history: History | null = null;

  constructor(options: LiveMatchingOptions) {
    const { rule, city, areas } = options;
    this.#options = options;
    this.#world = new World(rule, city.fence, city.gates);
    this.#matcher = new Matcher(this.#world, 1024, this);
    this.#late = new LateStretches(this.#world);
    for (const area of areas) this.putArea(area);
  }

  /**
   * Matches the fixes of rows `from` to `to` as they come; time ms UTC, place WGS-84 in 1e-6 degree.
   *
   * @param onLate told each row whose vehicle has to be matched again from its history: the fix is older than what is decided
   */
  push(rows: MatcherRows, from: number, to: number, onLate: (row: number) => void): void {
    this.#matcher.pushRows(rows, from, to, onLate);
  }

  /**
   * Matches a vehicle's history, in any order, and goes on live from its end.
   *
   * @param areas ids of the areas whose exposures are asked for; null: everything
   * @returns what it holds, and the time of its first usable fix, ms UTC: nothing is said about what came before it
   */
  rematch(
    vehicle: number,
    track: PlaceTrack,
    areas: ReadonlySet<string> | null,
  ): { findings: Finding[]; fromMs: number } {
    const usable = usableOf(track);
    let fromMs = Infinity;
    for (let row = 0; row < track.length; row++) if (usable[row] === 1) fromMs = Math.min(fromMs, track.timeMs[row]);
    const { length, timeMs, lonE6, latE6 } = track;
    // What is not asked for comes back from nowhere else.
    if (areas !== null) this.#matcher.tellGrown(vehicle);
    const history = this.#load(vehicle, { length, timeMs, lonE6, latE6, usable });
    return { findings: this.#findingsOf(vehicle, history, areas), fromMs };
  }

  /**
   * Matches again what late fixes can have changed. Live matching of the vehicle goes on from the end of the track when
   * the stretch reaches it, and otherwise as if nothing had been.
   *
   * @returns what `[fromMs, toMs)` holds, ms UTC; or on which side of the track more of it is needed
   */
  rematchLate(
    vehicle: number,
    track: PlaceTrack,
    request: Omit<LateStretchRequest, "track">,
  ): { findings: Finding[]; fromMs: number; toMs: number } | "earlier" | "later" {
    const { length, timeMs, lonE6, latE6 } = track;
    const kernelTrack = { length, timeMs, lonE6, latE6, usable: usableOf(track) };
    const stretch = this.#late.match({ track: kernelTrack, ...request });
    if (typeof stretch === "string") return stretch;
    const { fromMs, toMs, rest } = stretch;
    const history = rest === null ? stretch.history : this.#load(vehicle, rowsOf(kernelTrack, rest));
    return { findings: this.#findingsOf(vehicle, history, null), fromMs, toMs };
  }

  /** Replaces the vehicle's live state by that at the end of a track. */
  #load(vehicle: number, track: KernelTrack): History {
    const history = new History();
    this.#history = history;
    try {
      this.#matcher.load(vehicle, track);
    } finally {
      this.#history = null;
    }
    return history;
  }

  #findingsOf(vehicle: number, history: History, areas: ReadonlySet<string> | null): Finding[] {
    const id = this.#options.vehicleId(vehicle);
    const findings: Finding[] = [];
    for (const exposure of history.exposures.values()) {
      if (areas === null || areas.has(exposure.area)) findings.push(this.#finding(vehicle, exposure));
    }
    if (areas === null) {
      for (const passage of history.passages) findings.push(passageFinding(id, passage));
      for (const event of history.fenceEvents) findings.push(fenceFinding(id, event));
    }
    return findings;
  }

  /** Adds an area, or replaces it by its new version; the next fix counts by it. */
  putArea(area: Area): void {
    this.removeArea(area.id);
    const slot = this.#world.addArea({
      id: area.id,
      version: area.version,
      shape: compileShape(area.geometry),
      fromMs: area.from === null ? -Infinity : Date.parse(area.from),
      toMs: area.to === null ? Infinity : Date.parse(area.to),
    });
    this.#slots.set(area.id, slot);
  }

  removeArea(id: string): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    this.#slots.delete(id);
    this.#world.removeArea(slot);
  }

  /** Nothing is within reach (and its slack) of the place (1e-6 degree), and neither fence nor gate is near. */
  isClear(lonE6: number, latE6: number): boolean {
    return this.#world.index.isClear(lonE6, latE6, lonE6, latE6);
  }

  /** 1 inside the fence at the vehicle's last accepted fix, 0 outside, -1 without a fix. */
  insideFence(vehicle: number): -1 | 0 | 1 {
    return this.#matcher.insideFence(vehicle);
  }

  /** No fix of the vehicle is awaited: one that came too fast, and waits for the one after it, counts. */
  finish(vehicle: number): void {
    this.#matcher.finish(vehicle);
  }

  /** Writes the exposures that have lasted on. */
  flush(): void {
    this.#matcher.tellGrown();
  }

  exposure(vehicle: number, exposure: KernelExposure, change: ExposureChange): void {
    if (this.#history) return this.#history.exposure(vehicle, exposure, change);
    const finding = this.#finding(vehicle, exposure);
    if (change !== "withdrawn") return this.#stand(finding, change === "grown");
    const removal: Removal = { kind: "exposure", id: finding.body.id, cause: "live" };
    this.#options.withdraw(finding.body.vehicle, removal);
  }

  passage(vehicle: number, passage: KernelPassage): void {
    if (this.#history) this.#history.passage(vehicle, passage);
    else this.#stand(passageFinding(this.#options.vehicleId(vehicle), passage), false);
  }

  fence(vehicle: number, event: KernelFenceEvent): void {
    if (this.#history) this.#history.fence(vehicle, event);
    else this.#stand(fenceFinding(this.#options.vehicleId(vehicle), event), false);
  }

  #finding(vehicle: number, exposure: KernelExposure): Finding {
    return exposureFinding(this.#options.vehicleId(vehicle), exposure, this.#options.rule);
  }

  #stand(finding: Finding, quiet: boolean): void {
    this.#options.stand({ ...finding, cause: "live", quiet });
  }
}

function usableOf({ length, flags }: PlaceTrack): Uint8Array {
  const usable = new Uint8Array(length);
  for (let row = 0; row < length; row++) if ((flags[row] & FIX_UNUSABLE) === 0) usable[row] = 1;
  return usable;
}

function rowsOf({ timeMs, lonE6, latE6 }: KernelTrack, rows: Int32Array): KernelTrack {
  return {
    length: rows.length,
    timeMs: Float64Array.from(rows, (row) => timeMs[row]),
    lonE6: Int32Array.from(rows, (row) => lonE6[row]),
    latE6: Int32Array.from(rows, (row) => latE6[row]),
  };
}
