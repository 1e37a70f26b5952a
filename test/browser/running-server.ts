import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The real server with the demo city, as `npm start` runs it. */
export interface RunningServer {
  url: string;
  jt808Port: number;
  close: () => Promise<void>;
}

const ROOT = join(import.meta.dirname, "../..");
const START_MS = 600_000;
/** Within two minutes of the demo's life vehicles are exposed, enter and are locked; a slow machine takes longer, ms. */
const ITEMS_MS = 600_000;

/**
 * Starts the demo on free ports with a data folder of its own, with more settings when they are given. `WUXING_URL` and
 * `WUXING_JT808` name a server that runs already.
 */
export async function startDemo(settings: readonly string[] = []): Promise<RunningServer> {
  const given = process.env["WUXING_URL"];
  if (given !== undefined)
    return { url: given, jt808Port: Number(process.env["WUXING_JT808"] ?? 8808), close: async () => undefined };
  const data = await mkdtemp(join(tmpdir(), "wuxing-browser-"));
  const [http, jt808] = [await freePort(), await freePort()];
  const args = ["src/cli/main.ts", "serve", "--demo", "--data", data, "--http", `${http}`, "--jt808", `${jt808}`];
  args.push(...settings);
  const server = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [server.stdout, server.stderr])
    stream.on("data", (chunk) => (said = (said + String(chunk)).slice(-4000)));
  const url = `http://127.0.0.1:${http}`;
  await healthy(url, server, () => said);
  return {
    url,
    jt808Port: jt808,
    close: async () => {
      await ended(server);
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function healthy(url: string, server: ChildProcess, said: () => string): Promise<void> {
  const until = Date.now() + START_MS;
  while (Date.now() < until) {
    if (server.exitCode !== null) throw new Error(`serve ended with ${server.exitCode}: ${said()}`);
    const answer = await fetch(`${url}/healthz`).catch(() => null);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await ended(server);
  throw new Error(`serve did not come up within ${START_MS / 1000} s: ${said()}`);
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGINT");
  const hard = setTimeout(() => server.kill("SIGKILL"), 15_000);
  await gone;
  clearTimeout(hard);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Waits until a list of the API holds at least `least` items, and answers them. */
export async function itemsOf<Item>(url: string, path: string, least: number): Promise<Item[]> {
  const until = Date.now() + ITEMS_MS;
  for (;;) {
    const answer = await fetch(`${url}/api/v1${path}`);
    const { items } = (await answer.json()) as { items: Item[] };
    if (items.length >= least) return items;
    if (Date.now() > until)
      throw new Error(`${path} held ${items.length} items after ${ITEMS_MS / 1000} s, expected ${least}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
