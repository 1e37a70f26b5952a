import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openTrackStore, TRACK_STEPS } from "../../src/tracks/track-store.ts";
import { Lives } from "./lives.ts";
import { inspect, type Findings } from "./stored-fixes.ts";

/** The short form of `npm run test:crash`. */
test(
  "a process killed at each step of the way to disk loses and doubles no acknowledged fix",
  { timeout: 300_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "wuxing-crash-"));
    const lives = new Lives<Findings>(new URL("track-writer.ts", import.meta.url));
    const well = { missing: 0, doubled: 0, damaged: 0, faults: 0 };
    try {
      let acknowledged = 0;
      let before = "the beginning";
      for (const step of TRACK_STEPS) {
        const cut = { step, occurrence: step.startsWith("commit") ? 20 : 1 };
        const life = await lives.live({ dir, first: acknowledged }, cut);
        expect(life.ended).toBe(false);
        // What each life found is what the one before it left.
        expect({ before, ...life.found }).toMatchObject({ before, ...well });
        acknowledged = life.acknowledged;
        before = step;
      }
      const store = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null });
      try {
        expect({ before, ...(await inspect(store, acknowledged)) }).toMatchObject({ before, ...well });
      } finally {
        await store.close();
      }
      expect(acknowledged).toBeGreaterThan(1000);
    } finally {
      lives.close();
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
