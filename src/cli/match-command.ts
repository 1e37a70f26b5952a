import { createWriteStream, readFileSync } from "node:fs";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { Command, Option } from "commander";
import { z } from "zod";
import { readFeatures } from "../city/geojson.ts";
import { noticeDatum, standingPlaces, type StandingPlaces } from "../kernel/datum-fit.ts";
import type { KernelExposure } from "../kernel/findings.ts";
import { matchTrack } from "../kernel/match-track.ts";
import { compileShape } from "../kernel/shape.ts";
import { World } from "../kernel/world.ts";
import { areaLevelSchema, datumSchema, type Datum } from "../model/area.ts";
import { WuxingError, type Problem } from "../model/errors.ts";
import { DEFAULT_RULE, ruleSchema, type Rule } from "../model/rule.ts";
import { readTracks, type RejectedRow } from "../tracks/read-tracks.ts";
import { datumWords } from "../watch/datum-warning.ts";
import { ProgressBar } from "./progress-bar.ts";

interface MatchOptions {
  tracks: string[];
  areas: string;
  crs: Datum;
  areasCrs: Datum;
  rule?: string;
  out?: string;
  rejects?: string;
}

/** `wuxing match`: the rule's answer for recorded tracks, one JSON object a line. */
export function matchCommand(): Command {
  return new Command("match")
    .description("对历史轨迹执行规则 / the rule's answer for recorded tracks, one JSON object a line")
    .requiredOption(
      "--tracks <files>",
      "轨迹文件，逗号分隔 / CSV (.gz), Parquet, GPX, GeoJSON, separated by commas",
      (files) => files.split(","),
    )
    .requiredOption("--areas <file>", "风险区 / risk areas, GeoJSON features with id, level, from, to")
    .addOption(
      new Option("--crs <datum>", "轨迹坐标系 / coordinate system of the tracks")
        .choices(datumSchema.options)
        .default("wgs84"),
    )
    .addOption(
      new Option("--areas-crs <datum>", "风险区坐标系 / coordinate system of the areas")
        .choices(datumSchema.options)
        .default("wgs84"),
    )
    .option("--rule <file>", "规则参数 / parameters of the rule, JSON; default the published rule")
    .option("--out <file>", "输出文件，缺省为标准输出 / default standard output")
    .option("--rejects <file>", "无效行及原因 / rows that were not taken, with their reasons")
    .action(match);
}

async function match(options: MatchOptions): Promise<void> {
  const world = new World(readRule(options.rule));
  addAreas(world, options.areas, options.areasCrs);
  const bar = new ProgressBar();
  const rejects = options.rejects === undefined ? undefined : output(options.rejects);
  const { tracks, rows, rejected } = await readTracks(options.tracks, {
    datum: options.crs,
    onReject: (row) => rejects?.write(rejectLine(row)),
    onProgress: ({ bytesRead, bytesTotal, rows: read }) => bar.draw(bytesRead / bytesTotal / 2, `${read} 行 / rows`),
  });
  const out = options.out === undefined ? process.stdout : output(options.out);
  let done = 0;
  let found = 0;
  const stands: StandingPlaces[] = [];
  for (const track of tracks) {
    stands.push(standingPlaces(track));
    for (const exposure of matchTrack(world, track).exposures) {
      found++;
      if (!out.write(`${JSON.stringify(lineOf(track.vehicle, exposure))}\n`)) await once(out, "drain");
    }
    done += track.length;
    bar.draw(0.5 + done / rows / 2, `${found} 条暴露 / exposures`);
  }
  bar.end();
  await Promise.all([closed(out), rejects && closed(rejects)]);
  process.stderr.write(
    `${tracks.length} 辆 / vehicles, ${rows} 点 / fixes, ${rejected} 行未取 / rows rejected, ${found} 条暴露 / exposures\n`,
  );
  const shapes = world.areas.flatMap((area) => area?.shape ?? []);
  const notice = noticeDatum(shapes, stands);
  if (notice === null) return;
  const { zh, en } = datumWords(notice);
  process.stderr.write(`${zh}\n${en} (--areas-crs)\n`);
}

function lineOf(vehicle: string, exposure: KernelExposure): object {
  const { area, startMs, endMs, lastMs, exposedMs, leastMeters, certainty } = exposure;
  return {
    vehicle,
    area,
    start: instant(startMs),
    end: endMs === null ? null : instant(endMs),
    exposedAt: instant(exposedMs),
    durationS: Math.round(lastMs - startMs) / 1000,
    minDistanceM: Math.round(leastMeters * 100) / 100,
    certainty,
  };
}

/** Features need an id of their own or in their properties. */
const areaPropertiesSchema = z.object({
  id: z.union([z.string().min(1).max(64), z.number().transform(String)]),
  level: areaLevelSchema,
  from: z.iso.datetime({ offset: true }).nullish(),
  to: z.iso.datetime({ offset: true }).nullish(),
});

function addAreas(world: World, path: string, datum: Datum): void {
  const problems: Problem[] = [];
  const types = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"] as const;
  const features = readFeatures(path, readJson(path, "AREA_INVALID"), datum, areaPropertiesSchema, types, problems);
  const seen = new Set<string>();
  for (const { properties, geometry } of features) {
    const { id, from, to } = properties;
    const fromMs = from == null ? -Infinity : Date.parse(from);
    const toMs = to == null ? Infinity : Date.parse(to);
    if (toMs <= fromMs)
      problems.push({ where: `${path}: ${id}.to`, value: to!, expected: `later than from (${from})` });
    if (seen.has(id)) problems.push({ where: `${path}: ${id}`, expected: "each id once" });
    seen.add(id);
    if (problems.length === 0) world.addArea({ id, version: 1, shape: compileShape(geometry), fromMs, toMs });
  }
  if (problems.length > 0) throw new WuxingError("AREA_INVALID", path, problems);
}

function readRule(path: string | undefined): Rule {
  if (path === undefined) return DEFAULT_RULE;
  const parsed = ruleSchema.safeParse(readJson(path, "INPUT_INVALID"));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => ({
    where: `${path}: ${issue.path.join(".")}`,
    expected: issue.message,
  }));
  throw new WuxingError("INPUT_INVALID", path, problems);
}

function readJson(path: string, code: "AREA_INVALID" | "INPUT_INVALID"): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const value = (error as Error).message.slice(0, 100);
    throw new WuxingError(code, path, [{ where: path, value, expected: "a JSON file that can be read" }]);
  }
}

function output(path: string): Writable {
  const stream = createWriteStream(path);
  stream.on("error", (error) => {
    process.stderr.write(`${path}: ${error.message}\n`);
    process.exit(1);
  });
  return stream;
}

async function closed(stream: Writable): Promise<void> {
  if (stream === process.stdout) return;
  stream.end();
  await once(stream, "close");
}

function rejectLine({ file, line, field, value, expected }: RejectedRow): string {
  return `${JSON.stringify({ file, line, field, value, expected })}\n`;
}

function instant(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}
