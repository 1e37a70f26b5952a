import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { FixBatch } from "../model/fix.ts";
import { FixAppender } from "./fix-columns.ts";
import { FileHealth } from "./file-check.ts";
import { dropItemsWithoutFix, filesWithItems, hotFixesWithItems } from "./fix-items.ts";
import { fixFiles, quoted, wholeMs } from "./fix-source.ts";
import { insertOf, readManifest, writeManifest } from "./manifest.ts";
import { filesOf, writeRun, type TrackFile } from "./run-writer.ts";
import type { TrackDatabase } from "./track-database.ts";
import type { CompactionReport, TrackStep } from "./track-port.ts";
import type { Stretch } from "./visits.ts";

const DAY_MS = 86_400_000;
/** Days that get files of their own in one flush; fixes of further days go into one mixed file. */
const FLUSH_DAYS_MAX = 16;
/** This many runs of like size in one day become one. */
const MERGE_RUNS = 4;
/** A run is of like size when it holds at most this many times the fixes of the next smaller one. */
const MERGE_SIZE_RATIO = 3;
const MIXED_DAY = -1;
const KEPT_AT_ONCE = 10_000;
/** A usable fix is at most so much later than its receipt (quarantine, section 1 of the rule). */
const AHEAD_OF_RECEIPT_MS = 120_000;

export interface FlushRequest {
  /** Fixes before this position take part. */
  position: number;
  /** Only fixes whose time is before this, ms UTC. */
  beforeMs: number;
  /** The latest fix of every vehicle, as of `position` or later. */
  lastFixes: () => FixBatch;
}

/** Moves fixes from the hot table to files, merges files, deletes what is past retention. One call at a time. */
export class Compaction {
  private readonly database: TrackDatabase;
  private readonly appender = new FixAppender();
  /** See `TrackStore.completeSinceMs`. */
  completeSinceMs = -Infinity;
  readonly fileHealth: FileHealth;
  private newestRun = 0;
  private cutoffMs = -Number.MAX_SAFE_INTEGER;
  private keepsStretches = false;

  private readonly onStep: (step: TrackStep) => void;

  constructor(database: TrackDatabase, onStep: (step: TrackStep) => void) {
    this.database = database;
    this.onStep = onStep;
    this.fileHealth = new FileHealth(database.filesDir);
  }

  async load(): Promise<void> {
    const since = await this.database.use("compact", (connection) =>
      connection.runAndReadAll("SELECT value::DOUBLE FROM store_meta WHERE key = 'complete_since'"),
    );
    this.completeSinceMs = Number(since.getRows()[0][0]);
    await this.removeOrphans();
  }

  /** Removes files that the manifest does not know: what a run left that was cut off. */
  private async removeOrphans(): Promise<void> {
    const manifest = await this.database.use("compact", readManifest);
    const known = new Set<string>();
    for (const file of manifest) {
      for (const { name } of filesOf(file)) known.add(name);
      this.newestRun = Math.max(this.newestRun, file.run);
    }
    for (const name of await readdir(this.database.filesDir)) {
      if (!known.has(name)) await rm(join(this.database.filesDir, name), { force: true });
    }
  }

  /** Says what retention leaves; for all calls until the next one. */
  async setRetention(cutoffMs: number, kept: readonly Stretch[]): Promise<void> {
    this.cutoffMs = cutoffMs;
    this.keepsStretches = kept.length > 0;
    if (!this.keepsStretches) return;
    await this.database.use("compact", async (connection) => {
      await connection.run(
        "CREATE OR REPLACE TEMP TABLE kept_stretch (vehicle UINTEGER, from_ms BIGINT, to_ms BIGINT)",
      );
      for (let at = 0; at < kept.length; at += KEPT_AT_ONCE) {
        const rows = kept
          .slice(at, at + KEPT_AT_ONCE)
          .map(({ vehicle, fromMs, toMs }) => `(${vehicle}, ${wholeMs(fromMs)}, ${Math.floor(wholeMs(toMs))})`);
        await connection.run(`INSERT INTO kept_stretch VALUES ${rows.join(", ")}`);
      }
    });
  }

  /** Fixes in the hot table from before a time, and those past retention. */
  async countHot(beforeMs: number): Promise<{ closed: number; expired: number }> {
    const result = await this.database.use("compact", (connection) =>
      connection.runAndReadAll(
        `SELECT (count(*) FILTER (time_ms < ${beforeMs}))::DOUBLE, (count(*) FILTER (received_ms < ${this.cutoffMs}))::DOUBLE
         FROM hot_fix`,
      ),
    );
    const [closed, expired] = result.getRows()[0].map(Number);
    return { closed, expired };
  }

