import { join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { datumSchema, type Datum } from "../model/area.ts";
import { WuxingError } from "../model/errors.ts";
import { EXPORT_FORMATS, exportTracks, type ExportFormat } from "../tracks/export-tracks.ts";
import { importTracks } from "../tracks/import-tracks.ts";
import type { RejectedRow } from "../tracks/read-tracks.ts";
import { openTrackStore, type TrackStore } from "../tracks/track-store.ts";

/** The folder of the track store inside the data folder. */
const TRACKS_DIR = "tracks";
/** Rows that were not taken are named up to this many. */
const REJECTS_SHOWN = 20;

/**
 * `wuxing tracks export | import | verify | backup`, on the data folder of a server that does not run. Results go to
 * standard output, progress and rejected rows to standard error; ends with 1 when rows were rejected or files are
 * damaged.
 */
export function tracksCommand(): Command {
  const tracks = new Command("tracks").description(
    "轨迹的导出、导入、校验和备份 / export, import, verify, back up tracks",
  );
  tracks
    .command("export")
    .description("把轨迹写成文件 / write tracks to a file (WGS-84)")
    .argument("<file>", "csv, geojson, gpx, parquet: by its ending, or by --format", nonEmpty)
    .addOption(new Option("--format <format>").choices(EXPORT_FORMATS))
    .option("--vehicle <id...>", "车辆，可多个；缺省为全部 / vehicles; default all")
    .option("--from <time>", "起始时间（含） / from (inclusive): ISO 8601, or epoch ms", instantOf, -Infinity)
    .option("--to <time>", "结束时间（不含） / to (exclusive): ISO 8601, or epoch ms", instantOf, Infinity)
    .addOption(dataOption())
    .action(exportAction);
  tracks
    .command("import")
    .description("读入轨迹文件；重复读入不会重复 / read files of tracks; reading twice doubles nothing")
    .argument("<file...>", "CSV (.gz), Parquet, GPX, GeoJSON")
    .addOption(
      new Option("--datum <datum>", "坐标系 / coordinate system of the files")
        .choices(datumSchema.options)
        .makeOptionMandatory(),
    )
    .addOption(dataOption())
    .action(importAction);
  tracks
    .command("verify")
    .description("逐个校验轨迹文件 / compare every file with its checksum")
    .addOption(dataOption())
    .action(verifyAction);
  tracks
    .command("backup")
    .description("复制到一个新目录 / copy into a new folder")
    .argument("<folder>")
    .addOption(dataOption())
    .action(backupAction);
  return tracks;
}

interface DataOption {
  data: string;
}

async function exportAction(
  path: string,
  options: DataOption & { format?: ExportFormat; vehicle?: string[]; from: number; to: number },
): Promise<void> {
  const format = options.format ?? EXPORT_FORMATS.find((each) => path.toLowerCase().endsWith(`.${each}`));
  if (format === undefined) {
    throw new WuxingError("INPUT_INVALID", path, [{ where: "--format", expected: EXPORT_FORMATS.join(", ") }]);
  }
  await withStore(options, async (store) => {
    const vehicles =
      options.vehicle === undefined ? null : Uint32Array.from(options.vehicle, (id) => numberOf(store, id));
    const done = await exportTracks(store, {
      path,
      format,
      vehicles,
      fromMs: options.from,
      toMs: options.to,
      onProgress: ({ vehicles: count, fixes }) => progress(`${count} vehicles, ${fixes} fixes`),
    });
    result(`${path}: ${done.vehicles} 辆 / vehicles, ${done.fixes} 点 / fixes`);
  });
}

async function importAction(paths: string[], options: DataOption & { datum: Datum }): Promise<void> {
  await withStore(options, async (store) => {
    let shown = 0;
    const onReject = ({ file, line, field, value, expected }: RejectedRow): void => {
      if (++shown <= REJECTS_SHOWN) complaint(`${file}:${line}: ${field} "${value}", expected ${expected}`);
    };
    const report = await importTracks(store, {
      paths,
      datum: options.datum,
      onReject,
      onProgress: ({ file, rowsRead, fixesStored }) => progress(`${file}: ${rowsRead} read, ${fixesStored} stored`),
    });
    await store.compact(true);
    if (report.rejected > REJECTS_SHOWN) complaint(`… ${report.rejected - REJECTS_SHOWN} 行 / more rows`);
    result(
      `${report.files} 文件 / files, ${report.vehicles} 辆 / vehicles, ${report.fixes} 点 / fixes, ${report.rejected} 行未取 / rows rejected`,
    );
    if (report.rejected > 0) process.exitCode = 1;
  });
}

async function verifyAction(options: DataOption): Promise<void> {
  await withStore(options, async (store) => {
    const { files, bytes, faults } = await store.verify();
    for (const { file, expected, found } of faults) complaint(`${file}: ${found}; expected ${expected}`);
    result(`${files} 文件 / files, ${bytes} bytes, ${faults.length} 个损坏 / damaged`);
    if (faults.length > 0) process.exitCode = 1;
  });
}

async function backupAction(folder: string, options: DataOption): Promise<void> {
  await withStore(options, async (store) => {
    const { files, bytes } = await store.backup(join(folder, TRACKS_DIR));
    result(`${folder}: ${files} 文件 / files, ${bytes} bytes`);
  });
}

async function withStore(options: DataOption, work: (store: TrackStore) => Promise<void>): Promise<void> {
  // What is past retention is deleted by the server, not by a look into its folder.
  const store = await openTrackStore({ dir: join(options.data, TRACKS_DIR), retentionMs: null, compactEveryMs: null });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

function numberOf(store: TrackStore, id: string): number {
  const vehicle = store.vehicles.find(id);
  if (vehicle === undefined) throw new WuxingError("VEHICLE_NOT_FOUND", id);
  return vehicle;
}

function dataOption(): Option {
  return new Option("--data <folder>", "数据目录 / data folder").env("WUXING_DATA").makeOptionMandatory();
}

function instantOf(text: string): number {
  const timeMs = /^\d{11,15}$/.test(text)
    ? Number(text)
    : /(?:Z|[+-]\d\d:?\d\d)$/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  if (Number.isNaN(timeMs)) throw new InvalidArgumentError("2022-05-01T08:00:00+08:00, …Z, or epoch ms");
  return timeMs;
}

function nonEmpty(text: string): string {
  if (text === "") throw new InvalidArgumentError("a file name");
  return text;
}

let lastProgressMs = 0;

/** At most four times a second, and only where somebody looks. */
function progress(text: string): void {
  if (!process.stderr.isTTY || Date.now() - lastProgressMs < 250) return;
  lastProgressMs = Date.now();
  process.stderr.write(`\r\u001B[K${text}`);
}

function complaint(text: string): void {
  process.stderr.write(`${process.stderr.isTTY ? "\r\u001B[K" : ""}${text}\n`);
}

function result(text: string): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001B[K");
  process.stdout.write(`${text}\n`);
}
