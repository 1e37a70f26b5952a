import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDatabase } from "./database.ts";
import { lockFolder } from "./folder-lock.ts";
import { migrate, type Migration } from "./migrate.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-store-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("a folder's lock", () => {
  test("keeps everyone else out, names who holds it, and ends with its holder", () => {
    const unlock = lockFolder(dir);
    expect(() => lockFolder(dir)).toThrow(
      expect.objectContaining({ code: "DATA_LOCKED", message: expect.stringContaining(`process ${process.pid}`) }),
    );
    unlock();
    lockFolder(dir)();
  });

  test.each([
    ["a process that is gone", "4194304 12345"],
    ["an earlier process with the number of this one", `${process.pid} 1`],
    ["a crash in the middle of writing it", ""],
  ])("left behind by %s is taken over", (_, holder) => {
    writeFileSync(join(dir, "LOCK"), holder);
    const unlock = lockFolder(dir);
    expect(readFileSync(join(dir, "LOCK"), "utf8")).toContain(String(process.pid));
    unlock();
  });
});

// A new folder is some thousand files, each synced: seconds on a quiet machine, a minute on a busy one.
describe("a database in a folder", { timeout: 240_000 }, () => {
  test("is there again after it was closed, and is refused to a second one meanwhile", async () => {
    const first = await openDatabase({ dir });
    await sql`create table kept (n integer)`.execute(first.kysely);
    await sql`insert into kept values (1), (2)`.execute(first.kysely);
    await expect(openDatabase({ dir })).rejects.toMatchObject({ code: "DATA_LOCKED" });
    await first.close();
    const second = await openDatabase({ dir });
    const { rows } = await sql<{ n: number }>`select count(*) as n from kept`.execute(second.kysely);
    expect(rows).toEqual([{ n: 2 }]);
    await second.close();
  });

  test("syncs every commit, and keeps what was committed when the process is killed", async () => {
    const program = `
      import { openDatabase } from ${JSON.stringify(new URL("./database.ts", import.meta.url).href)};
      import { sql } from "kysely";
      const { kysely } = await openDatabase({ dir: ${JSON.stringify(dir)} });
      const { rows } = await sql\`select name, setting from pg_settings where name = any(\${[
        "fsync", "synchronous_commit", "wal_sync_method"]}) order by name\`.execute(kysely);
      await sql\`create table kept (n integer)\`.execute(kysely);
      for (let n = 0; n < 50; n++) await sql\`insert into kept values (\${n})\`.execute(kysely);
      console.log(rows.map((row) => row.setting).join(" "));
      setInterval(() => {}, 1000);
    `;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { cwd: import.meta.dirname });
    let said = "";
    let failed = "";
    child.stderr.on("data", (chunk) => (failed += chunk));
    await new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (chunk) => {
        said += chunk;
        if (said.includes("\n")) resolve();
      });
      child.on("exit", () => reject(new Error(failed)));
    });
    child.removeAllListeners("exit");
    const exited = new Promise((resolve) => child.on("exit", resolve));
    child.kill("SIGKILL");
    await exited;
    expect(said.trim()).toBe("on on fsync");

    const database = await openDatabase({ dir });
    const { rows } = await sql<{ n: number }>`select count(*) as n from kept`.execute(database.kysely);
    expect(rows).toEqual([{ n: 50 }]);
    await database.close();
  });

  test("in a place where no folder can be made is one clear error", async () => {
    writeFileSync(join(dir, "file"), "");
    await expect(openDatabase({ dir: join(dir, "file") })).rejects.toMatchObject({ code: "DATA_UNREADABLE" });
  });

  test("that is damaged is one clear error, and the folder is free again", async () => {
    mkdirSync(join(dir, "registers", "pglite"), { recursive: true });
    writeFileSync(join(dir, "registers", "pglite", "PG_VERSION"), "9\n");
    await expect(openDatabase({ dir })).rejects.toMatchObject({ code: "DATA_UNREADABLE" });
    lockFolder(join(dir, "registers"))();
  });
});

describe("a server that does not answer", () => {
  test("is one clear error without the password", async () => {
    const opening = openDatabase({ url: "postgres://wuxing:secret@127.0.0.1:9/wuxing" });
    await expect(opening).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(opening).rejects.not.toThrow(/secret/);
  });
});

describe("migrations", { timeout: 240_000 }, () => {
  const one: Migration = { name: "one", sql: "create table one (n integer); create table two (n integer)" };

  test("run once, are never edited, and a newer program's database is refused", async () => {
    const { kysely, close } = await openDatabase({ memory: true });
    await sql`drop table migration`.execute(kysely);
    const three: Migration = { name: "three", sql: "create table three (n integer)" };
    await migrate(kysely, [one]);
    await migrate(kysely, [one, three]);
    await expect(migrate(kysely, [{ ...one, sql: "create table other ()" }, three])).rejects.toMatchObject({
      code: "DATA_UNREADABLE",
      message: expect.stringContaining("append only"),
    });
    await expect(migrate(kysely, [one])).rejects.toMatchObject({ message: expect.stringContaining("newer program") });
    await close();
  });

  test("that fail leave nothing of themselves behind", async () => {
    const { kysely, close } = await openDatabase({ memory: true });
    await sql`drop table migration`.execute(kysely);
    const broken: Migration = { name: "broken", sql: "create table half (n integer); create table half (n integer)" };
    await expect(migrate(kysely, [broken])).rejects.toThrow(/already exists/);
    await migrate(kysely, [{ ...broken, sql: "create table half (n integer)" }]);
    await close();
  });
});
