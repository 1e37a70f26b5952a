import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { openDatabase, type Database } from "./database.ts";

/** Address of a PostgreSQL server whose role may create databases and roles; the same tests run there when it is set. */
const server = process.env["DATABASE_URL_TEST"];

/**
 * An empty database with all tables: PGlite in memory, or, with `DATABASE_URL_TEST`, a database of its own on that
 * server, which is dropped when it is closed. `url`: its address on the server, or null.
 */
export async function openTestDatabase(): Promise<Database & { url: string | null }> {
  if (server === undefined) return { ...(await openDatabase({ memory: true })), url: null };
  const name = `wuxing_test_${randomBytes(6).toString("hex")}`;
  await administer(`create database ${name}`);
  const address = new URL(server);
  address.pathname = `/${name}`;
  const database = await openDatabase({ url: address.href });
  return {
    ...database,
    url: address.href,
    close: async () => {
      await database.close();
      await administer(`drop database ${name} with (force)`);
    },
  };
}

async function administer(statement: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
