import { Command, Option } from "commander";
import { importEtcFile } from "../gateway/etc-files.ts";
import { countResults, type EtcAnswer } from "../gateway/etc-intake.ts";
import { WuxingError } from "../model/errors.ts";
import { colourCodeSchema, type ColourCode } from "../model/etc.ts";
import { openDatabase } from "../store/database.ts";
import { EtcStore } from "../store/etc-store.ts";
import { ProgressBar } from "./progress-bar.ts";

interface ImportOptions {
  source: string;
  colours: ColourCode;
  encoding: string;
  data?: string;
  databaseUrl?: string;
}

/** Records that were not taken are named up to this many. */
const REFUSALS_SHOWN = 20;

/**
 * `wuxing etc import FILE…`: toll records from files. Results go to standard output, progress and refused records to standard
 * error; ends with 1 when records were refused.
 */
export function etcCommand(): Command {
  const etc = new Command("etc").description("ETC 通行记录 / toll records");
  etc
    .command("import")
    .description("读入通行记录文件；重复读入不会重复 / read files of toll records; reading twice doubles nothing")
    .argument("<file...>", "CSV, NDJSON (.gz)")
    .requiredOption("--source <name>", "来源名称 / name of the source")
    .addOption(
      new Option("--colours <code>", "车牌颜色代码：etc 收费系统，jt415 终端 / code of plate colours")
        .choices(colourCodeSchema.options)
        .makeOptionMandatory(),
    )
    .option("--encoding <name>", "文件编码 / encoding: utf8, gbk", "utf8")
    .addOption(
      new Option("--data <folder>", "数据目录，服务须已停止 / data folder of a server that is stopped").env(
        "WUXING_DATA",
      ),
    )
    .addOption(
      new Option("--database-url <url>", "PostgreSQL 地址，服务可在运行 / PostgreSQL, the server may run").env(
        "DATABASE_URL",
      ),
    )
    .action(importAction);
  return etc;
}

async function importAction(paths: string[], options: ImportOptions): Promise<void> {
  const { source, colours, encoding, data, databaseUrl } = options;
  if (data === undefined && databaseUrl === undefined) {
    throw new WuxingError("CONFIG_INVALID", undefined, [{ where: "--data", expected: "--data or --database-url" }]);
  }
  const database = await openDatabase(databaseUrl === undefined ? { dir: data! } : { url: databaseUrl });
  const bar = new ProgressBar();
  let shown = 0;
  const refused = ({ transaction, problem }: EtcAnswer): void => {
    if (++shown > REFUSALS_SHOWN || problem === undefined) return;
    bar.end();
    const value = problem.value === undefined ? "" : ` "${problem.value}"`;
    process.stderr.write(`${transaction ?? "-"} ${problem.where}:${value}, expected ${problem.expected}\n`);
  };
  const totals = countResults([]);
  try {
    for (const path of paths) {
      const progress = ({ share, items }: { share: number; items: number }): void =>
        bar.draw(share, `${path}: ${items}`);
      const counts = await importEtcFile(
        new EtcStore(database.kysely),
        { path, encoding },
        { source, colours },
        { progress, refused },
      );
      for (const [result, count] of Object.entries(counts)) totals[result as keyof typeof totals] += count;
    }
  } finally {
    bar.end();
    await database.close();
  }
  if (shown > REFUSALS_SHOWN) process.stderr.write(`… ${shown - REFUSALS_SHOWN} 条 / more\n`);
  const { accepted, known, conflict, rejected } = totals;
  process.stdout.write(
    `${accepted} 条新记录 / new, ${known} 条已有 / known, ${conflict} 条冲突 / in conflict, ${rejected} 条未取 / rejected\n`,
  );
  if (conflict + rejected > 0) process.exitCode = 1;
}
