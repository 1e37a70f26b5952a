import { once } from "node:events";
import { Command } from "commander";
import { startPlatform } from "./serve.ts";
import { addSettings, readSettings } from "./settings.ts";

const SECOND_INTERRUPT_MS = 1500;

/** `wuxing serve`: runs until it is interrupted; a second interrupt ends it at once. */
export function serveCommand(): Command {
  return addSettings(new Command("serve").description("运行平台 / runs the platform")).action(serve);
}

async function serve(options: Record<string, unknown>): Promise<void> {
  const settings = readSettings(options, process.env);
  // From the beginning, so that an interrupt during the start ends it cleanly too.
  const interrupted = Promise.race(["SIGINT", "SIGTERM"].map((signal) => once(process, signal)));
  process.on("SIGINT", () => {});
  // A file beyond the size that the system allows is then a write that fails, not the end.
  process.on("SIGXFSZ", () => {});
  const platform = await startPlatform(settings);
  process.stdout.write(
    `值班台 / console: ${platform.url}\n终端接入 / terminals: JT/T 808, ${settings.jt808Host}:${platform.jt808Port}\nCtrl-C 结束 / ends it\n`,
  );
  const failure = await Promise.race([interrupted.then(() => undefined), platform.failed]);
  // npm hands an interrupt on that the terminal has already sent to both: only one that comes later is a second one.
  setTimeout(() => process.on("SIGINT", () => process.exit(130)), SECOND_INTERRUPT_MS).unref();
  await platform.close();
  if (failure !== undefined) throw failure;
}
