import { join } from "node:path";
import { Command, Option } from "commander";
import { addSource } from "../gateway/source-keys.ts";
import { datumSchema, type Datum } from "../model/area.ts";

/** `wuxing source add NAME`: a key with which someone may send positions over HTTP. Takes effect at the next start. */
export function sourceCommand(): Command {
  const source = new Command("source").description("HTTP 定位来源 / sources of positions over HTTP");
  source
    .command("add")
    .description(
      "新建来源（或换新密钥），密钥只显示一次 / a new source, or a new key for one; the key is shown this once",
    )
    .argument("<name>")
    .addOption(
      new Option("--datum <datum>", "来源的坐标系 / its coordinate system")
        .choices(datumSchema.options)
        .makeOptionMandatory(),
    )
    .addOption(new Option("--data <folder>", "数据目录 / data folder").env("WUXING_DATA").makeOptionMandatory())
    .action(async (name: string, { data, datum }: { data: string; datum: Datum }) => {
      process.stdout.write(`${await addSource(join(data, "sources.json"), name, datum)}\n`);
    });
  return source;
}