  /** Fixes from the hot table that `request` says become files; those past retention are dropped. */
  async flush(request: FlushRequest, report: CompactionReport): Promise<void> {
    const where = `seq < ${request.position} AND (time_ms < ${request.beforeMs} OR received_ms < ${this.cutoffMs})`;
    await this.database.use("compact", async (connection) => {
      const days = await this.daysOf(connection, where);
      if (days.length === 0) return;
      const files: TrackFile[] = [];
      const own = days.slice(0, FLUSH_DAYS_MAX).map(([day]) => day);
      const parts: [number, string][] = own.map((day) => [day, `time_ms // ${DAY_MS} = ${day}`]);
      if (days.length > own.length) parts.push([MIXED_DAY, `time_ms // ${DAY_MS} NOT IN (${own.join(", ")})`]);
      for (const [day, condition] of parts) {
        const source = await hotFixesWithItems(connection, `${where} AND ${condition} AND ${this.stays()}`);
        files.push(
          ...(await writeRun(
            connection,
            this.database.filesDir,
            { run: this.nextRun(), day, isMerged: false },
            source,
          )),
        );
      }
      const expired = await countOf(connection, `hot_fix AS fix WHERE ${where} AND NOT (${this.stays()})`);
      this.onStep("flush written");
      const moved = days.reduce((sum, [, fixes]) => sum + fixes, 0);
      await this.replace(connection, { added: files, removed: [], expired }, async () => {
        await connection.run(`DELETE FROM hot_fix WHERE ${where}`);
        await dropItemsWithoutFix(connection);
        await connection.run(
          `UPDATE store_meta SET value = greatest(value, ${request.position}) WHERE key = 'position'`,
        );
        await connection.run("DELETE FROM last_fix");
        const appender = await connection.createAppender("last_fix");
        this.appender.append(appender, request.lastFixes(), 0);
        appender.closeSync();
      });
      this.onStep("flush durable");
      report.movedFixes += moved;
      report.expiredFixes += expired;
      report.writtenFiles += files.length;
      report.droppedRepetitions += moved - expired - sumOfFixes(files);
    });
  }

  /** Merges runs of like size, day by day, until none are left to merge. */
  async merge(report: CompactionReport): Promise<void> {
    for (;;) {
      const old = await this.database.use("compact", (connection) => this.findMerge(connection));
      if (old.length === 0) return;
      await this.database.use("compact", async (connection) => {
        const { files, expired } = await this.rewrite(connection, old);
        this.onStep("merge written");
        await this.replace(connection, { added: files, removed: old, expired });
        this.onStep("merge durable");
        report.writtenFiles += files.length;
        report.removedFiles += old.length;
        report.expiredFixes += expired;
        report.droppedRepetitions += sumOfFixes(old) - expired - sumOfFixes(files);
      });
      await this.unlink(old);
    }
  }

  /** Deletes the files whose fixes are all past retention; of those that hold kept ones only these stay. */
  async expire(report: CompactionReport): Promise<void> {
    const old = await this.database.use("compact", async (connection) => {
      await connection.run(`DELETE FROM last_fix AS fix WHERE NOT (${this.stays()})`);
      // A file with younger fixes, which came late, is rewritten once its oldest ones are a day past retention.
      const past = (await readManifest(connection)).filter(
        ({ minReceivedMs, maxReceivedMs }) => maxReceivedMs < this.cutoffMs || minReceivedMs < this.cutoffMs - DAY_MS,
      );
      const done: TrackFile[] = [];
      for (const file of past) {
        const isDamaged = this.fileHealth.isDamaged(file);
        // Nobody can tell what of it has to stay; where all of it is over it goes all the same.
        if (isDamaged && (this.keepsStretches || file.maxReceivedMs >= this.cutoffMs)) continue;
        const kept = isDamaged ? 0 : await countOf(connection, `${this.filesOf([file])} AS fix WHERE ${this.stays()}`);
        if (kept === file.fixes) continue;
        const { files, expired } = isDamaged
          ? { files: [], expired: file.fixes }
          : await this.rewrite(connection, [file]);
        await this.replace(connection, { added: files, removed: [file], expired });
        report.expiredFixes += expired;
        report.writtenFiles += files.length;
        done.push(file);
      }
      return done;
    });
    report.removedFiles += old.length;
    await this.unlink(old);
  }

  /** Looks at one more of the files, so that a damaged one becomes known within days, whoever asks for it. */
  async lookOn(): Promise<void> {
    await this.fileHealth.lookOn(await this.database.use("compact", readManifest));
  }

