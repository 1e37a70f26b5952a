import { join } from "node:path";
import { Command, Option } from "commander";
import { addSource, takesSchema, type Takes } from "../gateway/source-keys.ts";
import { datumSchema, type Datum } from "../model/area.ts";

/** `wuxing source add NAME`: a key with which someone may send positions or toll records over HTTP or MQTT. Takes effect at the next start. */
export function sourceCommand(): Command {
  const source = new Command("source").description(
    "定位、通行记录和到达申报的来源 / sources of positions, toll records and declared arrivals",
  );
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
    .addOption(
      new Option("--takes <what...>", "可报送的内容 / what it may send: fixes 定位, etc 通行记录, arrivals 到达申报")
        .choices(takesSchema.options)
        .default(["fixes"]),
    )
    .addOption(new Option("--data <folder>", "数据目录 / data folder").env("WUXING_DATA").makeOptionMandatory())
    .action(async (name: string, { data, datum, takes }: { data: string; datum: Datum; takes: Takes[] }) => {
      process.stdout.write(`${await addSource(join(data, "sources.json"), name, datum, takes)}\n`);
    });
  return source;
}
