import { Command } from "commander";
import { metricsMarkdown } from "../http/metrics.ts";
import { readSettings, settingsDocument } from "./settings.ts";

/** `wuxing settings`: what `serve` would run with, or the document of all settings. */
export function settingsCommand(): Command {
  return new Command("settings")
    .description("查看设置 / the settings that serve would run with")
    .option("--markdown", "全部设置的文档 / the document of all settings")
    .option("--metrics", "全部指标的文档 / the document of all metrics")
    .option("--config <file>", "配置文件 / configuration file")
    .action((options: { markdown?: boolean; metrics?: boolean; config?: string }) => {
      if (options.markdown === true) process.stdout.write(settingsDocument());
      else if (options.metrics === true) process.stdout.write(metricsMarkdown());
      else process.stdout.write(`${JSON.stringify(readSettings({ ...options }, process.env), undefined, 2)}\n`);
    });
}
