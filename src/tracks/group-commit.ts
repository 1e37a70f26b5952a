import { setTimeout as sleep } from "node:timers/promises";
import { WuxingError } from "../model/errors.ts";
import { createFixBatch, type FixBatch } from "../model/fix.ts";
import { copyFixes, withRoom } from "./fix-columns.ts";
import { messageOf } from "./track-database.ts";
import type { TrackStep } from "./track-port.ts";

/** What group commit needs of the store. */
export interface CommitTarget {
  /** Makes the fixes durable with the log places `firstSeq`, …, and all that waits in the vehicle dictionary. */
  commit(fixes: FixBatch, firstSeq: number): Promise<void>;
  /** After a failed commit: opens the database anew and gives the position behind the last durable fix. */
  recover(): Promise<number>;
  /** True when the vehicle dictionary has something to make durable. */
  hasOtherChanges(): boolean;
  /** Called when fixes have become durable, before their callers are told. */
  committed(fixes: FixBatch): void;
  log: { info(fields: object, text: string): void; error(fields: object, text: string): void };
  onStep(step: TrackStep): void;
}

export interface CommitTiming {
  /** Least time between the starts of two commits, so that many small batches share one fsync, ms. */
  gatherMs: number;
  /** How long a failing commit is tried again before its callers are told, ms. */
  giveUpMs: number;
  /** Longest pause between two tries, ms. */
  retryMs: number;
  /** Fixes that may wait. */
  queuedFixesMax: number;
}

interface Waiter {
  /** Rows of the group up to and with this batch. */
  endRow: number;
  resolve(position: number): void;
  reject(error: Error): void;
}

/** Fixes that become durable in one commit, with those who wait for it. */
interface Group {
  fixes: FixBatch;
  waiters: Waiter[];
}

/** At this many waiting fixes a commit does not wait for more. */
const GATHER_FIXES = 20_000;
const FIRST_RETRY_MS = 50;
const emptyGroup = (): Group => ({ fixes: createFixBatch(4096), waiters: [] });

/**
 * Gathers batches of many callers into one commit at a time, in the order of the calls. A commit that fails is tried
 * again with the same fixes at the same log places, so that nothing is doubled; after `giveUpMs` its callers are
 * refused, new ones are refused at once, and an empty commit is tried until one works.
 */
export class GroupCommit {
  /** Position behind the last durable fix. */
  position: number;
  commits = 0;
  lastCommitMs = 0;
  slowestCommitMs = 0;
  /** Why commits fail at the moment, and since when; null when they do not. */
  failure: { reason: string; sinceMs: number } | null = null;
  private readonly target: CommitTarget;
  private readonly timing: CommitTiming;
  private filling = emptyGroup();
  /** The group before last, for its memory. */
  private spare = emptyGroup();
  private writing: Group | null = null;
  private roomWaiters: (() => void)[] = [];
  private loop: Promise<void> | null = null;
  private lastStartMs = -Infinity;
  /** Wakes the loop out of its gathering pause. */
  private hurry = new AbortController();
  private refusing = false;
  private closing = false;
  private suspect = false;

  constructor(position: number, target: CommitTarget, timing: CommitTiming) {
    this.position = position;
    this.target = target;
    this.timing = timing;
  }

  get queuedFixes(): number {
    return this.filling.fixes.length + (this.writing?.fixes.length ?? 0);
  }

  /** See `TrackStore.append`; the batch has been checked. */
  async append(batch: FixBatch): Promise<number> {
    while (this.queuedFixes > 0 && this.queuedFixes + batch.length > this.timing.queuedFixesMax && !this.refusing) {
      if (this.closing) break;
      await new Promise<void>((resolve) => {
        this.roomWaiters.push(resolve);
      });
    }
    if (this.closing) throw new WuxingError("STORE_UNAVAILABLE", "the track store is closed");
    if (this.refusing) throw new WuxingError("STORE_UNAVAILABLE", this.failure?.reason);
    const { filling } = this;
    const endRow = filling.fixes.length + batch.length;
    filling.fixes = withRoom(filling.fixes, endRow);
    copyFixes(batch, 0, batch.length, filling.fixes, filling.fixes.length);
    filling.fixes.length = endRow;
    if (endRow >= GATHER_FIXES) this.hurry.abort();
    return new Promise((resolve, reject) => {
      filling.waiters.push({ endRow, resolve, reject });
      this.wake();
    });
  }

  /** Starts a commit when there is something to make durable, or a failure to recover from. */
  wake(): void {
    this.loop ??= this.run().finally(() => {
      this.loop = null;
      if (this.hasWork()) this.wake();
    });
  }

