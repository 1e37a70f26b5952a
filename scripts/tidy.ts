/**
 * The rules that no other tool checks: file length, banned names, dead exports, links and words in the documents,
 * and that every error code is used. Prints each breach with its place; exit code 1 when there is any.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, normalize } from "node:path";

const LINES_MAX = 400;
const TEST_LINES_MAX = 700;
const BANNED_NAMES = /^(utils?|helpers?|common|types?|lib|misc|index)\b/;
/** Words that tie the project to one workplace or one mirror. */
const BANNED_WORDS = [/\/work\/(main|shared|\.library)/, /registry\.npmjs\.org/, /\bfarm-(bench|studio)\b/];
/** Files that declare a tool's settings export by default. */
const CONFIG = /\.config\.ts$/;

const breaches: string[] = [];
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { encoding: "utf8" })
  .split("\n")
  .filter((path) => path !== "" && existsSync(path));
const texts = new Map(
  files
    .filter((path) => [".ts", ".tsx", ".md", ".json", ".cjs", ".css", ".html", ".sql", ""].includes(extname(path)))
    .filter((path) => path !== "package-lock.json")
    .map((path) => [path, readFileSync(path, "utf8")]),
);
const sources = [...texts.keys()].filter((path) => /\.tsx?$/.test(path));

checkNamesAndLengths();
checkDeadExports();
checkErrorsAreUsed();
checkLinks();
checkWords();

for (const breach of breaches) console.error(breach);
console.log(`tidy: ${files.length} files, ${breaches.length} breaches`);
process.exitCode = breaches.length === 0 ? 0 : 1;

function checkNamesAndLengths(): void {
  for (const path of sources) {
    if (BANNED_NAMES.test(basename(path)))
      breaches.push(`${path}: a file is named after its subject, not after a drawer`);
    const lines = texts.get(path)!.split("\n").length;
    const max = /\.test\.tsx?$/.test(path) || path.startsWith("bench/") ? TEST_LINES_MAX : LINES_MAX;
    if (lines > max) breaches.push(`${path}: ${lines} lines, at most ${max}; which two stories does it tell?`);
    if (/^export \* from/m.test(texts.get(path)!)) breaches.push(`${path}: exports are listed by name`);
  }
}

/** An export that no other file names is dead: delete it, or stop exporting it. */
function checkDeadExports(): void {
  const words = new Map<string, Set<string>>();
  for (const path of [...sources, ...[...texts.keys()].filter((name) => name.endsWith(".cjs"))]) {
    words.set(path, new Set(texts.get(path)!.match(/[A-Za-z_$][\w$]*/g) ?? []));
  }
  for (const path of sources) {
    // A codec is whole when it reads and writes every message, whoever needs which.
    if (CONFIG.test(path) || path.startsWith("src/wire/")) continue;
    const exported = [
      ...texts
        .get(path)!
        .matchAll(/^export (?:async )?(?:const|function\*?|class|interface|type|let|abstract class) ([\w$]+)/gm),
    ];
    for (const [, name] of exported) {
      const used = [...words].some(([other, set]) => other !== path && set.has(name));
      if (!used && !isPartOfASignature(path, name)) breaches.push(`${path}: nobody uses the export ${name}`);
    }
  }
}

/** A type that an exported thing of the same file names is part of that thing's signature. */
function isPartOfASignature(path: string, name: string): boolean {
  const text = texts.get(path)!;
  if (!new RegExp(`^export (?:interface|type) ${name}\\b`, "m").test(text)) return false;
  return (text.match(new RegExp(`\\b${name}\\b`, "g")) ?? []).length > 1;
}

function checkErrorsAreUsed(): void {
  const table = texts.get("src/model/errors.ts") ?? "";
  const others = sources.filter((path) => path !== "src/model/errors.ts").map((path) => texts.get(path)!);
  for (const [, code] of table.matchAll(/^ {2}([A-Z_]+): \{/gm)) {
    if (!others.some((text) => text.includes(`"${code}"`)))
      breaches.push(`src/model/errors.ts: nobody reports ${code}`);
  }
}

function checkLinks(): void {
  for (const [path, text] of texts) {
    if (!path.endsWith(".md")) continue;
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(https?:|mailto:|#)/.test(target)) continue;
      const file = normalize(join(dirname(path), target.split("#")[0]));
      if (!existsSync(file)) breaches.push(`${path}: the link ${target} leads nowhere`);
    }
  }
}

function checkWords(): void {
  for (const [path, text] of texts) {
    if (path === "scripts/tidy.ts") continue;
    for (const word of BANNED_WORDS) {
      const hit = word.exec(text);
      if (hit !== null) breaches.push(`${path}: names ${hit[0]}, which exists on one machine only`);
    }
  }
}
