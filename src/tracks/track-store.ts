import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { FixBatch } from "../model/fix.ts";
import { backupTracks } from "./backup.ts";
import { checkBatch, wholeBoxes } from "./check-input.ts";
import { Compaction } from "./compaction.ts";
import { FIX_COLUMNS_SQL, FixAppender } from "./fix-columns.ts";
import { appendItems, itemsOf, type FixItems } from "./fix-items.ts";
import { FixQueries } from "./fix-queries.ts";
import { collectFixes } from "./fix-source.ts";
import { overwriteFreedBlocks } from "./freed-blocks.ts";
import { GroupCommit } from "./group-commit.ts";
import { HeldFiles } from "./held-files.ts";
import { LastFixes } from "./last-fixes.ts";
import { copyToParquet } from "./geo-parquet.ts";
import { readManifest, totalOf } from "./manifest.ts";
import type { TrackFile } from "./run-writer.ts";
import { checkFiles, verifyFiles } from "./file-check.ts";
import { Snapshots } from "./snapshots.ts";
import { messageOf, TrackDatabase } from "./track-database.ts";
import type {
  CompactionReport,
  PlaceTrack,
  Position,
  Stay,
  TrackStore,
  TrackStoreHealth,
  TrackStoreLog,
  TrackStoreOptions,
  VerifyReport,
} from "./track-port.ts";
import type { FixSource } from "./stay-plan.ts";
import { staysIn } from "./stays.ts";
import { HeldMoments } from "./store-moment.ts";
import { tracksIn } from "./stretch-fixes.ts";
import { loadVehicles, StoredVehicles, storeVehicles } from "./vehicle-dictionary.ts";
import type { BoxE6, Stretch } from "./visits.ts";

export type {
  CompactionReport,
  PlaceTrack,
  Position,
  Stay,
  TrackStore,
  TrackStoreHealth,
  TrackStoreLog,
  TrackStoreOptions,
  VerifyReport,
} from "./track-port.ts";
export { TRACK_STEPS, type TrackStep } from "./track-port.ts";
export type { BoxE6, Stretch } from "./visits.ts";

const HOUR_MS = 3_600_000;
/** How long behind its end an hour counts as open. */
const HOUR_GRACE_MS = 600_000;
const NO_CUTOFF_MS = -Number.MAX_SAFE_INTEGER;
const RETENTION_MS = 30 * 24 * HOUR_MS;
/** At this many fixes the hot table goes to files whatever hour they are of: it bounds memory and scans. */
const HOT_FIXES_MAX = 4_000_000;
/** Fewer closed fixes than this wait (at most an hour) for more, so that late ones do not make a file each minute. */
const FLUSH_FIXES_MIN = 100_000;

/**
 * Opens the track store in a folder, and makes it when there is none.
 *
 * @throws WuxingError DATA_LOCKED when this or another process has it open; DATA_UNREADABLE when the folder cannot be
 *   read or written or a file of it is damaged or missing, naming the file.
 */
export async function openTrackStore(options: TrackStoreOptions): Promise<TrackStore> {
  const database = await TrackDatabase.open({ dir: options.dir, memoryLimitMiB: options.memoryLimitMiB ?? 512 });
  try {
    const store = new StoredTracks(database, options);
    await store.load();
    return store;
  } catch (error) {
    await database.close();
    throw error;
  }
}

class StoredTracks implements TrackStore {
  vehicles!: StoredVehicles;
  readonly snapshots: Snapshots;
  private readonly database: TrackDatabase;
  private readonly options: TrackStoreOptions;
  private readonly log: TrackStoreLog;
  private readonly queries: FixQueries;
  private readonly compaction: Compaction;
  private readonly held: HeldFiles;
  private readonly source: FixSource;
  private readonly appender = new FixAppender();
  private readonly lastFixes = new LastFixes();
  private commits!: GroupCommit;
  private timer: NodeJS.Timeout | undefined;
  private compacting: Promise<void> = Promise.resolve();
  private flushWanted = false;
  private lastFlushMs = Date.now();
  private lastOverwriteMs = -Infinity;
  private hotFixes = 0;
  private files = { files: 0, fileFixes: 0, fileBytes: 0 };
  private compactionError: string | null = null;
  private closing: Promise<void> | null = null;
  private isClosed = false;