  /** Writes what retention leaves of files of one day into new ones. */
  private async rewrite(
    connection: DuckDBConnection,
    old: readonly TrackFile[],
  ): Promise<{ files: TrackFile[]; expired: number }> {
    await this.fileHealth.check(old);
    const { source: all, hasItems } = filesWithItems(this.database.filesDir, old);
    const source = `(SELECT * FROM ${all} AS fix WHERE ${this.stays()})`;
    const run = { run: this.nextRun(), day: old[0].day, isMerged: true };
    const files = await writeRun(connection, this.database.filesDir, run, { source, hasItems });
    return { files, expired: sumOfFixes(old) - (await countOf(connection, source)) };
  }

  private filesOf(files: readonly TrackFile[]): string {
    return fixFiles(
      this.database.filesDir,
      files.map(({ name }) => name),
    );
  }

  /** The condition, on a table named `fix`, that retention leaves a fix. */
  private stays(): string {
    if (!this.keepsStretches) return `fix.received_ms >= ${this.cutoffMs}`;
    return `(fix.received_ms >= ${this.cutoffMs} OR EXISTS (SELECT 1 FROM kept_stretch AS kept
      WHERE kept.vehicle = fix.vehicle AND fix.time_ms BETWEEN kept.from_ms AND kept.to_ms))`;
  }

  private async daysOf(connection: DuckDBConnection, where: string): Promise<[day: number, fixes: number][]> {
    const result = await connection.runAndReadAll(
      `SELECT (time_ms // ${DAY_MS})::DOUBLE, count(*)::DOUBLE FROM hot_fix WHERE ${where} GROUP BY 1 ORDER BY 2 DESC, 1`,
    );
    return result.getRows() as [number, number][];
  }

  private async findMerge(connection: DuckDBConnection): Promise<TrackFile[]> {
    const whole = (await readManifest(connection)).filter((file) => !this.fileHealth.isDamaged(file));
    for (const files of Map.groupBy(whole, (file) => file.day).values()) {
      const like = runsOfLikeSize(files);
      if (like.length > 0) return like;
    }
    return [];
  }

  private async replace(
    connection: DuckDBConnection,
    { added, removed, expired }: { added: readonly TrackFile[]; removed: readonly TrackFile[]; expired: number },
    andAlso?: () => Promise<void>,
  ): Promise<void> {
    const sinceMs = this.cutoffMs + AHEAD_OF_RECEIPT_MS;
    await this.database.changing(async () => {
      await connection.run("BEGIN TRANSACTION");
      try {
        if (expired > 0) {
          await connection.run(
            `UPDATE store_meta SET value = greatest(value, ${sinceMs}) WHERE key = 'complete_since'`,
          );
        }
        if (removed.length > 0) {
          await connection.run(
            `DELETE FROM track_file WHERE name IN (${removed.map(({ name }) => quoted(name)).join(", ")})`,
          );
        }
        for (const file of added) await connection.run(insertOf(file));
        await andAlso?.();
        await connection.run("COMMIT");
      } catch (error) {
        await connection.run("ROLLBACK").catch(() => {});
        throw error;
      }
    });
    if (expired > 0) this.completeSinceMs = Math.max(this.completeSinceMs, sinceMs);
    await writeManifest(connection, this.database.dir, await readManifest(connection));
  }

  private async unlink(files: readonly TrackFile[]): Promise<void> {
    if (files.length === 0) return;
    await this.database.afterRunning();
    for (const { name } of files.flatMap(filesOf)) await rm(join(this.database.filesDir, name), { force: true });
  }

  /** Greater than all before, also those of earlier processes, so that no name of a file is ever used again. */
  private nextRun(): number {
    this.newestRun = Math.max(this.newestRun + 1, Date.now());
    return this.newestRun;
  }
}

/** The files of some `MERGE_RUNS` or more runs of one day that are worth one rewriting; none when there are no such. */
function runsOfLikeSize(files: readonly TrackFile[]): TrackFile[] {
  const runs = [...Map.groupBy(files, ({ run }) => run).values()].toSorted((a, b) => sumOfFixes(a) - sumOfFixes(b));
  let like: TrackFile[][] = [];
  for (const run of runs) {
    if (sumOfFixes(run) > MERGE_SIZE_RATIO * sumOfFixes(like.at(-1) ?? [])) {
      if (like.length >= MERGE_RUNS) break;
      like = [];
    }
    like.push(run);
  }
  return like.length >= MERGE_RUNS ? like.flat() : [];
}

function sumOfFixes(files: readonly TrackFile[]): number {
  return files.reduce((sum, { fixes }) => sum + fixes, 0);
}

async function countOf(connection: DuckDBConnection, from: string): Promise<number> {
  const result = await connection.runAndReadAll(`SELECT count(*)::DOUBLE FROM ${from}`);
  return Number(result.getRows()[0][0]);
}
