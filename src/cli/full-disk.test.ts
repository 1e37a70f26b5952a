import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { squareCity } from "../../test/end-to-end/program.ts";
import { addSource } from "../gateway/source-keys.ts";
import { openTrackStore } from "../tracks/track-store.ts";
import { postFixes } from "./fixes-for-tests.ts";
import { startPlatform, type Platform } from "./serve.ts";
import { readSettings } from "./settings.ts";

const VEHICLES = 4000;

let data: string;
let isMounted = false;
let platform: Platform | undefined;
let key: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "wuxing-full-"));
  await mkdir(join(data, "tracks"));
  // Only the track store's disk is full: the ledger's is another one.
  isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", join(data, "tracks")]).status === 0;
});
afterEach(async () => {
  await platform?.close();
  if (isMounted) execFileSync("umount", ["-l", join(data, "tracks")]);
  await rm(data, { recursive: true, force: true });
});

async function health(): Promise<{
  status: number;
  body: { state: string; reasons: { part: string; detail: string }[] };
}> {
  const answer = await fetch(`${platform!.url}/healthz`);
  return { status: answer.status, body: (await answer.json()) as never };
}

/** Fixes of one vehicle that the store holds. */
async function storedOf(id: string): Promise<number> {
  const tracks = await openTrackStore({ dir: join(data, "tracks"), retentionMs: null, compactEveryMs: null });
  const { length } = await tracks.track(tracks.vehicles.find(id)!, -Infinity, Infinity);
  await tracks.close();
  return length;
}

const post = (second: number): Promise<string> => postFixes(platform!.url, key, VEHICLES, second);

test("a full disk is told in health, nothing is acknowledged meanwhile, and all goes on by itself", async ({
  skip,
}) => {
  if (!isMounted) skip("needs root to mount a disk of its own");
  key = await addSource(join(data, "sources.json"), "buses", "wgs84");
  const city = await squareCity(114.23, 35.3);
  const options = { data, city, http: "0", jt808: "0", jt808Host: "127.0.0.1", logLevel: "silent" };
  platform = await startPlatform(readSettings(options, {}));
  expect(await post(0)).toBe("acknowledged");
  expect((await health()).body.state).toBe("ok");

  const { bavail, bsize } = statfsSync(join(data, "tracks"));
  await writeFile(join(data, "tracks", "ballast"), Buffer.alloc(bavail * bsize - (1 << 20)));
  let acknowledged = 1;
  let refusal = "";
  for (let second = 1; second < 200 && refusal === ""; second++) {
    const answer = await post(second);
    if (answer === "acknowledged") acknowledged++;
    else refusal = answer;
  }
  expect(refusal).toBe("503 STORE_UNAVAILABLE");
  expect((await health()).body).toMatchObject({
    state: "degraded",
    reasons: [{ part: "tracks", detail: expect.stringContaining("No space left") as string }],
  });

  await rm(join(data, "tracks", "ballast"));
  await expect.poll(async () => (await health()).body.state, { timeout: 60_000 }).toBe("ok");
  expect(await post(300)).toBe("acknowledged");
  await platform.close();
  expect(await storedOf("bus-7")).toBe(acknowledged + 1);
}, 120_000);
