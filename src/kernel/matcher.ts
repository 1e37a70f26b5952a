import { eachCrossing } from "./crossing.ts";
import { distanceMeters } from "./distance.ts";
import type { KernelExposure, MatchSink, TrackPoint } from "./findings.ts";
import { isPlace, orderFixes, type KernelTrack } from "./fixes.ts";
import { lockInstant, type LockInstant, type PresenceSpan } from "./lock.ts";
import { isInside, presenceAlong } from "./presence.ts";
import { AreaStays, pointAt, type Segment, type StaySink } from "./stay.ts";
import { FENCE_SLOT, type World } from "./world.ts";

/**
 * The state machine of the rule, for all vehicles of a city. Live matching pushes fixes as they come; a batch is the same machine, fed with one
 * vehicle's fixes in order (`match-track.ts`). That is why both give the same answer.
 *
 * A vehicle that is near nothing costs four numbers: its last place and time, and a byte. Its next fix is judged by the index alone, in two reads. What is near
 * something has an object of its own (`Involvement`) for as long as that matters.
 *
 * Outliers need the fix after them (section 1). A fix that comes too fast from the one before is HELD until the next one tells: too fast again, and it never
 * happened. `flush` ends the waiting, for the end of the data: a last fix has no neighbour after it, so it stands.
 */

const HAS_FIX = 1;
const INSIDE = 2;
const INVOLVED = 4;
/** Metres of a millionth of a degree, at most. */
const METERS_PER_E6 = 0.1117;

/** What a vehicle is involved in beyond its last fix. */
interface Involvement {
  stays: AreaStays[];
  /** A fix that came too fast, waiting for the next one. */
  held: E6Fix | null;
  /** The last valid fix when that is not the last accepted one: it turned out to be an outlier. */
  outlier: E6Fix | null;
  /** The last accepted fix was held and stands only because nothing came after it. */
  provisional: boolean;
  /** Reported exposures that have not locked, or are still growing, with what they were last. */
  exposures: Map<string, TrackedExposure>;
  /** Presence inside the fence that has ended, as long as an exposure learnt now can reach back to it. */
  spans: PresenceSpan[];
}

interface TrackedExposure {
  exposure: KernelExposure;
  lock: LockInstant | null;
  growing: boolean;
}

interface E6Fix {
  timeMs: number;
  lonE6: number;
  latE6: number;
}

export class Matcher {
  readonly world: World;
  readonly #sink: MatchSink;
  readonly #maxSpeedMetersPerMs: number;
  #timeMs: Float64Array;
  #lonE6: Int32Array;
  #latE6: Int32Array;
  #state: Uint8Array;
  #insideSinceMs: Float64Array;
  readonly #involved = new Map<number, Involvement>();
  #slots = new Int32Array(64);

  /** `vehicles` is the room to begin with; vehicle numbers are dense and the columns grow. */
  constructor(world: World, vehicles: number, sink: MatchSink) {
    this.world = world;
    this.#sink = sink;
    this.#maxSpeedMetersPerMs = world.rule.maxSpeedKmh / 3600;
    this.#timeMs = new Float64Array(vehicles);
    this.#lonE6 = new Int32Array(vehicles);
    this.#latE6 = new Int32Array(vehicles);
    this.#state = new Uint8Array(vehicles);
    this.#insideSinceMs = new Float64Array(vehicles);
  }

  /** Vehicles that are involved in something now. */
  get involved(): number {
    return this.#involved.size;
  }

  /** Bytes of the columns, for each vehicle there is room for. */
  get bytesPerVehicle(): number {
    return 8 + 4 + 4 + 1 + 8;
  }

