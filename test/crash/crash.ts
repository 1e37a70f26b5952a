/**
 * The first half of `npm run test:crash` (for longer: `node test/crash/crash.ts --kills N --seconds S`): a process that
 * appends and compacts is killed again and again, at each step of the way to disk, at random instants, and while it opens
 * what the life before left. Each life reads the whole store through before it goes on, a last one at the end. Ends with 1
 * when an acknowledged fix is missing, doubled or damaged.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openTrackStore, TRACK_STEPS } from "../../src/tracks/track-store.ts";
import { describeCut, Lives, type Cut } from "./lives.ts";
import { inspect, isWrong, type Findings } from "./stored-fixes.ts";

const { values } = parseArgs({
  options: { kills: { type: "string", default: "75" }, seconds: { type: "string", default: "150" } },
});
const killsMax = Number(values.kills);
const endAt = performance.now() + Number(values.seconds) * 1000;
/** A folder lives through so many kills: what has to be read through stays small. */
const FOLDER_KILLS = 25;

const lives = new Lives<Findings>(new URL("track-writer.ts", import.meta.url));
let [kills, randomKills, bad, all] = [0, 0, 0, 0];
try {
  while (kills < killsMax && performance.now() < endAt) await killFolder();
} finally {
  lives.close();
}
say(
  `${kills} kills, ${randomKills} of them at random instants, ${all} fixes acknowledged, ${bad} inspections found something wrong`,
);
process.exitCode = bad > 0 || kills === 0 ? 1 : 0;

async function killFolder(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "wuxing-crash-"));
  let acknowledged = 0;
  let unseen = "the beginning";
  const judge = (found: Findings): void => {
    if (!isWrong(found)) return;
    bad++;
    say(`WRONG behind ${unseen}: ${JSON.stringify(found)}`);
  };
  try {
    for (let own = 0; own < FOLDER_KILLS && kills < killsMax && performance.now() < endAt; own++) {
      const cut = nextCut(kills);
      const life = await lives.live({ dir, first: acknowledged }, cut);
      if (life.ended) throw new Error("the writer ended by itself");
      acknowledged = life.acknowledged;
      kills++;
      if (!("step" in cut)) randomKills++;
      const stored =
        life.found === null ? "killed before it had read what there was" : `${life.found.stored} before it`;
      if (life.found !== null) {
        judge(life.found);
        unseen = "";
      }
      unseen += ` kill ${kills} ${describeCut(cut)},`;
      say(`kill ${kills} ${describeCut(cut)}: acknowledged ${acknowledged}, ${stored}`);
    }
    const store = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null });
    judge(await inspect(store, acknowledged));
    await store.close();
    all += acknowledged;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Each step in turn at a random occurrence, and twice as many random instants, 50 of 75: some of them while it opens. */
function nextCut(index: number): Cut {
  if (index % 6 === 5) return { afterStartMs: 5 + Math.random() * 300 };
  if (index % 3 !== 0) return { afterOpenMs: 5 + Math.random() * 400 };
  const step = TRACK_STEPS[(index / 3) % TRACK_STEPS.length];
  // A merge comes behind every fourth flush only.
  const most = step.startsWith("commit") ? 30 : step.startsWith("merge") ? 1 : 3;
  return { step, occurrence: 1 + Math.floor(Math.random() * most) };
}
