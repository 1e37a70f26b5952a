import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoted } from "./fix-source.ts";
import { filesOf, syncPath, type TrackFile } from "./run-writer.ts";

/** All files of the manifest. */
export async function readManifest(connection: DuckDBConnection): Promise<TrackFile[]> {
  const result = await connection.runAndReadAll("SELECT * FROM track_file ORDER BY day, run, name");
  return result.getRowObjects().map((row) => {
    const number = (column: string): number => Number(row[column]);
    const text = (column: string): string => String(row[column]);
    return {
      name: text("name"),
      run: number("run"),
      day: number("day"),
      fixes: number("fixes"),
      minTimeMs: number("min_time_ms"),
      maxTimeMs: number("max_time_ms"),
      minReceivedMs: number("min_received_ms"),
      maxReceivedMs: number("max_received_ms"),
      minVehicle: number("min_vehicle"),
      maxVehicle: number("max_vehicle"),
      minSeq: number("min_seq"),
      maxSeq: number("max_seq"),
      bytes: number("bytes"),
      sha256: text("sha256"),
      visitsName: text("visits_name"),
      visitsBytes: number("visits_bytes"),
      visitsSha256: text("visits_sha256"),
      items: number("items"),
      restsName: text("rests_name"),
      restsBytes: number("rests_bytes"),
      restsSha256: text("rests_sha256"),
    };
  });
}

/** How many files of fixes there are, and what they and those that belong to them hold. */
export function totalOf(manifest: readonly TrackFile[]): { files: number; fileFixes: number; fileBytes: number } {
  const total = { files: manifest.length, fileFixes: 0, fileBytes: 0 };
  for (const file of manifest) {
    total.fileFixes += file.fixes;
    for (const { bytes } of filesOf(file)) total.fileBytes += bytes;
  }
  return total;
}

/** The statement that adds a file. */
export function insertOf(file: TrackFile): string {
  const numbers = [
    file.run,
    file.day,
    file.fixes,
    file.minTimeMs,
    file.maxTimeMs,
    file.minReceivedMs,
    file.maxReceivedMs,
    file.minVehicle,
    file.maxVehicle,
    file.minSeq,
    file.maxSeq,
    file.bytes,
  ];
  return `INSERT INTO track_file VALUES (${quoted(file.name)}, ${numbers.join(", ")}, ${quoted(file.sha256)},
    ${quoted(file.visitsName)}, ${file.visitsBytes}, ${quoted(file.visitsSha256)}, ${file.items},
    ${quoted(file.restsName)}, ${file.restsBytes}, ${quoted(file.restsSha256)})`;
}

/**
 * Writes down beside the files what they are, for those who read them without this program: `manifest.json`, and
 * `vehicles.parquet` with the ids behind the numbers. The store itself goes by its database, in which the same manifest
 * changes in one transaction with the fixes; both are replaced as a whole, so that each is always one that was true.
 */
export async function writeManifest(
  connection: DuckDBConnection,
  dir: string,
  files: readonly TrackFile[],
): Promise<void> {
  const vehicles = join(dir, "vehicles.parquet");
  await connection.run(
    `COPY (SELECT vehicle, arg_max(id, rowid) AS id, arg_max(struct_pack(plate, plate_colour, terminal), rowid) AS facts
       FROM vehicle GROUP BY vehicle ORDER BY vehicle) TO ${quoted(`${vehicles}.new`)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  await syncPath(`${vehicles}.new`);
  await rename(`${vehicles}.new`, vehicles);
  const manifest = join(dir, "manifest.json");
  {
    await using handle = await open(`${manifest}.new`, "w");
    await handle.writeFile(`${JSON.stringify({ format: 2, files }, null, 1)}\n`);
    await handle.sync();
  }
  await rename(`${manifest}.new`, manifest);
  await syncPath(dir);
}