  /**
   * Takes the next fix of a vehicle (ms UTC, integer; 1e-6 degree, WGS-84). False when it comes late, or changes what has been decided: the caller then
   * matches the vehicle's history again with `load`. A repetition is taken and changes nothing; so is a place out of range.
   */
  push(vehicle: number, timeMs: number, lonE6: number, latE6: number): boolean {
    if (vehicle >= this.#state.length) this.#grow(vehicle + 1);
    const elapsedMs = timeMs - this.#timeMs[vehicle];
    if (
      (this.#state[vehicle] & (HAS_FIX | INVOLVED)) === HAS_FIX &&
      elapsedMs > 0 &&
      elapsedMs <= this.world.rule.maxGapMs
    ) {
      const fromLon = this.#lonE6[vehicle];
      const fromLat = this.#latE6[vehicle];
      if (this.world.index.isClear(fromLon, fromLat, lonE6, latE6)) {
        // More than the true distance: enough to know that it is not too fast.
        const meters = (Math.abs(lonE6 - fromLon) + Math.abs(latE6 - fromLat)) * METERS_PER_E6;
        if (meters <= elapsedMs * this.#maxSpeedMetersPerMs) {
          this.#timeMs[vehicle] = timeMs;
          this.#lonE6[vehicle] = lonE6;
          this.#latE6[vehicle] = latE6;
          return true;
        }
      }
    }
    return this.#judge(vehicle, timeMs, lonE6, latE6);
  }

  /** A held fix stands, because nothing comes after it. If something does, and makes it an outlier, `push` returns false. */
  flush(vehicle: number): void {
    const involvement = this.#involved.get(vehicle);
    if (involvement === undefined || involvement.held === null) return;
    const { held } = involvement;
    involvement.held = null;
    this.#advance(vehicle, held);
    this.#involve(vehicle).provisional = true;
  }

  /** Vehicles whose last fix is held. */
  *held(): Iterable<number> {
    for (const [vehicle, { held }] of this.#involved) if (held !== null) yield vehicle;
  }

  /**
   * Forgets what is known of a vehicle and takes its fixes from the beginning; the sink is told everything again. Live matching goes on from there. Returns the rows
   * that another row at the same time overruled.
   */
  load(vehicle: number, track: KernelTrack): number[] {
    if (vehicle >= this.#state.length) this.#grow(vehicle + 1);
    this.forget(vehicle);
    const { rows, conflicting } = orderFixes(track);
    for (const row of rows) this.push(vehicle, track.timeMs[row], track.lonE6[row], track.latE6[row]);
    return conflicting;
  }

  /** Forgets a vehicle; nobody is told. */
  forget(vehicle: number): void {
    this.#state[vehicle] = 0;
    this.#involved.delete(vehicle);
  }

  /** Adds an area; what vehicles did near it before is the caller's to find (`load`). Returns its slot. */
  addArea(area: Parameters<World["addArea"]>[0]): number {
    return this.world.addArea(area);
  }

  /** Removes an area and every stay near it; nobody is told. */
  removeArea(slot: number): boolean {
    for (const [vehicle, involvement] of this.#involved) {
      involvement.stays = involvement.stays.filter((stays) => stays.slot !== slot);
      for (const [key, { exposure }] of involvement.exposures) {
        if (exposure.slot === slot) involvement.exposures.delete(key);
      }
      this.#disinvolve(vehicle, involvement);
    }
    return this.world.removeArea(slot);
  }

  /** The end of a presence that goes on, told to the sink: for the end of a batch. */
  endPresence(vehicle: number): void {
    if ((this.#state[vehicle] & INSIDE) !== 0) {
      this.#sink.presence?.(vehicle, this.#insideSinceMs[vehicle], this.#timeMs[vehicle]);
    }
  }

  /** Any fix that the index does not clear at once. */
  #judge(vehicle: number, timeMs: number, lonE6: number, latE6: number): boolean {
    if (!isPlace(lonE6, latE6) || !Number.isFinite(timeMs)) return true;
    const fix = { timeMs, lonE6, latE6 };
    if ((this.#state[vehicle] & HAS_FIX) === 0) {
      this.#begin(vehicle, fix);
      return true;
    }
    const involvement = this.#involved.get(vehicle);
    const before = involvement?.held ?? involvement?.outlier ?? this.#lastFix(vehicle);
    if (timeMs <= before.timeMs) return timeMs === before.timeMs && !this.#overrules(fix, before);
    const tooFast = this.#isTooFast(before, fix);
    if (involvement?.provisional === true) {
      if (tooFast) return false;
      involvement.provisional = false;
    }
    if (involvement !== undefined && involvement.held !== null) {
      const { held } = involvement;
      involvement.held = null;
      if (tooFast) {
        involvement.outlier = held;
        this.#sink.outlier?.(vehicle, held.timeMs);
      } else {
        involvement.outlier = null;
        this.#advance(vehicle, held);
      }
    }
    if (tooFast) this.#involve(vehicle).held = fix;
    else {
      const now = this.#involved.get(vehicle);
      if (now !== undefined) now.outlier = null;
      this.#advance(vehicle, fix);
    }
    return true;
  }

  /** Whether a fix at the same time counts instead of the one that was taken. */
  #overrules(fix: E6Fix, taken: E6Fix): boolean {
    return fix.lonE6 < taken.lonE6 || (fix.lonE6 === taken.lonE6 && fix.latE6 < taken.latE6);
  }

  #isTooFast(from: E6Fix, to: E6Fix): boolean {
    const meters = distanceMeters(from.lonE6 / 1e6, from.latE6 / 1e6, to.lonE6 / 1e6, to.latE6 / 1e6);
    return meters > (to.timeMs - from.timeMs) * this.#maxSpeedMetersPerMs;
  }

  #begin(vehicle: number, fix: E6Fix): void {
    const { fence } = this.world;
    this.#store(vehicle, fix);
    this.#state[vehicle] = HAS_FIX;
    if (fence !== null && isInside(fence, pointOf(fix))) {
      this.#state[vehicle] |= INSIDE;
      this.#insideSinceMs[vehicle] = fix.timeMs;
    }
  }

  /** Takes an accepted fix: classifies the way since the last one, and lets fence, gates and areas have it. */
  #advance(vehicle: number, fix: E6Fix): void {
    const { rule, index } = this.world;
    const last = this.#lastFix(vehicle);
    const segment: Segment = { from: pointOf(last), to: pointOf(fix) };
    const elapsedMs = fix.timeMs - last.timeMs;
    const isKnown = elapsedMs <= rule.maxGapMs && !this.#isTooFast(last, fix);
    if (this.#slots.length < this.world.slotsMax) this.#slots = new Int32Array(2 * this.world.slotsMax);
    const slots = this.#slots;
    const count = index.candidates(last.lonE6, last.latE6, fix.lonE6, fix.latE6, slots);
    this.#store(vehicle, fix);
    if (isKnown) {
      if (count > 0) {
        if (slots[0] === FENCE_SLOT) this.#crossFence(vehicle, segment);
        this.#crossGates(vehicle, segment, slots, count);
      }
      this.#moveKnown(vehicle, segment, slots, count);
    } else {
      this.#jumpFence(vehicle, segment);
      const isParked =
        elapsedMs > rule.maxGapMs &&
        elapsedMs <= rule.maxParkedMs &&
        distanceMeters(segment.from.lon, segment.from.lat, segment.to.lon, segment.to.lat) <= rule.parkedRadiusMeters;
      if (isParked) this.#moveParked(vehicle, segment, slots, count);
      else this.#moveUnknown(vehicle, segment);
    }
  }

  #crossFence(vehicle: number, segment: Segment): void {
    let atMs = segment.from.timeMs;
    for (const { untilMs, inside } of presenceAlong(this.world.fence!, segment)) {
      if (inside !== ((this.#state[vehicle] & INSIDE) !== 0)) {
        if (inside) this.#enter(vehicle, atMs);
        else this.#exit(vehicle, atMs);
        const kind = inside ? "entry" : "exit";
        this.#sink.fence(vehicle, { kind, timeMs: atMs, notBeforeMs: atMs, notAfterMs: atMs });
      }
      atMs = untilMs;
    }
  }

  /** Across an unknown stretch presence ends at its first fix and, if the vehicle is inside at its second, begins anew there. */
  #jumpFence(vehicle: number, { from, to }: Segment): void {
    const { fence } = this.world;
    if (fence === null) return;
    const wasInside = (this.#state[vehicle] & INSIDE) !== 0;
    const inside = isInside(fence, to);
    if (wasInside) this.#exit(vehicle, from.timeMs);
    if (inside !== wasInside) {
      const kind = inside ? "entry" : "exit";
      this.#sink.fence(vehicle, { kind, timeMs: null, notBeforeMs: from.timeMs, notAfterMs: to.timeMs });
    }
    if (inside) this.#enter(vehicle, to.timeMs);
  }

  #enter(vehicle: number, atMs: number): void {
    this.#state[vehicle] |= INSIDE;
    this.#insideSinceMs[vehicle] = atMs;
    const involvement = this.#involved.get(vehicle);
    if (involvement === undefined) return;
    for (const tracked of involvement.exposures.values()) this.#lock(vehicle, involvement, tracked, true);
  }

  #exit(vehicle: number, atMs: number): void {
    this.#state[vehicle] &= ~INSIDE;
    const fromMs = this.#insideSinceMs[vehicle];
    this.#sink.presence?.(vehicle, fromMs, atMs);
    const involvement = this.#involved.get(vehicle);
    if (involvement !== undefined) involvement.spans.push({ fromMs, toMs: atMs });
  }

  #crossGates(vehicle: number, segment: Segment, slots: Int32Array, count: number): void {
    const { world } = this;
    for (let i = 0; i < count && slots[i] < world.firstAreaSlot; i++) {
      if (slots[i] === FENCE_SLOT) continue;
      const gate = world.gates[slots[i] - 1];
      const { from, to } = segment;
      eachCrossing(gate.shape, from.lon, from.lat, to.lon, to.lat, (fraction, inbound) => {
        this.#sink.passage(vehicle, { gate: gate.id, inbound, ...pointAt(segment, fraction) });
      });
    }
  }

