import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { accountCommand } from "./account-command.ts";
import { auditCommand } from "./audit-command.ts";
import { decodeCommand } from "./decode-command.ts";
import { etcCommand } from "./etc-command.ts";
import { matchCommand } from "./match-command.ts";
import { placesCommand } from "./places-command.ts";
import { replayCommand } from "./replay-command.ts";
import { errorText } from "./report-error.ts";
import { serveCommand } from "./serve-command.ts";
import { settingsCommand } from "./settings-command.ts";
import { simulateCommand } from "./simulate-command.ts";
import { sourceCommand } from "./source-command.ts";
import { tracksCommand } from "./tracks-command.ts";

/** Runs the program; sets the exit code: 0 done, 1 refused or failed, 2 wrong usage. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command("wuxing")
    .description("无形：城市运行平台 / a city operations platform")
    .version(version())
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  for (const command of [
    serveCommand(),
    matchCommand(),
    decodeCommand(),
    replayCommand(),
    simulateCommand(),
    tracksCommand(),
    sourceCommand(),
    etcCommand(),
    placesCommand(),
    accountCommand(),
    auditCommand(),
    settingsCommand(),
  ]) {
    program.addCommand(command);
    overrideExit(command);
  }
  // A reader of our output that has seen enough (`| head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else {
      process.stderr.write(`${errorText(error)}\n`);
      process.exitCode = 1;
    }
  }
}

function overrideExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) overrideExit(child);
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version: unknown }).version);
}

if (import.meta.main) await run(process.argv);
