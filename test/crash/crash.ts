/**
 * The first half of `npm run test:crash` (for longer: `node test/crash/crash.ts --kills N --seconds S`): a process that appends and compacts is killed again and again, at
 * each step of the way to disk and at random instants; after each kill the store is opened and read. One folder lives
 * through all of it. Ends with 1 when an acknowledged fix is missing, doubled or damaged.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { TRACK_STEPS } from "../../src/tracks/track-store.ts";
import { inspect, liveAndDie, type Cut } from "./kill-writer.ts";

const { values } = parseArgs({
  options: { kills: { type: "string", default: "75" }, seconds: { type: "string", default: "150" } },
});
const killsMax = Number(values.kills);
const endAt = performance.now() + Number(values.seconds) * 1000;

const dir = mkdtempSync(join(tmpdir(), "wuxing-crash-"));
let acknowledged = 0;
let kills = 0;
let bad = 0;
try {
  while (kills < killsMax && performance.now() < endAt) {
    const cut = nextCut(kills);
    const life = await liveAndDie(dir, acknowledged, cut);
    acknowledged = life.acknowledged;
    kills++;
    const findings = await inspect(dir, acknowledged);
    const wrong = findings.missing + findings.doubled + findings.damaged + findings.faults;
    if (wrong > 0) bad++;
    const how = "step" in cut.at ? `at ${cut.at.step} ${cut.at.occurrence}` : `after ${Math.round(cut.at.afterMs)} ms`;
    say(
      `kill ${kills} ${how}: acknowledged ${acknowledged}, stored ${findings.stored}${wrong > 0 ? ` WRONG ${JSON.stringify(findings)}` : ""}`,
    );
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
say(`${kills} kills, ${acknowledged} fixes acknowledged, ${bad} inspections found something wrong`);
process.exitCode = bad > 0 || kills === 0 ? 1 : 0;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Each step in turn at a random occurrence, and twice as many random instants: 50 of 75. */
function nextCut(index: number): Cut {
  if (index % 3 !== 0) return { at: { afterMs: 20 + Math.random() * 1200 } };
  const step = TRACK_STEPS[(index / 3) % TRACK_STEPS.length];
  const often = step.startsWith("commit");
  return { at: { step, occurrence: 1 + Math.floor(Math.random() * (often ? 60 : 3)) } };
}