  #moveKnown(vehicle: number, segment: Segment, slots: Int32Array, count: number): void {
    const { world } = this;
    let involvement = this.#involved.get(vehicle);
    if (involvement !== undefined) {
      for (const stays of involvement.stays) {
        if (!includes(slots, count, stays.slot)) stays.moveFar(segment, this.#sinkOf(vehicle, involvement));
      }
    }
    for (let i = 0; i < count; i++) {
      const slot = slots[i];
      if (slot < world.firstAreaSlot) continue;
      const area = world.areas[slot]!;
      let stays = involvement?.stays.find((other) => other.slot === slot);
      if (stays === undefined) {
        if (area.toMs <= segment.from.timeMs) continue;
        stays = new AreaStays(slot, area, world.rule);
      }
      involvement = this.#move(vehicle, involvement, stays, (sink) => stays.moveKnown(segment, sink));
    }
    if (involvement !== undefined) this.#disinvolve(vehicle, involvement);
  }

  #moveParked(vehicle: number, segment: Segment, slots: Int32Array, count: number): void {
    const { world } = this;
    let involvement = this.#involved.get(vehicle);
    if (involvement !== undefined) {
      for (const stays of involvement.stays) {
        if (!includes(slots, count, stays.slot)) stays.moveUnknown(segment, this.#sinkOf(vehicle, involvement));
      }
    }
    for (let i = 0; i < count; i++) {
      const slot = slots[i];
      if (slot < world.firstAreaSlot) continue;
      const area = world.areas[slot]!;
      let stays = involvement?.stays.find((other) => other.slot === slot);
      if (stays === undefined) {
        if (area.toMs <= segment.from.timeMs) continue;
        stays = new AreaStays(slot, area, world.rule);
      }
      involvement = this.#move(vehicle, involvement, stays, (sink) => stays.moveParked(segment, sink));
    }
    if (involvement !== undefined) this.#disinvolve(vehicle, involvement);
  }