  constructor(database: TrackDatabase, options: TrackStoreOptions) {
    this.database = database;
    this.options = options;
    this.log = options.log ?? { info() {}, warn() {}, error() {} };
    this.held = new HeldFiles(database, options.heldMiB, this.log);
    this.source = { database, held: this.held, moments: new HeldMoments(database, this.held) };
    this.queries = new FixQueries(this.source);
    this.compaction = new Compaction(database, options.onStep ?? (() => {}));
    this.snapshots = new Snapshots(join(database.dir, "snapshots"), options.onStep ?? (() => {}));
  }

  async load(): Promise<void> {
    const position = await this.readPosition();
    await checkFiles(this.database.filesDir, await this.countFiles());
    await this.compaction.load();
    await this.database.use("quick", async (connection) => {
      this.vehicles = new StoredVehicles(await loadVehicles(connection), () => this.commits.wake());
      for (const table of ["last_fix", "hot_fix"]) {
        const fixes = await collectFixes(connection, `SELECT ${FIX_COLUMNS_SQL} FROM ${table}`);
        this.lastFixes.add(fixes);
        this.hotFixes = fixes.length;
      }
    });
    this.commits = new GroupCommit(
      position,
      {
        commit: (fixes, firstSeq) => this.commit(fixes, firstSeq),
        recover: async () => {
          await this.database.reopen();
          return this.readPosition();
        },
        hasOtherChanges: () => this.vehicles.hasChanges,
        committed: (fixes) => this.committed(fixes),
        log: this.log,
        onStep: this.options.onStep ?? (() => {}),
      },
      {
        gatherMs: this.options.gatherMs ?? 20,
        giveUpMs: this.options.giveUpMs ?? 5000,
        retryMs: 1000,
        queuedFixesMax: this.options.queuedFixesMax ?? 500_000,
      },
    );
    this.database.onInvalidated = () => this.commits.suspectDatabase();
    const everyMs = this.options.compactEveryMs === undefined ? 60_000 : this.options.compactEveryMs;
    if (everyMs !== null) this.timer = setInterval(() => this.compactBehind(), everyMs).unref();
  }

  async append(batch: FixBatch): Promise<Position> {
    checkBatch(batch, this.vehicles.count);
    return this.commits.append(batch);
  }

  async track(vehicle: number, fromMs: number, toMs: number): Promise<FixBatch> {
    return this.queries.track(vehicle >>> 0, fromMs, toMs);
  }

  async items(vehicle: number, fromMs: number, toMs: number, limit: number): Promise<FixItems[]> {
    const asked = { vehicle: vehicle >>> 0, fromMs, toMs, limit };
    return this.database.transaction("quick", (connection) => itemsOf(connection, this.database.filesDir, asked));
  }

  async eachTrack(
    vehicles: Uint32Array,
    fromMs: number,
    toMs: number,
    onTrack: (vehicle: number, track: FixBatch) => void | Promise<void>,
  ): Promise<void> {
    return this.queries.eachTrack(vehicles, fromMs, toMs, onTrack);
  }

  async vehiclesIn(boxesE6: readonly BoxE6[], fromMs: number, toMs: number, leastStayMs = 0): Promise<Uint32Array> {
    const stretches = await this.stretchesIn(boxesE6, fromMs, toMs, leastStayMs);
    return Uint32Array.from(new Set(stretches.map(({ vehicle }) => vehicle)));
  }

  async stretchesIn(boxesE6: readonly BoxE6[], fromMs: number, toMs: number, leastStayMs: number): Promise<Stretch[]> {
    if (boxesE6.length === 0) return [];
    const stretches = await this.queries.stretchesIn(wholeBoxes(boxesE6), fromMs, toMs, leastStayMs);
    if (!this.held.isWanted) void this.hold();
    return stretches;
  }

  async eachStretch(
    stretches: readonly Stretch[],
    onStretch: (vehicle: number, places: PlaceTrack) => void | Promise<void>,
  ): Promise<void> {
    for await (const [vehicle, places] of tracksIn(this.database, stretches)) await onStretch(vehicle, places);
  }

