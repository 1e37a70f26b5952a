import { createHash } from "node:crypto";
import type { Area, Geometry } from "../model/area.ts";
import type { Gate } from "../model/city.ts";
import type { Lock, ReleaseInput } from "../model/finding.ts";
import { FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";
import { DEFAULT_RULE, type Rule } from "../model/rule.ts";
import { vehicleStateSchema } from "../model/vehicle.ts";
import type { PlaceTrack, TrackStore } from "../tracks/track-store.ts";
import { AreaDesk } from "./area-desk.ts";
import type { Cause, LedgerPort, Removal } from "./ledger-port.ts";
import { LedgerWriter } from "./ledger-writer.ts";
import { LiveMatching } from "./live-matching.ts";
import { LivePositions } from "./live-positions.ts";
import { LockDesk, type WatchLog } from "./lock-desk.ts";
import { PreviewDesk } from "./preview-desk.ts";
import type { Settlement } from "./ledger-changes.ts";
import type { OpenExposure } from "./late-stretch.ts";
import { ALL_TIME_MS, RematchQueue, type LatePart, type RematchReason } from "./rematch-queue.ts";
import { resumeMatching } from "./resume.ts";
import { Retro } from "./retro.ts";
import { VehicleStates } from "./vehicle-states.ts";
import type { Watch, WatchStatus } from "./watch.ts";

export interface WatchOptions {
  tracks: Pick<
    TrackStore,
    | "vehicles"
    | "track"
    | "stretchesIn"
    | "eachStretch"
    | "staysIn"
    | "vehiclesIn"
    | "lastPositions"
    | "replay"
    | "completeSinceMs"
  >;
  ledger: LedgerPort;
  /** Fence (Polygon or MultiPolygon) and gates, WGS-84, longitude first. */
  city: { fence: Geometry | null; gates: readonly Gate[] };
  rule?: Rule;
  /** The city's clock, ms UTC: when something is published, learnt, released. Decides nothing about a fix. */
  now: () => number;
  /** Told about what is tried again, one line each. */
  log?: WatchLog;
}

/** Event time between two looks at what expires, ms. */
const EXPIRY_EVERY_MS = 60_000;
const VEHICLES_AT_ONCE = 500;
/** Without a fix for so long nothing more is expected soon, ms. */
const QUIET_MS = 2000;
const NO_AREAS: ReadonlySet<string> = new Set();
const NO_VEHICLES: ReadonlySet<number> = new Set();

/**
 * Opens the watch over the stores: loads the areas, matches the past that the track store keeps, so that what the
 * ledger lacks is found (a finding that was not written before the end), and goes on live from there.
 */
export async function openWatch(options: WatchOptions): Promise<Watch> {
  const areas = await options.ledger.allAreas();
  const watch = new CityWatch(options, areas);
  await watch.resume(areas);
  return watch;
}

class CityWatch implements Watch {
  readonly live = new LivePositions();
  readonly #options: WatchOptions;
  readonly #rule: Rule;
  readonly #writer: LedgerWriter;
  readonly #matching: LiveMatching;
  readonly #queue: RematchQueue;
  readonly #retro: Retro;
  readonly #areas: AreaDesk;
  readonly #previews: PreviewDesk;
  readonly #locks: LockDesk;
  readonly #states: VehicleStates;
  /** Digest of what decides beside the areas. */
  readonly #world: string;
  /** Position in the log behind the last batch; null when it is not known. */
  #position: number | null = null;
  #eventTimeMs = -Infinity;
  #expiryDueMs = -Infinity;
  #fixes = 0;
  #fixesAside = 0;
  #fixesLate = 0;
  /** Fixes have ceased to come: what they left open is looked at as it stands. A timer only, no time is read. */
  readonly #quiet = setTimeout(() => this.#whenQuiet(), QUIET_MS).unref();

  constructor(options: WatchOptions, areas: readonly Area[]) {
    const { tracks, ledger, city, now } = options;
    this.#options = options;
    this.#rule = options.rule ?? DEFAULT_RULE;
    const rule = this.#rule;
    const { fence, gates } = city;
    this.#world = createHash("sha256").update(JSON.stringify({ rule, fence, gates })).digest("hex");
    this.#states = new VehicleStates(this.live, rule.lookbackMs);
    this.#writer = new LedgerWriter({
      ledger,
      lookbackMs: rule.lookbackMs,
      cityTimeMs: () => this.#eventTimeMs,
      now,
      onLocks: (id, exposures, locks) => {
        const vehicle = tracks.vehicles.find(id);
        if (vehicle !== undefined) this.#states.set(vehicle, exposures, locks, this.#eventTimeMs, now());
      },
    });
    this.#matching = new LiveMatching({
      rule,
      city,
      areas: areas.filter(({ state }) => state === "published"),
      vehicleId: (vehicle) => tracks.vehicles.idOf(vehicle),
      stand: (standing) => this.#writer.stand(standing),
      withdraw: (vehicle, removal) => this.#writer.withdraw(vehicle, removal),
    });
    const onProblem = (error: Error): void => options.log?.warn({ error: error.message }, "history could not be read");
    this.#queue = new RematchQueue({
      tracks,
      rematch: (vehicle, track, reason) => this.#rematch(vehicle, track, reason),
      exposuresOf: (vehicle) => this.#exposuresOf(tracks.vehicles.idOf(vehicle)),
      rematchLate: (vehicle, part) => this.#rematchLate(vehicle, part),
      isHeldUp: () => this.#writer.isFull,
      onProblem,
    });
    this.#retro = new Retro({ tracks, ledger, rule, queue: this.#queue, onProblem });
    this.#locks = new LockDesk({ ledger, writer: this.#writer, now, log: options.log });
    this.#previews = new PreviewDesk({
      tracks,
      rule,
      fence,
      now,
      isLocked: (vehicle) => vehicleStateSchema.options[this.live.state[vehicle]] === "locked",
    });
    this.#areas = new AreaDesk({
      areas,
      now,
      write: (body, cause) =>
        this.#writer.act(async () => {
          await ledger.record({ atMs: now(), standing: [{ kind: "area", cause, body }], removals: [] });
        }),
      onChange: (area, cause) => {
        if (area.state === "withdrawn") void this.#withdrawExposures(area.id);
        else this.#matching.putArea(area);
        if (area.state === "published") this.#retro.start(area, cause);
      },
    });
  }

  /** Takes the state of every vehicle over from what the stores keep. */
  async resume(areas: readonly Area[]): Promise<void> {
    const { tracks, ledger } = this.#options;
    const last = await tracks.lastPositions();
    for (let row = 0; row < last.length; row++) this.#show(last, row);
    const sinceMs = Math.max(ALL_TIME_MS.from, this.#eventTimeMs - this.#rule.lookbackMs);
    const atRisk = await ledger.vehiclesAtRisk(sinceMs);
    const checkpoint = await ledger.checkpoint();
    const isOurs = checkpoint !== null && checkpoint.world === this.#world;
    this.#position = await resumeMatching({
      tracks,
      last,
      position: isOurs ? checkpoint.position : null,
      atRisk: new Set(atRisk.flatMap((id) => tracks.vehicles.find(id) ?? [])),
      rule: this.#rule,
      isClear: (lonE6, latE6) => this.#matching.isClear(lonE6, latE6),
      rematch: (vehicle, track) => this.#rematch(vehicle, track, null),
      takeOver: (vehicle, track) => {
        this.#matching.rematch(vehicle, track, NO_AREAS);
        this.live.setInside(vehicle, this.#matching.insideFence(vehicle));
      },
      ingest: (batch, skip) => this.#match(batch, skip),
      room: async () => {
        while (this.#writer.isFull) await new Promise((resolve) => setTimeout(resolve, 20));
      },
    });
    if (isOurs) await this.#takeUpAreas(areas, checkpoint.seq);
    // Their locks are looked at once more (the end may have come between a finding and its lock), and shown.
    for (const id of atRisk) this.#writer.chain(id, "live");
  }

  /** Areas that changed behind the checkpoint: what they ask of the past may not be answered yet. */
  async #takeUpAreas(areas: readonly Area[], seq: number): Promise<void> {
    const changed = new Set(await this.#options.ledger.areasChangedSince(seq));
    for (const area of areas) {
      if (!changed.has(area.id)) continue;
      if (area.state === "withdrawn") void this.#withdrawExposures(area.id);
      else this.#retro.start(area, area.version === 1 ? "area-published" : "area-edited");
    }
  }

  ingest(batch: FixBatch, position?: number): void {
    this.#match(batch, NO_VEHICLES);
    if (position !== undefined) this.#position = position;
    if (this.#eventTimeMs >= this.#expiryDueMs) void this.#passTime();
    this.#quiet.refresh();
  }

  #match(batch: FixBatch, skip: ReadonlySet<number>): void {
    const { length, vehicle, flags } = batch;
    let from = 0;
    for (let row = 0; row < length; row++) {
      const isAside = (flags[row] & FIX_UNUSABLE) !== 0;
      if (isAside) this.#fixesAside++;
      else if (!skip.has(vehicle[row])) continue;
      this.#matchRun(batch, from, row);
      from = row + 1;
    }
    this.#matchRun(batch, from, length);
  }

  /** Matches rows that all count. */
  #matchRun(batch: FixBatch, from: number, to: number): void {
    const { vehicle, timeMs } = batch;
    this.#fixes += to - from;
    for (let row = from; row < to; row++) this.#queue.arrived(batch, row);
    if (this.#writer.isFull) {
      // What cannot be written is not matched either: it is in the track store, and is matched from there later.
      for (let row = from; row < to; row++) this.#queue.addLate(vehicle[row], timeMs[row], Infinity);
    } else {
      this.#matching.push(batch, from, to, (row) => {
        this.#fixesLate++;
        this.#queue.addLate(vehicle[row], timeMs[row], timeMs[row]);
      });
    }
    for (let row = from; row < to; row++) this.#show(batch, row);
  }

  publishArea(input: Parameters<Watch["publishArea"]>[0]): Promise<Area> {
    return this.#areas.publish(input);
  }

  editArea(id: string, input: Parameters<Watch["editArea"]>[1]): Promise<Area> {
    return this.#areas.edit(id, input);
  }

  withdrawArea(id: string): Promise<Area> {
    return this.#areas.withdraw(id);
  }

  previewAreas(...[input, signal]: Parameters<Watch["previewAreas"]>): ReturnType<Watch["previewAreas"]> {
    return this.#previews.preview(input, signal);
  }

  stopRetro(area: string): void {
    this.#retro.stop(area);
  }

  releaseLock(id: string, input: ReleaseInput): Promise<Lock> {
    return this.#locks.release(id, input);
  }

  status(): WatchStatus {
    return {
      eventTimeMs: this.#eventTimeMs === -Infinity ? null : this.#eventTimeMs,
      fixes: this.#fixes,
      fixesAside: this.#fixesAside,
      fixesLate: this.#fixesLate,
      rematchQueue: this.#queue.size,
      rematches: this.#queue.rematches,
      ledgerQueue: this.#writer.waiting,
      ledgerProblem: this.#writer.problem,
      retro: this.#retro.progress(),
      states: this.live.stateCounts(),
    };
  }

  async settled(): Promise<void> {
    do {
      await this.#retro.idle();
      await this.#queue.idle();
      this.#finishSilent(Infinity);
      this.#matching.flush();
      await this.#writer.idle();
      await this.#passTime();
      await this.#writer.idle();
    } while (this.#queue.size > 0 || this.#writer.waiting > 0);
  }

  async close(): Promise<void> {
    clearTimeout(this.#quiet);
    await this.#retro.close();
    await this.#queue.close();
    await this.#locks.idle();
    this.#matching.flush();
    await this.#writer.close();
  }

  #rematch(vehicle: number, track: PlaceTrack, reason: RematchReason | null): void {
    // A changed area changes the exposures to it and nothing else.
    const areas = reason === null || reason.late ? null : new Set(reason.areas.keys());
    const { findings, fromMs } = this.#matching.rematch(vehicle, track, areas);
    const causeOf = (area: string | null): Cause =>
      (area === null ? undefined : reason?.areas.get(area)) ?? (reason === null ? "live" : "late-fix");
    this.#settle(vehicle, { fromMs, toMs: Infinity, areas, standing: findings, causeOf });
    this.live.setInside(vehicle, this.#matching.insideFence(vehicle));
  }

  #rematchLate(vehicle: number, { track, fromMs, toMs, reason, exposures }: LatePart): "done" | "earlier" | "later" {
    const stretch = this.#matching.rematchLate(vehicle, track, {
      lateFromMs: reason.lateFromMs,
      lateToMs: reason.lateToMs,
      hasBegin: fromMs <= ALL_TIME_MS.from,
      hasEnd: toMs >= this.live.timeMs[vehicle],
      exposures,
    });
    if (typeof stretch === "string") return stretch;
    const { findings, ...span } = stretch;
    this.#settle(vehicle, { ...span, areas: null, standing: findings, causeOf: () => "late-fix" });
    this.live.setInside(vehicle, this.#matching.insideFence(vehicle));
    return "done";
  }

  /** Nothing is said about times of which retention has left some fixes only. */
  #settle(vehicle: number, settlement: Omit<Settlement, "vehicle">): void {
    const { tracks } = this.#options;
    const fromMs = Math.max(settlement.fromMs, tracks.completeSinceMs);
    if (fromMs >= settlement.toMs) return;
    this.#writer.settle({ ...settlement, vehicle: tracks.vehicles.idOf(vehicle), fromMs });
  }

  /** The exposures of a vehicle, with what waits to be written now. */
  async #exposuresOf(vehicle: string): Promise<OpenExposure[]> {
    const { ledger } = this.#options;
    const found = await this.#writer.act(() => ledger.findingsOf([vehicle], ALL_TIME_MS.from, "exposures"));
    const exposures = found.get(vehicle)?.exposures ?? [];
    return exposures.map(({ body, lastMs, lockMs }) => ({ startMs: Date.parse(body.start), lastMs, lockMs }));
  }

  /** An area is withdrawn as if it had never been: so are the exposures to it, however long ago. */
  async #withdrawExposures(area: string): Promise<void> {
    const { ledger } = this.#options;
    this.#retro.stop(area);
    this.#matching.removeArea(area);
    const removals = await this.#writer.act(async () => {
      const found: { vehicle: string; removal: Removal }[] = [];
      const vehicles = await ledger.vehiclesExposedTo(area);
      for (let at = 0; at < vehicles.length; at += VEHICLES_AT_ONCE) {
        const findings = await ledger.findingsOf(
          vehicles.slice(at, at + VEHICLES_AT_ONCE),
          ALL_TIME_MS.from,
          "exposures",
        );
        for (const [vehicle, { exposures }] of findings) {
          for (const { body } of exposures) {
            if (body.area !== area) continue;
            found.push({ vehicle, removal: { kind: "exposure", id: body.id, cause: "area-withdrawn" } });
          }
        }
      }
      return found;
    });
    for (const { vehicle, removal } of removals) this.#writer.withdraw(vehicle, removal);
  }

  /** Moves the city's clock and the map's vehicle. */
  #show(batch: FixBatch, row: number): void {
    const vehicle = batch.vehicle[row];
    this.#eventTimeMs = Math.max(this.#eventTimeMs, batch.timeMs[row]);
    this.live.take(batch, row);
    this.live.setInside(vehicle, this.#matching.insideFence(vehicle));
  }

  /** The last fix of every vehicle counts, and stays that last on are written. */
  #whenQuiet(): void {
    this.#finishSilent(Infinity);
    this.#matching.flush();
  }

  /** Lets the last fix of silent vehicles count: those without a fix since `beforeMs`. */
  #finishSilent(beforeMs: number): void {
    const { count, timeMs } = this.live;
    for (let vehicle = 0; vehicle < count; vehicle++) if (timeMs[vehicle] < beforeMs) this.#matching.finish(vehicle);
  }

  /** Lets what is over by the city's event time end. */
  #passTime(): Promise<void> {
    this.#expiryDueMs = this.#eventTimeMs + EXPIRY_EVERY_MS;
    this.#finishSilent(this.#eventTimeMs - this.#rule.maxGapMs);
    this.#matching.flush();
    this.#states.tick(this.#eventTimeMs, this.#options.now());
    this.#saveCheckpoint();
    return this.#locks.expire(this.#eventTimeMs);
  }

  /** Notes how far everything is decided, behind the findings that wait; not while anything of the past is open. */
  #saveCheckpoint(): void {
    const position = this.#position;
    if (position === null || this.#queue.size > 0 || this.#retro.progress().length > 0) return;
    const { ledger, log } = this.#options;
    const checkpoint = { position, seq: ledger.lastSeq(), world: this.#world };
    this.#writer
      .act(() => ledger.saveCheckpoint(checkpoint))
      .catch((error: unknown) => log?.warn({ error: String(error) }, "the checkpoint could not be saved"));
  }
}
