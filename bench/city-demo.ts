/**
 * `node bench/city-demo.ts [--seconds 60] [--json]`: the demo city as `npm start` runs it, on PGlite, at its own pace (first it catches up
 * with half a day). The head of a grid, a county's desk and the city's desk ask for what their pages ask for, one question
 * after the other; how long the longest of them waits.
 */
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
const base = `${server.url}/api/v1`;
try {
  const askers = Object.keys(ASKED) as (keyof typeof ASKED)[];
  await Promise.all(askers.map(askAs));
} finally {
  await server.close();
}
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
    const startedMs = performance.now();
    const answer = await fetch(`${base}${path.replace("PLACE", me.duties[0].place)}`, { headers });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${account} ${path}: ${answer.status}`);
    const times = took.get(path) ?? [];
    times.push(performance.now() - startedMs);
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
