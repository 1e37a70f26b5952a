import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyReply } from "fastify";
import { exportTracks, type ExportFormat } from "../tracks/export-tracks.ts";
import type { ServerParts } from "./parts.ts";

const TYPES: Record<ExportFormat, string> = {
  csv: "text/csv; charset=utf-8",
  geojson: "application/geo+json",
  gpx: "application/gpx+xml",
  parquet: "application/vnd.apache.parquet",
};

/** Tracks at once that are written to files: each takes a place of its own on the disk and a turn of the store. */
const AT_ONCE = 2;
let writing = 0;
const waiting: (() => void)[] = [];

/** Answers with the tracks of vehicles (by number) in `[fromMs, toMs)` as a file, which is whole before its first byte goes out. */
export async function sendTracks(
  reply: FastifyReply,
  tracks: ServerParts["tracks"],
  request: { format: ExportFormat; vehicles: Uint32Array; fromMs: number; toMs: number; name: string },
): Promise<FastifyReply> {
  const { format, name } = request;
  const dir = await mkdtemp(join(tmpdir(), "wuxing-export-"));
  const remove = (): void => void rm(dir, { recursive: true, force: true });
  try {
    const path = join(dir, `tracks.${format}`);
    await inTurn(() => exportTracks(tracks, { ...request, path }));
    const file = createReadStream(path);
    file.once("close", remove);
    return reply
      .type(TYPES[format])
      .header(
        "content-disposition",
        `attachment; filename="tracks.${format}"; filename*=UTF-8''${encodeURIComponent(`${name}.${format}`)}`,
      )
      .send(file);
  } catch (error) {
    remove();
    throw error;
  }
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  while (writing >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  writing++;
  try {
    return await work();
  } finally {
    writing--;
    waiting.shift()?.();
  }
}
