import { randomUUID } from "node:crypto";
import type { KernelExposure } from "../kernel/findings.ts";
import type { Area, Geometry } from "../model/area.ts";
import { WuxingError, type Problem } from "../model/errors.ts";
import { DEFAULT_RULE, type Rule } from "../model/rule.ts";
import {
  parametersOf,
  type ChangedStay,
  type DryRun,
  type DryRunInput,
  type DryRunStay,
  type RuleInput,
  type RuleParameters,
  type RuleVersion,
} from "../model/rule-version.ts";
import type { TrackStore } from "../tracks/track-store.ts";
import { changeOf } from "./rule-comparison.ts";
import { dryRun, type DryRunFindings } from "./rule-dry-run.ts";

/** A version as it is stored; instants ms UTC. */
interface StoredRule {
  version: number;
  body: RuleParameters;
  author: string;
  reason: string;
  published_ms: number;
  effective_ms: number;
}

export interface RuleStorePort {
  /** Newest first. */
  versions(): Promise<StoredRule[]>;
  publish(rule: Omit<StoredRule, "version">): Promise<StoredRule>;
}

export interface RuleDeskOptions {
  store: RuleStorePort;
  tracks: Pick<TrackStore, "vehicles" | "stretchesIn" | "eachStretch">;
  ledger: { allAreas(): Promise<Area[]> };
  /** WGS-84, longitude first. */
  fence: Geometry | null;
  /** What matching uses since the start. */
  running: Rule;
  /** The city's clock, ms UTC. */
  now: () => number;
}

const DAY_MS = 86_400_000;
const LIST_MAX = 500;
/** Dry runs that are remembered. */
const KEPT = 5;

/**
 * The rule that a start at `nowMs` (city time, ms UTC) uses: the newest version that is in effect, or the program's own. It stays until
 * the next start, because what matching has in memory was made with it.
 */
export async function ruleAtStart(store: RuleStorePort, nowMs: number): Promise<Rule> {
  const inEffect = (await store.versions()).find(({ effective_ms }) => effective_ms <= nowMs);
  return inEffect === undefined ? DEFAULT_RULE : { ...inEffect.body, id: DEFAULT_RULE.id, version: inEffect.version };
}

/** The rule's versions, the publishing of another one, and what it would have done before. */
export class RuleDesk {
  readonly #options: RuleDeskOptions;
  readonly #runs = new Map<string, { run: DryRun; abort: AbortController; ended: Promise<void> }>();

  constructor(options: RuleDeskOptions) {
    this.#options = options;
  }