  async *staysIn(boxesE6: readonly BoxE6[], fromMs: number, toMs: number, leastStayMs: number): AsyncGenerator<Stay> {
    if (boxesE6.length === 0) return;
    yield* staysIn(this.source, wholeBoxes(boxesE6), { fromMs, toMs }, leastStayMs);
    if (!this.held.isWanted) void this.hold();
  }

  async replay(
    from: Position,
    onBatch: (batch: FixBatch, position: Position) => void | Promise<void>,
  ): Promise<Position> {
    const end = this.commits.position;
    await this.queries.replay(Math.max(0, Math.floor(from)), end, onBatch);
    return end;
  }

  async copyToParquet(
    path: string,
    vehicles: Uint32Array | null,
    fromMs: number,
    toMs: number,
  ): Promise<{ vehicles: number; fixes: number }> {
    return copyToParquet(this.database, path, vehicles, { fromMs, toMs });
  }

  backup(dir: string): Promise<{ files: number; bytes: number; position: Position }> {
    return backupTracks(this.database, dir);
  }

  get completeSinceMs(): number {
    return this.compaction.completeSinceMs;
  }

  async lastPositions(): Promise<FixBatch> {
    return this.lastFixes.toBatch();
  }

  compact(everything = false): Promise<CompactionReport> {
    const run = this.compacting.then(() => this.compactOnce(everything));
    this.compacting = run.catch(() => {}).then(() => this.held.update());
    return run;
  }

  hold(): Promise<void> {
    this.held.isWanted = true;
    return (this.compacting = this.compacting.then(() => this.held.update()));
  }

  async verify(): Promise<VerifyReport> {
    return verifyFiles(this.database.filesDir, await this.database.use("compact", readManifest));
  }

  health(): TrackStoreHealth {
    const { failure } = this.commits;
    return {
      state: this.isClosed ? "closed" : failure === null ? "ok" : "unavailable",
      reason: this.isClosed ? "the track store is closed" : (failure?.reason ?? null),
      sinceMs: failure?.sinceMs ?? null,
      position: this.commits.position,
      queuedFixes: this.commits.queuedFixes,
      hotFixes: this.hotFixes,
      ...this.files,
      heldFixes: this.held.size.fixes,
      vehicles: this.vehicles.count,
      commits: this.commits.commits,
      lastCommitMs: this.commits.lastCommitMs,
      slowestCommitMs: this.commits.slowestCommitMs,
      compactionError: this.compactionError,
      damagedFiles: [...this.compaction.fileHealth.damaged],
    };
  }

  close(): Promise<void> {
    this.closing ??= (async () => {
      clearInterval(this.timer);
      this.held.stop();
      await this.commits.close();
      await this.compacting;
      this.isClosed = true;
      await this.database.close();
    })();
    return this.closing;
  }

  private async commit(fixes: FixBatch, firstSeq: number): Promise<void> {
    const rows = this.vehicles.takeChanges();
    try {
      const write = async (connection: DuckDBConnection): Promise<void> => {
        await storeVehicles(connection, rows);
        const appender = await connection.createAppender("hot_fix");
        this.appender.append(appender, fixes, firstSeq);
        appender.closeSync();
        await appendItems(connection, fixes, firstSeq);
      };
      await this.database.changing(() => this.database.transaction("write", write));
    } catch (error) {
      this.vehicles.giveBack(rows);
      throw error;
    }
  }

  private committed(fixes: FixBatch): void {
    this.lastFixes.add(fixes);
    this.hotFixes += fixes.length;
    if (this.hotFixes >= HOT_FIXES_MAX && this.options.compactEveryMs !== null) this.compactBehind();
  }

  /** Compacts without anybody waiting; a failure is in `health` and is tried again with the next run. */
  private compactBehind(): void {
    if (this.flushWanted || this.isClosed || this.commits.failure !== null) return;
    this.flushWanted = true;
    void this.compact()
      .catch((error: unknown) => {
        this.log.warn({ reason: this.compactionError ?? messageOf(error) }, "compaction of tracks failed");
      })
      .finally(() => {
        this.flushWanted = false;
      });
  }

