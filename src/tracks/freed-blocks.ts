import type { TrackDatabase } from "./track-database.ts";

/**
 * Overwrites what deleted rows have left in the database's file. DuckDB gives their blocks free, with their content, and
 * uses them again some time: until then the fixes could still be found in the file by whoever reads its bytes.
 */
export async function overwriteFreedBlocks(database: TrackDatabase): Promise<void> {
  // In the lane of commits, because no other change may run meanwhile; what takes long is done beside it.
  const checkpoint = async (): Promise<void> => {
    await database.use("write", (connection) => connection.run("CHECKPOINT"));
  };
  // Blocks become free with a checkpoint, and the log of changes ends with it.
  await checkpoint();
  const hasFilled = await database.use("compact", async (connection) => {
    const result = await connection.runAndReadAll(
      "SELECT (free_blocks * block_size)::DOUBLE FROM pragma_database_size() WHERE database_name = current_database()",
    );
    const bytes = Number(result.getRows()[0][0]);
    if (bytes === 0) return false;
    // Random numbers cannot be compressed: 8 bytes each. Free blocks are used before the file grows.
    await connection.run(
      `CREATE OR REPLACE TABLE freed AS SELECT random() AS filling FROM range(${Math.ceil(bytes / 8)})`,
    );
    return true;
  });
  if (!hasFilled) return;
  await checkpoint();
  await database.use("compact", (connection) => connection.run("DROP TABLE freed"));
  await checkpoint();
}
