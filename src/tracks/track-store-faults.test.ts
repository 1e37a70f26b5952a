import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFixBatch, type FixBatch } from "../model/fix.ts";
import { openTrackStore, type TrackStore, type TrackStoreOptions } from "./track-store.ts";

const NOON = Date.UTC(2021, 10, 6, 4);

let dir: string;
let store: TrackStore | undefined;
const open = async (folder = dir, options: Partial<TrackStoreOptions> = {}): Promise<TrackStore> => {
  store = await openTrackStore({ dir: folder, compactEveryMs: null, retentionMs: null, gatherMs: 1, ...options });
  store.vehicles.numberOf("a");
  return store;
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-tracks-"));
});
afterEach(async () => {
  await store?.close();
  store = undefined;
  rmSync(dir, { recursive: true, force: true });
});

/** `count` fixes of vehicle 0, a second apart, with places that no codec makes small. */
function fixes(count: number, fromMs = NOON): FixBatch {
  const batch = createFixBatch(count);
  batch.length = count;
  for (let row = 0; row < count; row++) {
    batch.timeMs[row] = fromMs + row * 1000;
    batch.receivedMs[row] = fromMs + row * 1000;
    batch.lonE6[row] = 100_000_000 + ((row * 2_654_435_761) % 10_000_000);
    batch.latE6[row] = 30_000_000 + ((row * 1_597_334_677) % 10_000_000);
  }
  return batch;
}

/** Changes one byte of a file. */
function flipByte(path: string, at: number): void {
  const byte = readFileSync(path)[at];
  const file = openSync(path, "r+");
  writeSync(file, Buffer.of(byte ^ 0x55), 0, 1, at);
  closeSync(file);
}

/** The one file of fixes, or of visits. */
function parquetFile(visits: boolean): string {
  const name = readdirSync(join(dir, "files")).find((file) =>
    (visits ? /-visits\.parquet$/ : /-\d+\.parquet$/).test(file),
  );
  return join(dir, "files", name!);
}

const canMount = ((): boolean => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const probe = mkdtempSync(join(tmpdir(), "wuxing-mount-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", probe]).status === 0;
  if (mounted) spawnSync("umount", [probe]);
  rmSync(probe, { recursive: true });
  return mounted;
})();

describe.skipIf(!canMount)("on a disk of its own (needs root to mount one)", () => {
  let disk: string;
  beforeEach(() => {
    disk = join(dir, "disk");
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m", "tmpfs", disk]);
  });
  afterEach(async () => {
    await store?.close();
    store = undefined;
    execFileSync("umount", ["-l", disk]);
  });

  test("a full disk stops acknowledgements with STORE_UNAVAILABLE, reads go on, writing resumes by itself, nothing is lost", async () => {
    const tracks = await open(join(disk, "tracks"), { giveUpMs: 300 });
    let acknowledged = 0;
    const append = async (): Promise<void> => {
      await tracks.append(fixes(10_000, NOON + acknowledged * 1000));
      acknowledged += 10_000;
    };
    await append();
    writeFileSync(join(disk, "ballast"), Buffer.alloc(40 << 20));
    await expect(
      (async () => {
        for (let round = 0; round < 50; round++) await append();
      })(),
    ).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", message: expect.stringContaining("No space left") as string });
    expect(tracks.health()).toMatchObject({ state: "unavailable", position: acknowledged });
    await expect(append()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect((await tracks.track(0, NOON, Infinity)).length).toBe(acknowledged);
    rmSync(join(disk, "ballast"));
    await expect.poll(() => tracks.health().state, { timeout: 60_000 }).toBe("ok");
    await append();
    expect((await tracks.track(0, NOON, Infinity)).length).toBe(acknowledged);
    await tracks.close();
    await open(join(disk, "tracks"));
    expect((await store!.track(0, NOON, Infinity)).length).toBe(acknowledged);
  });

  test("a disk that fills up during compaction keeps every fix in the hot table, and the next compaction works", async () => {
    const tracks = await open(join(disk, "tracks"), { giveUpMs: 300 });
    for (let part = 0; part < 4; part++) await tracks.append(fixes(100_000, NOON + part * 100_000_000));
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, "ballast"), Buffer.alloc(bavail * bsize - (1 << 20)));
    await expect(tracks.compact(true)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(tracks.health().compactionError).toMatch(/No space left/);
    expect((await tracks.track(0, NOON, Infinity)).length).toBe(400_000);
    rmSync(join(disk, "ballast"));
    expect(await tracks.compact(true)).toMatchObject({ movedFixes: 400_000, droppedRepetitions: 0 });
    expect(tracks.health().compactionError).toBeNull();
    expect((await tracks.track(0, NOON, Infinity)).length).toBe(400_000);
  });

  test("a read-only disk refuses to open with DATA_UNREADABLE", async () => {
    await (await open(join(disk, "tracks"))).close();
    store = undefined;
    execFileSync("mount", ["-o", "remount,ro", disk]);
    await expect(open(join(disk, "tracks"))).rejects.toMatchObject({ code: "DATA_UNREADABLE" });
  });
});

/** Runs `limited-writer.ts` with a limit on the size of files, lifts it when it says so, and gives what it said. */
async function writeLimited(bytes: number): Promise<string[]> {
  const script = join(import.meta.dirname, "../../test/crash/limited-writer.ts");
  const child = spawn("prlimit", [`--fsize=${bytes}:unlimited`, process.execPath, script, dir], { stdio: "pipe" });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += part.toString()));
  child.stdout.on("data", (part: Buffer) => {
    said += part.toString();
    if (said.includes("refused") && !said.includes("lifted")) {
      said += "lifted\n";
      execFileSync("prlimit", ["--pid", String(child.pid), "--fsize=unlimited:unlimited"]);
    }
  });
  await once(child, "close");
  return said.trim().split("\n");
}

