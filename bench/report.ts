/**
 * What every benchmark prints: a table for people, or with `--json` one JSON object a line for machines, each with the
 * thing that it is compared to, the sizes, the machine and the versions.
 */
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

/** One figure. `ratio` is value / comparedTo's value, in the unit's own direction. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  comparedTo?: string;
  ratio?: number;
  sizes?: Record<string, number>;
}

/** The processor, its cores, the memory in GiB and the Node version, as a benchmark states them. */
export function machine(): { cpu: string; cores: number; memoryGiB: number; node: string; wuxing: string } {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    wuxing: manifest.version,
  };
}

/** Prints the figures of one benchmark. */
export function report(title: string, figures: readonly Figure[]): void {
  const host = machine();
  if (process.argv.includes("--json")) {
    for (const figure of figures) console.log(JSON.stringify({ benchmark: title, ...figure, machine: host }));
    return;
  }
  console.log(
    `\n${title}\n${host.cpu}, ${host.cores} cores, ${host.memoryGiB} GiB, Node ${host.node}, wuxing ${host.wuxing}\n`,
  );
  const rows = [
    ["figure", "value", "unit", "ratio", "compared to", "sizes"],
    ["---", "---:", "---", "---:", "---", "---"],
  ];
  for (const { name, value, unit, ratio, comparedTo, sizes } of figures) {
    const size = Object.entries(sizes ?? {}).map(([key, count]) => `${key} ${count.toLocaleString("en")}`);
    rows.push([name, digits(value), unit, ratio === undefined ? "" : digits(ratio), comparedTo ?? "", size.join(", ")]);
  }
  for (const row of rows) console.log(`| ${row.join(" | ")} |`);
}

function digits(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}
