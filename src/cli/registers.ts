import { Option, type Command } from "commander";
import { openDatabase, type Database } from "../store/database.ts";

export interface RegisterOptions {
  data: string;
  databaseUrl?: string;
}

/** Where the registers are: the folder, as `serve` has it, or a PostgreSQL server. */
export function registerOptions(command: Command): Command {
  return command
    .addOption(new Option("--data <folder>", "数据目录 / data folder").env("WUXING_DATA").default("data"))
    .addOption(new Option("--database-url <url>", "PostgreSQL").env("DATABASE_URL"));
}

/** Does something at the registers. @throws WuxingError DATA_LOCKED while a server has the folder */
export async function atRegisters<T>(
  { data, databaseUrl }: RegisterOptions,
  run: (database: Database) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(databaseUrl === undefined ? { dir: data } : { url: databaseUrl });
  try {
    return await run(database);
  } finally {
    await database.close();
  }
}