  #moveUnknown(vehicle: number, segment: Segment): void {
    const involvement = this.#involved.get(vehicle);
    if (involvement === undefined) return;
    for (const stays of involvement.stays) stays.moveUnknown(segment, this.#sinkOf(vehicle, involvement));
    this.#disinvolve(vehicle, involvement);
  }

  /** Moves a vehicle's stays near one area, and keeps them if they are not idle. */
  #move(
    vehicle: number,
    involvement: Involvement | undefined,
    stays: AreaStays,
    move: (sink: StaySink) => void,
  ): Involvement | undefined {
    const wasIdle = stays.idle;
    if (wasIdle && involvement === undefined) {
      // Most who come within reach of the index never come near: an object is made only for those who do.
      const late = newInvolvement();
      move(this.#sinkOf(vehicle, late));
      if (stays.idle && late.exposures.size === 0) return undefined;
      late.stays.push(stays);
      this.#involved.set(vehicle, late);
      this.#state[vehicle] |= INVOLVED;
      return late;
    }
    const known = involvement!;
    move(this.#sinkOf(vehicle, known));
    if (wasIdle && !stays.idle) known.stays.push(stays);
    return known;
  }

  #sinkOf(vehicle: number, involvement: Involvement): StaySink {
    const report = (exposure: KernelExposure, change: "opened" | "grown" | "closed"): void => {
      const key = keyOf(exposure);
      const tracked = involvement.exposures.get(key) ?? { exposure, lock: null, growing: true };
      tracked.exposure = exposure;
      tracked.growing = change !== "closed";
      involvement.exposures.set(key, tracked);
      this.#lock(vehicle, involvement, tracked, false);
      this.#sink.exposure(vehicle, { ...exposure, ...tracked.lock }, change);
    };
    return {
      opened: (exposure) => report(exposure, "opened"),
      grown: (exposure) => report(exposure, "grown"),
      closed: (exposure) => report(exposure, "closed"),
      withdrawn: (exposure) => {
        involvement.exposures.delete(keyOf(exposure));
        this.#sink.exposure(vehicle, exposure, "withdrawn");
      },
    };
  }

  /** Finds the lock instant of an exposure that has none yet. */
  #lock(vehicle: number, involvement: Involvement, tracked: TrackedExposure, tell: boolean): void {
    if (tracked.lock !== null) return;
    const { spans } = involvement;
    const now =
      (this.#state[vehicle] & INSIDE) === 0
        ? spans
        : [...spans, { fromMs: this.#insideSinceMs[vehicle], toMs: this.#timeMs[vehicle] }];
    tracked.lock = lockInstant(tracked.exposure, now, this.world.rule.lookbackMs);
    if (tell && tracked.lock !== null) {
      this.#sink.exposure(vehicle, { ...tracked.exposure, ...tracked.lock }, "locked");
    }
  }

  /** Lets go of what is over: idle stays, closed exposures that have locked or never will, old presence. */
  #disinvolve(vehicle: number, involvement: Involvement): void {
    const { lookbackMs, graceMs, maxParkedMs } = this.world.rule;
    const nowMs = this.#timeMs[vehicle];
    if (involvement.stays.some((stays) => stays.idle)) {
      involvement.stays = involvement.stays.filter((stays) => !stays.idle);
    }
    for (const [key, { exposure, lock, growing }] of involvement.exposures) {
      if (!growing && (lock !== null || nowMs > exposure.lastMs + lookbackMs)) involvement.exposures.delete(key);
    }
    const reachMs = nowMs - graceMs - maxParkedMs;
    if (involvement.spans.length > 0 && involvement.spans[0].toMs < reachMs) {
      involvement.spans = involvement.spans.filter(({ toMs }) => toMs >= reachMs);
    }
    const isOver =
      involvement.stays.length === 0 &&
      involvement.exposures.size === 0 &&
      involvement.held === null &&
      involvement.outlier === null &&
      !involvement.provisional;
    if (!isOver) return;
    this.#involved.delete(vehicle);
    this.#state[vehicle] &= ~INVOLVED;
  }

  #involve(vehicle: number): Involvement {
    let involvement = this.#involved.get(vehicle);
    if (involvement === undefined) {
      involvement = newInvolvement();
      this.#involved.set(vehicle, involvement);
      this.#state[vehicle] |= INVOLVED;
    }
    return involvement;
  }

  #lastFix(vehicle: number): E6Fix {
    return { timeMs: this.#timeMs[vehicle], lonE6: this.#lonE6[vehicle], latE6: this.#latE6[vehicle] };
  }

  #store(vehicle: number, fix: E6Fix): void {
    this.#timeMs[vehicle] = fix.timeMs;
    this.#lonE6[vehicle] = fix.lonE6;
    this.#latE6[vehicle] = fix.latE6;
  }

  #grow(least: number): void {
    const room = Math.max(least, Math.ceil(this.#state.length * 1.5), 16);
    this.#timeMs = grown(this.#timeMs, new Float64Array(room));
    this.#lonE6 = grown(this.#lonE6, new Int32Array(room));
    this.#latE6 = grown(this.#latE6, new Int32Array(room));
    this.#state = grown(this.#state, new Uint8Array(room));
    this.#insideSinceMs = grown(this.#insideSinceMs, new Float64Array(room));
  }
}

function newInvolvement(): Involvement {
  return { stays: [], held: null, outlier: null, provisional: false, exposures: new Map(), spans: [] };
}

function keyOf({ slot, anchorMs }: KernelExposure): string {
  return `${slot} ${anchorMs}`;
}

function pointOf({ timeMs, lonE6, latE6 }: E6Fix): TrackPoint {
  return { timeMs, lon: lonE6 / 1e6, lat: latE6 / 1e6 };
}

function includes(slots: Int32Array, count: number, slot: number): boolean {
  for (let i = 0; i < count; i++) if (slots[i] === slot) return true;
  return false;
}

function grown<Column extends Float64Array | Int32Array | Uint8Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
