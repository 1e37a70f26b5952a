import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { quoted } from "./fix-source.ts";
import { syncPath, type TrackFile } from "./run-writer.ts";

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
    await handle.writeFile(`${JSON.stringify({ format: 1, files }, null, 1)}\n`);
    await handle.sync();
  }
  await rename(`${manifest}.new`, manifest);
  await syncPath(dir);
}
