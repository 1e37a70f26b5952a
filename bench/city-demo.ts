/**
 * `node bench/city-demo.ts [--seconds 60] [--json]`: the demo city as `npm start` runs it, on PGlite, at its own pace (first it catches up
 * with half a day). The head of a grid, a county's desk and the city's desk ask for what their pages ask for, one question
 * after the other; how long the longest of them waits. On a machine that others use, most of a wait is waiting for a processor: beside it
 * stands how much the server's two threads (its own and PGlite's) computed meanwhile, for whomever, and how long they stood in
 * line for a processor (Linux's schedstat).
 */
import { readdirSync, readFileSync } from "node:fs";
import { startDemo } from "../test/browser/running-server.ts";
import { report, type Figure } from "./report.ts";

const SECONDS = Number(process.argv[process.argv.indexOf("--seconds") + 1]) || 60;
const PASSWORD = "wuxing-demo";
const ASKED = {
  grid: ["/cases?mine=true&limit=50", "/sync", "/notices?limit=50"],
  county: ["/cases?place=PLACE&overdue=true&limit=50", "/places/load?parent=PLACE", "/cases/counts?place=PLACE"],
  duty: ["/cases?limit=50", "/cases/counts?place=PLACE", "/locks?state=live&limit=50"],
} as const;

const figures: Figure[] = [];
const server = await startDemo();
const threads = threadsOf(
  readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ").at(-1) ?? "",
);
const waits: { ms: number; computedMs: number; queuedMs: number; path: string }[] = [];
const base = `${server.url}/api/v1`;
try {
  const askers = Object.keys(ASKED) as (keyof typeof ASKED)[];
  await Promise.all(askers.map(askAs));
} finally {
  await server.close();
}
const computed = waits.map((wait) => wait.computedMs).toSorted((a, b) => a - b);
const longest = waits.toSorted((a, b) => b.ms - a.ms)[0];
const all = { asked: waits.length };
figures.push(
  { name: "the longest wait of all", value: longest.ms, unit: "ms", sizes: all },
  { name: "computed meanwhile by both threads, for everybody", value: longest.computedMs, unit: "ms", sizes: all },
  { name: "stood in line for a processor meanwhile, both", value: longest.queuedMs, unit: "ms", sizes: all },
  { name: "computed during a wait, p95", value: computed[Math.floor(computed.length * 0.95)], unit: "ms", sizes: all },
  { name: "computed during a wait, most", value: computed.at(-1)!, unit: "ms", sizes: all },
);
report(`the demo city on PGlite, ${SECONDS} s`, figures);

async function askAs(account: keyof typeof ASKED): Promise<void> {
  const signedIn = await fetch(`${base}/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ account, password: PASSWORD }),
  });
  if (!signedIn.ok) throw new Error(`${account}: ${signedIn.status} ${await signedIn.text()}`);
  const headers = { cookie: signedIn.headers.getSetCookie()[0].split(";")[0], "x-purpose": "case-work" };
  const me = (await (await fetch(`${base}/me`, { headers })).json()) as { duties: { place: string }[] };
  const took = new Map<string, number[]>();
  const endMs = performance.now() + SECONDS * 1000;
  for (let i = 0; performance.now() < endMs; i++) {
    const paths = ASKED[account];
    const path = paths[i % paths.length];
    const before = spentBy(threads);
    const startedMs = performance.now();
    const answer = await fetch(`${base}${path.replace("PLACE", me.duties[0].place)}`, { headers });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${account} ${path}: ${answer.status}`);
    const times = took.get(path) ?? [];
    const ms = performance.now() - startedMs;
    const after = spentBy(threads);
    waits.push({ ms, path, computedMs: after.ranMs - before.ranMs, queuedMs: after.queuedMs - before.queuedMs });
    times.push(ms);
    took.set(path, times);
    // A page asks now and then; three of them leave the machine to the city.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const [path, times] of took) {
    const sorted = times.toSorted((a, b) => a - b);
    const sizes = { asked: times.length };
    const name = `${account}: GET ${path.split("?")[0]}`;
    figures.push({ name: `${name}, p95`, value: sorted[Math.floor(times.length * 0.95)], unit: "ms", sizes });
    figures.push({ name: `${name}, longest`, value: sorted.at(-1)!, unit: "ms", sizes });
  }
}

/** The files in which Linux says what the server's main thread and PGlite's have spent. */
function threadsOf(pid: string): string[] {
  const tasks = readdirSync(`/proc/${pid}/task`).map((task) => `/proc/${pid}/task/${task}`);
  return tasks
    .filter((task) => /^(node-MainThread|WorkerThread)$/m.test(readFileSync(`${task}/comm`, "utf8")))
    .map((task) => `${task}/schedstat`);
}

/** What threads have spent so far: on a processor, and in line for one. */
function spentBy(files: readonly string[]): { ranMs: number; queuedMs: number } {
  const spent = { ranMs: 0, queuedMs: 0 };
  for (const file of files) {
    const [ran, queued] = readFileSync(file, "utf8").split(" ").map(Number);
    spent.ranMs += ran / 1e6;
    spent.queuedMs += queued / 1e6;
  }
  return spent;
}