test.skipIf(spawnSync("prlimit", ["--version"]).status !== 0)(
  "a short write stops acknowledgements with STORE_UNAVAILABLE; writing resumes by itself, nothing is lost or doubled",
  async () => {
    const said = await writeLimited(3 << 20);
    const acknowledged = Number(said.at(-1)?.split(" ")[1]);
    expect(said).toEqual([
      expect.stringMatching(/^refused STORE_UNAVAILABLE unavailable .*File too large/) as string,
      "lifted",
      "ok",
      `acknowledged ${acknowledged}`,
    ]);
    expect(acknowledged).toBeGreaterThan(1000);
    await open();
    const track = await store!.track(0, -Infinity, Infinity);
    // What was refused may be there as well: it would be sent again, and be one fix.
    expect(track.length).toBeGreaterThanOrEqual(acknowledged);
    expect(new Set(track.timeMs.subarray(0, track.length)).size).toBe(track.length);
    expect((await store!.verify()).faults).toEqual([]);
  },
);

describe("a damaged file", () => {
  test("becomes known in health by itself, and is whole again when it has been restored", async () => {
    await open();
    await store!.append(fixes(1000));
    await store!.compact(true);
    const path = parquetFile(false);
    flipByte(path, 2000);
    await store!.compact();
    expect(store!.health()).toMatchObject({ state: "ok", damagedFiles: [path.split("/").at(-1)] });
    // What is new is still taken.
    expect(await store!.append(fixes(10, NOON + 86_400_000))).toBe(1010);
    flipByte(path, 2000);
    await store!.compact();
    expect(store!.health().damagedFiles).toEqual([]);
  });

  test("is not merged into a new one as if it were whole", async () => {
    await open();
    const flush = async (part: number): Promise<void> => {
      await store!.append(fixes(1000, NOON + part * 1_000_000));
      await store!.compact(true);
    };
    for (let part = 0; part < 3; part++) await flush(part);
    const path = parquetFile(false);
    const name = path.split("/").at(-1)!;
    flipByte(path, 2000);
    await expect(flush(3)).rejects.toMatchObject({ code: "DATA_UNREADABLE", problems: [{ where: path }] });
    expect(store!.health()).toMatchObject({ damagedFiles: [name], hotFixes: 0 });
    for (let part = 4; part < 9; part++) await flush(part);
    expect(readdirSync(join(dir, "files"))).toContain(name);
    expect(store!.health()).toMatchObject({ damagedFiles: [name], compactionError: null });
    flipByte(path, 2000);
    expect((await store!.verify()).faults).toEqual([]);
    expect((await store!.track(0, -Infinity, Infinity)).length).toBe(9000);
  });

  test("is found by its checksum, and by its name", async () => {
    await open();
    await store!.append(fixes(1000));
    await store!.compact(true);
    expect((await store!.verify()).faults).toEqual([]);
    flipByte(parquetFile(false), 2000);
    const { files, faults } = await store!.verify();
    expect(files).toBe(3);
    expect(faults).toMatchObject([{ file: expect.stringMatching(/^2021-11-06-\d+-0\.parquet$/) as string }]);
    expect(faults[0].found).not.toBe(faults[0].expected);
  });

  test("that cannot be decoded is DATA_UNREADABLE for the question that needs it, not for others", async () => {
    await open();
    await store!.append(fixes(1000));
    await store!.compact(true);
    await store!.append(fixes(10, NOON + 86_400_000));
    const path = parquetFile(false);
    // The footer: without it nothing of the file can be read.
    flipByte(path, readFileSync(path).length - 30);
    flipByte(path, readFileSync(path).length - 6);
    await store!.close();
    await open();
    await expect(store!.track(0, NOON, NOON + 1000)).rejects.toMatchObject({ code: "DATA_UNREADABLE" });
    expect((await store!.track(0, NOON + 86_400_000, Infinity)).length).toBe(10);
    expect(await store!.append(fixes(1, NOON + 90_000_000))).toBe(1011);
  });

  test("that is missing or cut short keeps the store from opening, and is named", async () => {
    await open();
    await store!.append(fixes(1000));
    await store!.compact(true);
    await store!.close();
    const path = parquetFile(true);
    const content = readFileSync(path);
    writeFileSync(path, content.subarray(0, content.length - 1));
    await expect(open()).rejects.toMatchObject({
      code: "DATA_UNREADABLE",
      problems: [{ where: path, value: `${content.length - 1} bytes`, expected: `${content.length} bytes` }],
    });
    rmSync(path);
    await expect(open()).rejects.toMatchObject({ code: "DATA_UNREADABLE", problems: [{ where: path }] });
    writeFileSync(path, content);
    expect((await (await open()).track(0, NOON, Infinity)).length).toBe(1000);
  });

  test("of the database itself keeps the store from opening", async () => {
    await open();
    await store!.append(fixes(200_000));
    await store!.close();
    const path = join(dir, "tracks.duckdb");
    const { length } = readFileSync(path);
    for (let at = 4096 + 500; at < length; at += 4096) flipByte(path, at);
    await expect(open()).rejects.toMatchObject({ code: "DATA_UNREADABLE" });
  });

  test("a file that a cut compaction left behind is removed when the store opens", async () => {
    await (await open()).close();
    writeFileSync(join(dir, "files", "2021-11-06-1-0.parquet"), "PAR1");
    await open();
    expect(readdirSync(join(dir, "files"))).toEqual([]);
  });
});