  private async compactOnce(everything: boolean): Promise<CompactionReport> {
    const report: CompactionReport = {
      movedFixes: 0,
      droppedRepetitions: 0,
      writtenFiles: 0,
      removedFiles: 0,
      expiredFixes: 0,
    };
    if (this.isClosed) return report;
    try {
      const { cutoffMs, problem } = await this.applyRetention();
      const { position } = this.commits;
      const all = everything || this.hotFixes >= HOT_FIXES_MAX;
      const beforeMs = all
        ? Number.MAX_SAFE_INTEGER
        : Math.floor((this.lastFixes.latestMs - HOUR_GRACE_MS) / HOUR_MS) * HOUR_MS;
      if (all || (await this.isWorthAFlush(beforeMs))) {
        const request = { position, beforeMs, lastFixes: () => this.lastFixes.toBatch() };
        await this.compaction.flush(request, report);
        this.hotFixes -= report.movedFixes;
        this.lastFlushMs = Date.now();
      }
      await this.compaction.expire(report);
      await this.compaction.merge(report);
      await this.overwriteDeleted(report.expiredFixes);
      await this.compaction.lookOn();
      await this.countFiles();
      this.compactionError = problem;
      if (report.expiredFixes > 0)
        this.log.info({ expiredFixes: report.expiredFixes, cutoffMs }, "fixes past retention deleted");
    } catch (error) {
      this.compactionError = messageOf(error);
      throw error;
    }
    return report;
  }

  /** What was deleted is gone from files with them; out of the database's free blocks it is overwritten, once a day. */
  private async overwriteDeleted(expiredFixes: number): Promise<void> {
    if (expiredFixes === 0 || Date.now() - this.lastOverwriteMs < 24 * HOUR_MS) return;
    await overwriteFreedBlocks(this.database);
    this.lastOverwriteMs = Date.now();
  }

  /** Says what may be deleted: nothing while it cannot be told what has to be kept. */
  private async applyRetention(): Promise<{ cutoffMs: number; problem: string | null }> {
    const { retentionMs = RETENTION_MS, now = Date.now, keep } = this.options;
    let cutoffMs = retentionMs === null ? NO_CUTOFF_MS : now() - retentionMs;
    let kept: readonly Stretch[] = [];
    let problem: string | null = null;
    try {
      if (cutoffMs !== NO_CUTOFF_MS) kept = (await keep?.()) ?? [];
    } catch (error) {
      cutoffMs = NO_CUTOFF_MS;
      problem = `nothing is deleted: ${messageOf(error)}`;
      this.log.warn({ reason: messageOf(error) }, "no track is deleted while it is not known what has to be kept");
    }
    await this.compaction.setRetention(cutoffMs, kept);
    const keptOf = Map.groupBy(kept, ({ vehicle }) => vehicle);
    this.lastFixes.forget(
      (vehicle, timeMs, receivedMs) =>
        receivedMs < cutoffMs &&
        keptOf.get(vehicle)?.some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs <= toMs) !== true,
    );
    return { cutoffMs, problem };
  }

  private async isWorthAFlush(beforeMs: number): Promise<boolean> {
    if (!Number.isFinite(beforeMs)) return false;
    const { closed, expired } = await this.compaction.countHot(beforeMs);
    return expired > 0 || closed >= (Date.now() - this.lastFlushMs >= HOUR_MS ? 1 : FLUSH_FIXES_MIN);
  }

  private async readPosition(): Promise<Position> {
    const sql = `SELECT greatest((SELECT value FROM store_meta WHERE key = 'position'), (SELECT coalesce(max(seq) + 1, 0) FROM hot_fix))::DOUBLE`;
    const result = await this.database.use("quick", (connection) => connection.runAndReadAll(sql));
    return Number(result.getRows()[0][0]);
  }

  private async countFiles(): Promise<TrackFile[]> {
    const manifest = await this.database.use("compact", readManifest);
    this.files = totalOf(manifest);
    return manifest;
  }
}