  /** Newest first; the last is the one that comes with the program. */
  async versions(): Promise<RuleVersion[]> {
    const { store, running } = this.#options;
    const stored = (await store.versions()).map((rule) => this.#versionOf(rule));
    const own: RuleVersion = {
      rule: DEFAULT_RULE.id,
      version: DEFAULT_RULE.version,
      parameters: parametersOf(DEFAULT_RULE),
      author: null,
      reason: null,
      publishedAt: null,
      effectiveAt: null,
      state: running.version === DEFAULT_RULE.version ? "running" : "past",
    };
    return [...stored, own];
  }

  /**
   * Publishes the next version in the name of a person; a start at or after its instant uses it.
   * @throws RULE_INVALID when nothing changes, or when parameters contradict each other
   */
  async publish({ parameters, reason, effectiveAt }: RuleInput, author: string): Promise<RuleVersion> {
    const { store, now } = this.#options;
    const [newest] = await this.versions();
    checkParameters(parameters, newest.parameters);
    const nowMs = now();
    const stored = await store.publish({
      body: parameters,
      author,
      reason,
      published_ms: nowMs,
      effective_ms: effectiveAt === undefined ? nowMs : Date.parse(effectiveAt),
    });
    return this.#versionOf(stored);
  }

  /**
   * Begins to find out what other parameters would have done; `dryRun` says how far it is.
   * @throws RULE_INVALID when nothing changes; OVERLOADED while another one runs
   */
  startDryRun({ parameters, days }: DryRunInput): DryRun {
    const { running, now } = this.#options;
    checkParameters(parameters, parametersOf(running));
    if ([...this.#runs.values()].some(({ run }) => run.state === "running")) {
      throw new WuxingError("OVERLOADED", "one dry run at a time");
    }
    const toMs = now();
    const none = { before: 0, after: 0, gained: 0, lost: 0 };
    const run: DryRun = {
      id: randomUUID(),
      state: "running",
      parameters,
      against: running.version,
      from: instant(toMs - days * DAY_MS),
      to: instant(toMs),
      progress: { vehicles: 0, done: 0 },
      exposures: { ...none, changed: 0 },
      locks: none,
      list: [],
      problem: null,
    };
    const abort = new AbortController();
    this.#runs.set(run.id, { run, abort, ended: this.#run(run, abort.signal) });
    for (const id of [...this.#runs.keys()].slice(0, -KEPT)) this.#runs.delete(id);
    return run;
  }

  /** @throws DRY_RUN_NOT_FOUND */
  dryRun(id: string): DryRun {
    return this.#found(id).run;
  }

  /** Ends it; what it found until then is not said. @throws DRY_RUN_NOT_FOUND */
  async cancel(id: string): Promise<DryRun> {
    const { run, abort, ended } = this.#found(id);
    abort.abort();
    await ended;
    return run;
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    await Promise.all([...this.#runs.keys()].map((id) => this.cancel(id)));
  }

  #found(id: string): { run: DryRun; abort: AbortController; ended: Promise<void> } {
    const found = this.#runs.get(id);
    if (found === undefined) throw new WuxingError("DRY_RUN_NOT_FOUND", id);
    return found;
  }

  async #run(run: DryRun, signal: AbortSignal): Promise<void> {
    const { tracks, ledger, fence, running } = this.#options;
    try {
      const areas = (await ledger.allAreas()).filter(({ state }) => state === "published");
      const findings = await dryRun({
        tracks,
        areas,
        fence,
        before: running,
        after: { ...running, ...run.parameters },
        fromMs: Date.parse(run.from),
        toMs: Date.parse(run.to),
        signal,
        onProgress: (progress) => (run.progress = progress),
      });
      Object.assign(run, this.#resultOf(findings), { state: "done" });
    } catch (error) {
      run.state = signal.aborted ? "cancelled" : "failed";
      run.problem = signal.aborted ? null : error instanceof Error ? error.message : String(error);
    }
  }

  #resultOf({ pairs, vehiclesBefore, vehiclesAfter }: DryRunFindings): Pick<DryRun, "exposures" | "locks" | "list"> {
    const changed = pairs.flatMap((pair) => {
      const change = changeOf(pair);
      return change === null ? [] : [{ ...pair, change }];
    });
    const count = (wanted: string): number => changed.filter(({ change }) => change === wanted).length;
    const list = changed
      .toSorted(
        (a, b) => Number(movesLock(b)) - Number(movesLock(a)) || lengthOf(b) - lengthOf(a) || a.vehicle - b.vehicle,
      )
      .slice(0, LIST_MAX)
      .map(({ vehicle, change, before, after }): ChangedStay => ({
        vehicle: this.#options.tracks.vehicles.idOf(vehicle),
        area: (before ?? after)!.area,
        change,
        before: before === null ? null : stayOf(before),
        after: after === null ? null : stayOf(after),
      }));
    return {
      exposures: {
        before: pairs.filter(({ before }) => before !== null).length,
        after: pairs.filter(({ after }) => after !== null).length,
        gained: count("gained"),
        lost: count("lost"),
        changed: count("changed"),
      },
      locks: {
        before: vehiclesBefore.size,
        after: vehiclesAfter.size,
        gained: countBeyond(vehiclesAfter, vehiclesBefore),
        lost: countBeyond(vehiclesBefore, vehiclesAfter),
      },
      list,
    };
  }

  #versionOf({ version, body, author, reason, published_ms, effective_ms }: StoredRule): RuleVersion {
    const { version: running } = this.#options.running;
    return {
      rule: DEFAULT_RULE.id,
      version,
      parameters: body,
      author,
      reason,
      publishedAt: instant(published_ms),
      effectiveAt: instant(effective_ms),
      state: version === running ? "running" : version > running ? "waiting" : "past",
    };
  }
}

/** How many of the first are not in the second. */
function countBeyond(first: ReadonlySet<number>, second: ReadonlySet<number>): number {
  return [...first].filter((vehicle) => !second.has(vehicle)).length;
}

type Pair = DryRunFindings["pairs"][number];

function movesLock({ before, after }: Pair): boolean {
  return ((before?.lockMs ?? null) === null) !== ((after?.lockMs ?? null) === null);
}

function lengthOf({ before, after }: Pair): number {
  return Math.max(...[before, after].map((stay) => (stay === null ? 0 : stay.lastMs - stay.startMs)));
}

function stayOf({ startMs, endMs, lastMs, certainty, lockMs }: KernelExposure): DryRunStay {
  return {
    start: instant(startMs),
    end: endMs === null ? null : instant(endMs),
    durationS: Math.round(lastMs - startMs) / 1000,
    certainty,
    lockedAt: lockMs === null ? null : instant(lockMs),
  };
}

/** @throws RULE_INVALID with every problem */
function checkParameters(parameters: RuleParameters, present: RuleParameters): void {
  const problems: Problem[] = [];
  const names = Object.keys(parameters) as (keyof RuleParameters)[];
  if (names.every((name) => parameters[name] === present[name])) {
    problems.push({ where: "parameters", expected: "at least one parameter other than now" });
  }
  if (parameters.graceMs >= parameters.dwellMs) {
    const value = String(parameters.graceMs);
    problems.push({ where: "parameters.graceMs", value, expected: "shorter than dwellMs" });
  }
  if (parameters.maxParkedMs < parameters.maxGapMs) {
    const value = String(parameters.maxParkedMs);
    problems.push({ where: "parameters.maxParkedMs", value, expected: "not shorter than maxGapMs" });
  }
  if (problems.length > 0) throw new WuxingError("RULE_INVALID", undefined, problems);
}

function instant(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}
