import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { importPlaces } from "../city/place-folder.ts";
import { problemOf } from "../city/place-plan.ts";
import { Places } from "../city/places.ts";
import { datumSchema, type Datum } from "../model/area.ts";
import { WuxingError } from "../model/errors.ts";
import { placeTreeSchema, type PlaceTree } from "../model/place.ts";
import { openDatabase } from "../store/database.ts";

interface DatabaseOptions {
  data?: string;
  databaseUrl?: string;
}

/**
 * `wuxing places import | check`, on the data folder of a server that does not run, or on a PostgreSQL server. `check`
 * ends with 1 when the leaves of a tree do not cover the city once.
 */
export function placesCommand(): Command {
  const places = new Command("places").description("地点和网格的导入、校验 / import and check places and grids");
  withDatabase(
    places
      .command("import")
      .description("读入一个地点文件，一次全部取或全部不取 / read a file of places, whole or not at all")
      .argument("<file>", "GeoJSON (docs/places.md)")
      .addOption(
        new Option("--datum <datum>", "坐标系 / coordinate system of the file")
          .choices(datumSchema.options)
          .makeOptionMandatory(),
      )
      .requiredOption("--from <date>", "从哪天起有效 / valid from this day on: YYYY-MM-DD, Beijing time", dayOf),
  ).action(importAction);
  withDatabase(
    places
      .command("check")
      .description("校验网格是否不重不漏 / whether the leaves cover the city, none twice")
      .option("--at <date>", "截至哪天 / as of this day: YYYY-MM-DD, Beijing time; default now", dayOf)
      .addOption(
        new Option("--tree <tree>", "哪棵树 / which tree").choices(placeTreeSchema.options).default("civil" as const),
      ),
  ).action(checkAction);
  return places;
}

async function importAction(path: string, options: DatabaseOptions & { datum: Datum; from: string }): Promise<void> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new WuxingError("INPUT_INVALID", path, [
      { where: path, value: (error as Error).message, expected: "a file that can be read" },
    ]);
  }
  await withPlaces(options, async (places) => {
    const { datum, from } = options;
    const file = basename(path);
    const count = await importPlaces(places, { file, text, datum, from, reason: `import ${file}` });
    process.stdout.write(`${file}: ${count} 个地点 / places, ${from}\n`);
  });
}

async function checkAction(options: DatabaseOptions & { at?: string; tree: PlaceTree }): Promise<void> {
  await withPlaces(options, async (places) => {
    const atMs = options.at === undefined ? Date.now() : Date.parse(`${options.at}T00:00:00+08:00`);
    const faults = places.check(options.tree, atMs);
    for (const fault of faults) {
      const { where, value, expected } = problemOf(fault);
      process.stdout.write(`${where}: ${value}; expected ${expected}\n`);
    }
    const leaves = places.history.leavesAt(options.tree, atMs).length;
    const day = new Date(atMs + 8 * 3_600_000).toISOString().slice(0, 10);
    process.stdout.write(`${day}: ${leaves} 个网格 / leaves, ${faults.length} 处错误 / faults\n`);
    if (faults.length > 0 || leaves === 0) process.exitCode = 1;
  });
}

function withDatabase(command: Command): Command {
  return command
    .addOption(new Option("--data <folder>", "数据目录 / data folder").env("WUXING_DATA"))
    .addOption(
      new Option("--database-url <url>", "PostgreSQL；缺省为数据目录 / default: the data folder").env("DATABASE_URL"),
    );
}

async function withPlaces(
  { data, databaseUrl }: DatabaseOptions,
  work: (places: Places) => Promise<void>,
): Promise<void> {
  if (data === undefined && databaseUrl === undefined) {
    throw new WuxingError("CONFIG_INVALID", "no database", [
      { where: "--data", expected: "the data folder, or --database-url" },
    ]);
  }
  const database = await openDatabase(databaseUrl === undefined ? { dir: data! } : { url: databaseUrl });
  try {
    await work(await Places.open(database.kysely));
  } finally {
    await database.close();
  }
}

function dayOf(text: string): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(Date.parse(`${text}T00:00:00+08:00`))) {
    throw new InvalidArgumentError("YYYY-MM-DD");
  }
  return text;
}
