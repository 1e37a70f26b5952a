import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { squareCity } from "../../test/end-to-end/program.ts";
import { addSource } from "../gateway/source-keys.ts";
import { openTrackStore } from "../tracks/track-store.ts";
import { POSTED_FROM_MS, postFixes } from "./fixes-for-tests.ts";
import { startPlatform, type Platform } from "./serve.ts";
import { readSettings } from "./settings.ts";

const VEHICLES = 400;

let data: string;
let tracksDir: string;
let image: string;
let platform: Platform | undefined;
let key: string;

function call(program: string, ...args: string[]): boolean {
  return spawnSync(program, args).status === 0;
}

/** A disk of its own for the tracks: a file with ext4 that, as servers' disks do, turns read-only at its first error. */
function mountDisk(): boolean {
  return call("mount", "-o", "loop,errors=remount-ro", image, tracksDir);
}

/** Where the kernel is told that an error was found on the disk; undefined when it is not mounted. */
function errorTrigger(): string | undefined {
  const { stdout } = spawnSync("losetup", ["-j", image, "-O", "NAME", "-n"]);
  const path = `/sys/fs/ext4/${basename(stdout?.toString().trim() ?? "")}/trigger_fs_error`;
  return existsSync(path) ? path : undefined;
}

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "wuxing-read-only-"));
  tracksDir = join(data, "tracks");
  image = join(data, "disk");
  await mkdir(tracksDir);
  call("truncate", "-s", "256M", image);
});
afterEach(async () => {
  await platform?.close();
  call("umount", tracksDir);
  await rm(data, { recursive: true, force: true });
});

async function health(): Promise<{ state: string; reasons: { part: string; detail: string }[] }> {
  return (await (await fetch(`${platform!.url}/healthz`)).json()) as never;
}

const post = (second: number): Promise<string> => postFixes(platform!.url, key, VEHICLES, second);

test("a disk that turns read-only is told in health, nothing is acknowledged meanwhile, and all goes on by itself when it is writable", async ({
  skip,
}) => {
  if (process.getuid?.() !== 0 || !call("mkfs.ext4", "-q", image) || !mountDisk() || errorTrigger() === undefined) {
    skip("needs root, a loop device and ext4");
  }
  key = await addSource(join(data, "sources.json"), "buses", "wgs84");
  const city = await squareCity(114.23, 35.3);
  const options = { data, city, http: "0", jt808: "0", jt808Host: "127.0.0.1", logLevel: "silent" };
  platform = await startPlatform(readSettings(options, {}));
  for (let second = 0; second < 5; second++) expect(await post(second)).toBe("acknowledged");
  expect((await health()).state).toBe("ok");

  writeFileSync(errorTrigger()!, "1");
  for (let second = 5; second < 8; second++) expect(await post(second)).toBe("503 STORE_UNAVAILABLE");
  expect(await health()).toMatchObject({
    state: "degraded",
    reasons: [{ part: "tracks", detail: expect.stringContaining("Read-only file system") as string }],
  });

  // What whoever is on duty does: let go of the disk, repair it, mount it again. The program stays as it is.
  await expect.poll(() => call("umount", tracksDir), { timeout: 60_000 }).toBe(true);
  expect(spawnSync("e2fsck", ["-fy", image]).status).toBeLessThan(4);
  expect(mountDisk()).toBe(true);
  await expect.poll(async () => (await health()).state, { timeout: 60_000 }).toBe("ok");
  expect(await post(100)).toBe("acknowledged");
  await platform.close();
  platform = undefined;

  const tracks = await openTrackStore({ dir: tracksDir, retentionMs: null, compactEveryMs: null });
  const { timeMs, length } = await tracks.track(tracks.vehicles.find("bus-7")!, -Infinity, Infinity);
  await tracks.close();
  const seconds = [...timeMs.subarray(0, length)].map((ms) => (ms - POSTED_FROM_MS) / 1000);
  expect(seconds).toEqual([0, 1, 2, 3, 4, 100]);
  execFileSync("umount", [tracksDir]);
}, 120_000);
