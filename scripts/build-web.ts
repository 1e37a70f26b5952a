/**
 * Builds the console into `dist/web` and the phone into `dist/mobile`. With `--if-stale` only when a source is newer than what was built, without a word when
 * nothing has to be done: it runs in `prepare` and before every `npm start`.
 */
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const built = join(root, "dist/web/index.html");
const phone = join(root, "dist/mobile/index.html");
const COMPRESS_BYTES_MIN = 1024;
const BROTLI_QUALITY = 8;
const sources = ["src/web", "src/mobile", "src/model", "vite.config.ts", "vite.mobile.config.ts", "package-lock.json"];

if (process.argv.includes("--if-stale") && !isStale()) process.exit(0);

const vite = await import("vite").catch(() => null);
if (vite === null) {
  // A production install has no vite; it has the built console instead, or none.
  console.error("console: vite is not installed, the console is not built (npm install with development dependencies)");
  process.exit(process.argv.includes("--if-stale") ? 0 : 1);
}
const start = performance.now();
for (const [config, source] of [
  ["vite.config.ts", "src/web"],
  ["vite.mobile.config.ts", "src/mobile"],
] as const)
  await vite.build({ configFile: join(root, config), root: join(root, source), logLevel: "warn" });
for (const folder of ["dist/web", "dist/mobile"]) compressAll(join(root, folder));
const now = new Date();
utimesSync(built, now, now);
console.log(`console and phone: built into dist/web in ${((performance.now() - start) / 1000).toFixed(1)} s`);

/** Beside each text its compressed forms, which the server hands out as they are: a phone at 3G loads a third. */
function compressAll(dir: string): void {
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(js|css|svg|webmanifest)$/.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const content = readFileSync(path);
    if (content.length < COMPRESS_BYTES_MIN) continue;
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } };
    writeFileSync(`${path}.br`, brotliCompressSync(content, quality));
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  }
}

function isStale(): boolean {
  if (!existsSync(built) || !existsSync(phone)) return true;
  const builtMs = statSync(built).mtimeMs;
  return sources.some((path) => newestMs(join(root, path)) > builtMs);
}

/** The newest time of change of a file, or of any file below a folder; tests do not count. */
function newestMs(path: string): number {
  if (!existsSync(path)) return 0;
  const own = statSync(path);
  if (!own.isDirectory()) return /\.test\.tsx?$/.test(path) ? 0 : own.mtimeMs;
  let newest = own.mtimeMs;
  for (const name of readdirSync(path)) newest = Math.max(newest, newestMs(join(path, name)));
  return newest;
}
