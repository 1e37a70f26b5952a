import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `wuxing ARGS` to its end. */
export async function wuxing(args: readonly string[], input?: string): Promise<Outcome> {
  const child = start(args);
  const read = collect(child);
  child.stdin?.end(input ?? "");
  const code = await exit(child);
  return { code, ...read() };
}

export interface Served {
  url: string;
  jt808Port: number;
  /** Everything that it has said and logged. */
  said(): string;
  /** Interrupts it, as Ctrl-C does, and resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Cookies of the sessions that `serve` began, by the server's address. */
const cookies = new Map<string, string>();
/** Passwords of the officers that `serve` added, by data folder. */
const passwords = new Map<string, string>();

/** Asks a server in the name of the city's desk officer. */
export function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const cookie = cookies.get(new URL(url).origin);
  const headers = new Headers(init.headers);
  if (cookie !== undefined) headers.set("cookie", cookie);
  return fetch(url, { ...init, headers });
}

/** An officer at the city's desk, as a city's operator adds the first one; once for a data folder. */
async function addOfficer(args: readonly string[]): Promise<string> {
  const [city, data] = ["--city", "--data"].map((name) => args[args.indexOf(name) + 1]);
  const known = passwords.get(data);
  if (known !== undefined) return known;
  const added = await wuxing(["account", "add", "officer", "--desk", "--city", city, "--data", data]);
  if (added.code !== 0) throw new Error(`account add ended with ${added.code}: ${added.stderr}`);
  passwords.set(data, added.stdout.trim());
  return added.stdout.trim();
}

async function signIn(url: string, password: string): Promise<void> {
  const cookie = await cookieOf(url, "officer", password);
  await choosePurpose(url, cookie, "checkpoint");
  cookies.set(new URL(url).origin, cookie);
}

/** The cookie of the officer that `serve` signed in. */
export function cookieOfOfficer(url: string): string {
  return cookies.get(new URL(url).origin)!;
}

/** Says what a session reads personal data for, as its person does at the beginning of a shift. */
async function choosePurpose(url: string, cookie: string, purpose: string): Promise<void> {
  const answer = await fetch(`${url}/api/v1/session/purpose`, {
    method: "POST",
    headers: { "content-type": "application/json", cookie },
    body: JSON.stringify({ purpose }),
  });
  if (!answer.ok) throw new Error(`purpose: ${answer.status} ${await answer.text()}`);
}

/** The password of the officer of a running server's data folder. */
export function officersPassword(data: string): string {
  return passwords.get(data)!;
}

/** The cookie of a new session. */
export async function cookieOf(url: string, account: string, password: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ account, password }),
  });
  if (!answer.ok) throw new Error(`signing in: ${answer.status} ${await answer.text()}`);
  return answer.headers.getSetCookie()[0].split(";")[0];
}

/**
 * Starts `wuxing serve ARGS` (with --city and --data) on free ports, waits until it says where it is, and signs in as an officer
 * at the city's desk.
 */
export async function serve(args: readonly string[]): Promise<Served> {
  const password = await addOfficer(args);
  const child = start(["serve", "--http", "0", "--jt808", "0", "--jt808-host", "127.0.0.1", ...args]);
  const read = collect(child);
  const ended = exit(child);
  const announced = async (): Promise<{ url: string; jt808Port: number }> => {
    for (;;) {
      const found = /console: (\S+)[\s\S]*127\.0\.0\.1:(\d+)/u.exec(read().stdout);
      if (found !== null) return { url: found[1].replace("localhost", "127.0.0.1"), jt808Port: Number(found[2]) };
      await pause(50);
    }
  };
  const failed = ended.then((code) => {
    throw new Error(`serve ended with ${code}: ${read().stderr}`);
  });
  failed.catch(() => {});
  const { url, jt808Port } = await Promise.race([announced(), failed]);
  await signIn(url, password);
  return {
    url,
    jt808Port,
    said: () => Object.values(read()).join(""),
    stop: () => {
      child.kill("SIGINT");
      return ended;
    },
  };
}

/** A folder that is gone with the machine's temporary files. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "wuxing-"));
}

/** The folder of a square city of some 60 km, its middle given, with one gate on its western edge. */
export async function squareCity(lon: number, lat: number): Promise<string> {
  const dir = join(await temporaryFolder(), "city");
  await mkdir(dir);
  const half = 0.3;
  const ring = [
    [lon - half, lat - half],
    [lon + half, lat - half],
    [lon + half, lat + half],
    [lon - half, lat + half],
    [lon - half, lat - half],
  ];
  const collection = (properties: object, geometry: object): string =>
    JSON.stringify({ type: "FeatureCollection", features: [{ type: "Feature", properties, geometry }] });
  const polygon = { type: "Polygon", coordinates: [ring] };
  const file = (name: string): object => ({ file: `${name}.geojson`, datum: "wgs84" });
  const gate = {
    type: "LineString",
    // From south to north: who drives east crosses it from its left to its right.
    coordinates: [
      [lon - half, lat - 0.05],
      [lon - half, lat + 0.05],
    ],
  };
  const city = {
    id: "square",
    name: "方城",
    nameEn: "Square",
    counties: file("counties"),
    fence: file("fence"),
    gates: file("gates"),
  };
  await writeFile(join(dir, "city.json"), JSON.stringify(city));
  await writeFile(join(dir, "counties.geojson"), collection({ code: "1", name: "方县" }, polygon));
  await writeFile(join(dir, "fence.geojson"), collection({}, polygon));
  await writeFile(join(dir, "gates.geojson"), collection({ id: "west", name: "西门" }, gate));
  return dir;
}

/** All items of a list of the API, page by page. */
export async function allItems<Item>(url: string, path: string): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await ask(`${url}/api/v1${path}${path.includes("?") ? "&" : "?"}limit=1000${query}`);
    const page = (await answer.json()) as { items: Item[]; next: string | null };
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(ROOT, "src/cli/main.ts"), ...args], { cwd: ROOT, stdio: "pipe" });
}

function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  const said = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
  return () => ({ ...said });
}

function exit(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("close", (code) => resolve(code)));
}
