import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { postgisSql, type Place } from "./stay-question.ts";

/**
 * Loads fixes (`vehicle,time,lon,lat`) into a PostgreSQL server of its own with PostGIS, on a Unix socket in `dir`, and
 * asks it for the stays near places, warm, and for some of them cold: the server started anew and the system's file cache
 * emptied by `dropCaches` before each (none when it cannot). Null where PostgreSQL or PostGIS are not installed.
 */
export async function askPostgis(
  dir: string,
  csv: string,
  places: readonly Place[],
  dropCaches: () => boolean,
): Promise<{ ms: number[]; coldMs: number[]; stays: number[]; loadSeconds: number } | null> {
  const bin = findBin();
  const account = accountOf();
  if (bin === null || account === null) return null;
  mkdirSync(dir);
  chmodSync(join(dir, ".."), 0o755);
  if (account.uid !== undefined) chownSync(dir, account.uid, account.gid ?? 0);
  const options = {
    ...account,
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
  };
  const call = (program: string, ...args: string[]): string =>
    execFileSync(join(bin, program), args, options).toString();
  const sql = (text: string): string =>
    call("psql", "-h", dir, "-d", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1", "-c", text);
  call("initdb", "-D", join(dir, "data"), "-A", "trust", "-U", "postgres", "--no-sync");
  const settings = `-k ${dir} -c listen_addresses='' -c shared_buffers=1GB -c maintenance_work_mem=512MB -c work_mem=64MB -c fsync=off -c max_wal_size=8GB`;
  const start = (): string =>
    call("pg_ctl", "-D", join(dir, "data"), "-w", "-s", "-l", join(dir, "log"), "-o", settings, "start");
  const stop = (mode: string): string => call("pg_ctl", "-D", join(dir, "data"), "-w", "-s", "-m", mode, "stop");
  start();
  try {
    if (
      spawnSync(
        join(bin, "psql"),
        ["-h", dir, "-d", "postgres", "-U", "postgres", "-c", "CREATE EXTENSION postgis"],
        options,
      ).status !== 0
    )
      return null;
    const loadStart = performance.now();
    sql("CREATE UNLOGGED TABLE row_in (vehicle integer, time timestamp, lon double precision, lat double precision)");
    chmodSync(csv, 0o644);
    sql(`COPY row_in FROM '${csv}' (FORMAT csv)`);
    sql(
      "CREATE TABLE fix AS SELECT vehicle, time, ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography AS place FROM row_in",
    );
    sql("DROP TABLE row_in");
    sql("CREATE INDEX ON fix USING gist (place)");
    sql("CREATE INDEX ON fix (vehicle, time)");
    sql("VACUUM ANALYZE fix");
    const loadSeconds = (performance.now() - loadStart) / 1000;
    const warm = await ask(dir, places, 2);
    const coldMs: number[] = [];
    for (const place of places.slice(0, COLD_PLACES)) {
      stop("fast");
      const isCold = dropCaches();
      start();
      if (!isCold) break;
      coldMs.push(...(await ask(dir, [place], 1)).ms);
    }
    return { ...warm, coldMs, loadSeconds };
  } finally {
    stop("immediate");
  }
}

const COLD_PLACES = 10;

/** Asks so many rounds, so that all pages that are needed are in memory; the last one counts. */
async function ask(dir: string, places: readonly Place[], rounds: number): Promise<{ ms: number[]; stays: number[] }> {
  const { Client } = (await import("pg")).default;
  const client = new Client({ host: dir, user: "postgres", database: "postgres" });
  await client.connect();
  const [ms, stays]: [number[], number[]] = [[], []];
  for (let round = 1; round <= rounds; round++) {
    for (const place of places) {
      const start = performance.now();
      const { rows } = await client.query(postgisSql(place));
      if (round < rounds) continue;
      ms.push(performance.now() - start);
      stays.push(rows.length);
    }
  }
  await client.end();
  return { ms, stays };
}

/** Newest installed server, Debian's way or on the path. */
function findBin(): string | null {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : [];
  for (const dir of [...versions.map((version) => join(root, version, "bin")), "/usr/local/bin", "/usr/bin"]) {
    if (existsSync(join(dir, "initdb"))) return dir;
  }
  return null;
}

/** PostgreSQL does not run as root: then as the account that its package made. */
function accountOf(): { uid?: number; gid?: number } | null {
  if (process.getuid?.() !== 0) return {};
  const found = spawnSync("id", ["-u", "postgres"]);
  const group = spawnSync("id", ["-g", "postgres"]);
  if (found.status !== 0 || group.status !== 0) return null;
  return { uid: Number(found.stdout.toString()), gid: Number(group.stdout.toString()) };
}
