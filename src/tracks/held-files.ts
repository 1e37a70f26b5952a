import type { DuckDBConnection } from "@duckdb/node-api";
import { createFixBatch, FIX_UNUSABLE, type FixBatch } from "../model/fix.ts";
import { addChunk, copyFixes, viewFixes, withRoom } from "./fix-columns.ts";
import { parquet } from "./fix-source.ts";
import { PackedTracks } from "./packed-tracks.ts";
import { PackedVisits } from "./packed-visits.ts";
import { PLACE_COLUMNS, sortPlaces } from "./place-rows.ts";
import { readManifest } from "./manifest.ts";
import type { TrackFile } from "./run-writer.ts";
import { messageOf, type TrackDatabase } from "./track-database.ts";
import type { TrackStoreLog } from "./track-port.ts";

/** All usable fixes of a file, and the visits that they make. */
export interface HeldFile {
  tracks: PackedTracks;
  visits: PackedVisits;
}

/** Some 30 million fixes. */
const ROOM_MIB = 256;
/** What a fix takes, with its share of visits, as far as can be told before a file is read. */
const FIX_BYTES = 8;
/** Times in a file's visits are 32-bit numbers of ms. */
const SPAN_MS_MAX = 2 ** 32 - 1;

/**
 * The newest files once more in memory, unpacked as far as a question needs them: who stayed somewhere is then answered in
 * microseconds for each vehicle in question, without a statement. Files beyond the room are read where they lie.
 */
export class HeldFiles {
  private readonly database: TrackDatabase;
  private readonly roomBytes: number;
  private readonly log: Pick<TrackStoreLog, "warn">;
  private held = new Map<string, HeldFile>();
  private isStopped = false;
  /** Set with the first question: who asks none pays nothing. */
  isWanted = false;

  constructor(database: TrackDatabase, roomMiB: number = ROOM_MIB, log: Pick<TrackStoreLog, "warn">) {
    this.database = database;
    this.roomBytes = roomMiB * 2 ** 20;
    this.log = log;
  }

  find(name: string): HeldFile | undefined {
    return this.held.get(name);
  }

  /** Fixes that are held, and the memory that they take. */
  get size(): { fixes: number; bytes: number } {
    const size = { fixes: 0, bytes: 0 };
    for (const file of this.held.values()) {
      size.fixes += file.tracks.fixes;
      size.bytes += bytesOf(file);
    }
    return size;
  }

  /**
   * Holds the newest files for which there is room, and lets all others go. In turn with compaction, so that none goes
   * meanwhile; what fails is logged, and read from disk as before.
   */
  async update(): Promise<void> {
    if (!this.isWanted || this.isStopped) return;
    try {
      await this.holdNewest();
    } catch (error) {
      this.log.warn({ reason: messageOf(error) }, "files of tracks cannot be held in memory");
    }
  }

  /** Ends an `update` that runs, soon. */
  stop(): void {
    this.isStopped = true;
  }

  private async holdNewest(): Promise<void> {
    const manifest = await this.database.use("compact", readManifest);
    const chosen: TrackFile[] = [];
    const held = new Map<string, HeldFile>();
    let leftBytes = this.roomBytes;
    for (const file of manifest.toSorted((a, b) => b.maxTimeMs - a.maxTimeMs || b.run - a.run)) {
      const known = this.held.get(file.name);
      const bytes = known === undefined ? file.fixes * FIX_BYTES : bytesOf(known);
      if (bytes > leftBytes || file.maxTimeMs - file.minTimeMs > SPAN_MS_MAX) continue;
      leftBytes -= bytes;
      if (known === undefined) chosen.push(file);
      else held.set(file.name, known);
    }
    this.held = held;
    for (const file of chosen) {
      const read = await this.read(file);
      if (this.isStopped) return;
      if (read !== null && this.size.bytes + bytesOf(read) <= this.roomBytes) held.set(file.name, read);
    }
  }

  private read(file: TrackFile): Promise<HeldFile | null> {
    return this.database.use("compact", async (connection) => {
      const held = { tracks: new PackedTracks(), visits: new PackedVisits(file.minTimeMs) };
      for await (const track of tracksOf(connection, this.database.filesDir, file.name)) {
        if (this.isStopped) return null;
        held.tracks.add(track.vehicle[0], track);
        held.visits.add(track.vehicle[0], track);
      }
      held.tracks.trim();
      held.visits.finish();
      return held;
    });
  }
}

/** The usable places of a file, vehicle by vehicle, in the order of time; each batch is good until the next one. */
async function* tracksOf(connection: DuckDBConnection, filesDir: string, name: string): AsyncGenerator<FixBatch> {
  const result = await connection.stream(
    `SELECT vehicle, time_ms::DOUBLE, lon_e6, lat_e6, flags FROM ${parquet(filesDir, [name])} WHERE (flags & ${FIX_UNUSABLE}) = 0`,
  );
  let fixes = createFixBatch(8192);
  for (;;) {
    const chunk = await result.fetchChunk();
    const isEnd = chunk === null || chunk.rowCount === 0;
    if (!isEnd) {
      fixes = withRoom(fixes, fixes.length + chunk.rowCount);
      addChunk(fixes, chunk, PLACE_COLUMNS);
    }
    let from = 0;
    for (let to = 1; to <= fixes.length; to++) {
      // Of the last vehicle there may be more to come.
      if (to === fixes.length ? !isEnd : fixes.vehicle[to] === fixes.vehicle[from]) continue;
      const track = viewFixes(fixes, from, to);
      sortPlaces(track);
      yield track;
      from = to;
    }
    if (isEnd) return;
    copyFixes(viewFixes(fixes, from, fixes.length), 0, fixes.length - from, fixes, 0);
    fixes.length -= from;
  }
}

function bytesOf({ tracks, visits }: HeldFile): number {
  return tracks.byteLength + visits.byteLength;
}