  /** The database was found invalidated outside of a commit: recovers before the next one. */
  suspectDatabase(): void {
    this.suspect = true;
    this.wake();
  }

  /** Commits what waits (once more, when commits fail), refuses what comes later. */
  async close(): Promise<void> {
    this.closing = true;
    this.hurry.abort();
    this.releaseRoom();
    while (this.loop !== null) await this.loop;
  }

  private hasWork(): boolean {
    if (this.closing && this.failure !== null) return false;
    return this.filling.waiters.length > 0 || this.suspect || this.target.hasOtherChanges();
  }

  private async run(): Promise<void> {
    // Callers of the same turn come into the same commit.
    await Promise.resolve();
    while (this.hasWork()) {
      await this.gather();
      const group = this.filling;
      this.filling = this.spare;
      this.writing = group;
      await this.write(group);
      this.writing = null;
      group.fixes.length = 0;
      group.waiters.length = 0;
      this.spare = group;
      this.releaseRoom();
    }
  }

  private async gather(): Promise<void> {
    const pauseMs = this.lastStartMs + this.timing.gatherMs - performance.now();
    if (pauseMs > 0 && !this.closing && this.filling.fixes.length < GATHER_FIXES) {
      this.hurry = new AbortController();
      await sleep(pauseMs, undefined, { signal: this.hurry.signal }).catch(() => {});
    }
    this.lastStartMs = performance.now();
  }

  private async write(group: Group): Promise<void> {
    const firstSeq = this.position;
    if (!this.suspect) {
      try {
        await this.commitTimed(group, firstSeq);
        return this.settle(group, firstSeq);
      } catch (error) {
        this.fail(error);
      }
    }
    const giveUpAt = performance.now() + this.timing.giveUpMs;
    let pauseMs = this.suspect ? 0 : FIRST_RETRY_MS;
    for (;;) {
      if (pauseMs > 0) await this.pauseUnlessClosing(pauseMs);
      try {
        const durable = await this.target.recover();
        this.suspect = false;
        // The failed commit may have reached the disk all the same.
        const isDurable = group.fixes.length > 0 && durable >= firstSeq + group.fixes.length;
        if (!isDurable) {
          this.position = durable;
          await this.commitTimed(group, durable);
        }
        this.recovered();
        return this.settle(group, isDurable ? firstSeq : durable);
      } catch (error) {
        this.fail(error);
      }
      if (this.closing || performance.now() >= giveUpAt) {
        this.refuseAll(group);
        if (this.closing) return;
      }
      pauseMs = Math.min(this.timing.retryMs, Math.max(FIRST_RETRY_MS, pauseMs * 2));
    }
  }

  private async commitTimed(group: Group, firstSeq: number): Promise<void> {
    const startMs = performance.now();
    this.target.onStep("commit started");
    await this.target.commit(group.fixes, firstSeq);
    this.target.onStep("commit durable");
    this.lastCommitMs = performance.now() - startMs;
    this.slowestCommitMs = Math.max(this.slowestCommitMs, this.lastCommitMs);
    this.commits++;
  }

  private settle(group: Group, firstSeq: number): void {
    this.position = firstSeq + group.fixes.length;
    this.target.committed(group.fixes);
    for (const waiter of group.waiters) waiter.resolve(firstSeq + waiter.endRow);
  }

  private fail(error: unknown): void {
    const reason = messageOf(error instanceof WuxingError ? (error.cause ?? error) : error);
    if (this.failure === null) this.target.log.error({ reason }, "tracks cannot be written; trying again");
    this.failure = { reason, sinceMs: this.failure?.sinceMs ?? Date.now() };
  }

  private recovered(): void {
    if (this.failure === null) return;
    this.target.log.info({ unavailableMs: Date.now() - this.failure.sinceMs }, "tracks can be written again");
    this.failure = null;
    this.refusing = false;
  }

  /** Tells everybody who waits that nothing was acknowledged, and forgets their fixes: they send them again. */
  private refuseAll(group: Group): void {
    this.refusing = true;
    const error = new WuxingError("STORE_UNAVAILABLE", this.failure?.reason);
    for (const { waiters, fixes } of [group, this.filling]) {
      for (const waiter of waiters) waiter.reject(error);
      waiters.length = 0;
      fixes.length = 0;
    }
    this.releaseRoom();
  }

  private releaseRoom(): void {
    const waiting = this.roomWaiters;
    this.roomWaiters = [];
    for (const go of waiting) go();
  }

  private async pauseUnlessClosing(pauseMs: number): Promise<void> {
    for (const endMs = performance.now() + pauseMs; !this.closing && performance.now() < endMs;) {
      await sleep(Math.min(50, pauseMs));
    }
  }
}
