import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFixBatch, type FixBatch } from "../model/fix.ts";
import { openTrackStore, type TrackStore } from "./track-store.ts";

const NOON = Date.UTC(2021, 10, 6, 4);
let dir: string;
let store: TrackStore;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-backup-"));
  store = await openTrackStore({ dir: join(dir, "tracks"), compactEveryMs: null, retentionMs: null, gatherMs: 1 });
  store.vehicles.numberOf("a");
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

function fixes(first: number, count: number): FixBatch {
  const batch = createFixBatch(count);
  batch.length = count;
  for (let row = 0; row < count; row++) batch.timeMs[row] = NOON + (first + row) * 1000;
  return batch;
}

test("a backup made while fixes come and files are merged opens and holds a prefix of the log, whole", async () => {
  let written = 0;
  const over = new AbortController();
  const load = (async () => {
    for (; !over.signal.aborted; written += 500) {
      await store.append(fixes(written, 500));
      if (written % 2000 === 0) await store.compact(true);
    }
  })();
  await expect.poll(() => written, { timeout: 60_000 }).toBeGreaterThan(4000);
  const before = store.health().position;
  const backup = await store.backup(join(dir, "backup"));
  over.abort();
  await load;
  expect(backup.position).toBeGreaterThanOrEqual(before);
  const copy = await openTrackStore({ dir: join(dir, "backup"), compactEveryMs: null, retentionMs: null });
  try {
    expect(copy.health().position).toBe(backup.position);
    expect((await copy.verify()).faults).toEqual([]);
    const track = await copy.track(copy.vehicles.find("a")!, -Infinity, Infinity);
    expect(track.length).toBe(backup.position);
    expect(track.timeMs[track.length - 1]).toBe(NOON + (backup.position - 1) * 1000);
    expect(await copy.append(fixes(written, 1))).toBe(backup.position + 1);
  } finally {
    await copy.close();
  }
  expect((await store.track(0, -Infinity, Infinity)).length).toBe(written);
});

test("a folder that is not empty is left alone", async () => {
  mkdirSync(join(dir, "full"));
  writeFileSync(join(dir, "full", "mine"), "");
  await expect(store.backup(join(dir, "full"))).rejects.toMatchObject({ code: "DATA_UNREADABLE" });
  expect(readdirSync(join(dir, "full"))).toEqual(["mine"]);
});
