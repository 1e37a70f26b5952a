import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TRACK_STEPS } from "../../src/tracks/track-store.ts";
import { inspect, liveAndDie } from "./kill-writer.ts";

/** The short form of `npm run test:crash`. */
test(
  "a process killed at each step of the way to disk loses and doubles no acknowledged fix",
  { timeout: 120_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "wuxing-crash-"));
    try {
      let acknowledged = 0;
      for (const step of TRACK_STEPS) {
        const life = await liveAndDie(dir, acknowledged, {
          at: { step, occurrence: step.startsWith("commit") ? 20 : 2 },
        });
        acknowledged = life.acknowledged;
        expect({ step, ...(await inspect(dir, acknowledged)) }).toMatchObject({
          step,
          missing: 0,
          doubled: 0,
          damaged: 0,
          faults: 0,
        });
      }
      expect(acknowledged).toBeGreaterThan(1000);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
