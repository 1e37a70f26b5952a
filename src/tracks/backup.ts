import { constants, copyFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { WuxingError } from "../model/errors.ts";
import { quoted } from "./fix-source.ts";
import { readManifest, writeManifest } from "./manifest.ts";
import { filesOf, syncPath } from "./run-writer.ts";
import { messageOf, type TrackDatabase } from "./track-database.ts";

/** See `TrackStore.backup`. Files of the manifest never change, and none is removed while a question runs. */
export async function backupTracks(
  database: TrackDatabase,
  dir: string,
): Promise<{ files: number; bytes: number; position: number }> {
  const files = join(dir, "files");
  try {
    await mkdir(dir, { recursive: true });
    if ((await readdir(dir)).length > 0) throw new Error("it is not empty");
  } catch (error) {
    throw new WuxingError("DATA_UNREADABLE", `backup to ${dir}: ${messageOf(error)}`);
  }
  try {
    await mkdir(files);
    return await database.use("long", async (connection) => {
      const copy = join(dir, "tracks.duckdb");
      const [[source]] = (await connection.runAndReadAll("SELECT current_database()")).getRows();
      await connection.run(`ATTACH ${quoted(copy)} AS backup`);
      try {
        // One statement, so one moment: fixes, manifest and vehicles belong together.
        await connection.run(`COPY FROM DATABASE "${String(source)}" TO backup`);
        await connection.run("CHECKPOINT backup");
        await connection.run("USE backup");
        const manifest = await readManifest(connection);
        let bytes = 0;
        const all = manifest.flatMap(filesOf);
        for (const { name, bytes: size } of all) {
          await copyFile(join(database.filesDir, name), join(files, name), constants.COPYFILE_FICLONE);
          await syncPath(join(files, name));
          bytes += size;
        }
        await syncPath(files);
        await writeManifest(connection, dir, manifest);
        const position = await connection.runAndReadAll(
          `SELECT greatest((SELECT value FROM store_meta WHERE key = 'position'), (SELECT coalesce(max(seq) + 1, 0) FROM hot_fix))::DOUBLE`,
        );
        return { files: all.length, bytes, position: Number(position.getRows()[0][0]) };
      } finally {
        await connection.run(`USE "${String(source)}"`);
        await connection.run("DETACH backup");
      }
    });
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    if (error instanceof WuxingError) throw error;
    throw new WuxingError("DATA_UNREADABLE", `backup to ${dir}: ${messageOf(error)}`, [], { cause: error });
  }
}
