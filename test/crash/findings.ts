/**
 * The second half of `npm run test:crash` (for longer: `node test/crash/findings.ts --worlds N --kills N`): track store, ledger and watch as `serve` puts them together,
 * killed between a fix's commit and its acknowledgement, between that and its finding, and at random instants; at the end
 * the findings must be the batch answer. Ends with 1 when they are not.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { randomOf } from "./finding-world.ts";
import { Lives, type Cut } from "./lives.ts";

const { values } = parseArgs({
  options: { worlds: { type: "string", default: "2" }, kills: { type: "string", default: "9" } },
});
const POINTS = ["commit durable", "acknowledged", "ingested", "flush written", "merge durable"];
const lives = new Lives<null>(new URL("finding-writer.ts", import.meta.url));

let bad = 0;
for (let seed = 1; seed <= Number(values.worlds); seed++) {
  const [whole, cut] = [mkdtempSync(join(tmpdir(), "wuxing-whole-")), mkdtempSync(join(tmpdir(), "wuxing-cut-"))];
  try {
    await lives.live({ dir: whole, first: 0, seed, isBatch: true }, null);
    const wanted = readFileSync(join(whole, "standing.json"), "utf8");
    const random = randomOf(seed);
    let acknowledged = 0;
    let kills = 0;
    while (kills < Number(values.kills)) {
      const life = await lives.live({ dir: cut, first: acknowledged, seed }, nextCut(kills, random));
      acknowledged = life.acknowledged;
      if (life.ended) break;
      kills++;
    }
    await lives.live({ dir: cut, first: acknowledged, seed }, null);
    const isSame = readFileSync(join(cut, "standing.json"), "utf8") === wanted;
    if (!isSame) bad++;
    const { exposures, passages, locks } = JSON.parse(wanted) as Record<string, unknown[]>;
    say(
      `world ${seed}, ${kills} kills: ${exposures?.length} exposures, ${passages?.length} passages, ${locks?.length} locks: ${isSame ? "the same" : "NOT the same"}`,
    );
  } finally {
    rmSync(whole, { recursive: true, force: true });
    rmSync(cut, { recursive: true, force: true });
  }
}
lives.close();
process.exitCode = bad > 0 ? 1 : 0;

function nextCut(index: number, random: () => number): Cut {
  if (index % 2 === 1) return { afterOpenMs: 100 + random() * 800 };
  const step = POINTS[(index / 2) % POINTS.length] ?? "acknowledged";
  const often = step === "flush written" || step === "merge durable" ? 1 : 60;
  return { step, occurrence: 1 + Math.floor(random() * often) };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
