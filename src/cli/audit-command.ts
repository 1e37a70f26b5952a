import { Command, InvalidArgumentError } from "commander";
import { verifyAudit } from "../access/audit-chain.ts";
import { atRegisters, type RegisterOptions, registerOptions } from "./registers.ts";

/** `wuxing audit verify`: whether the chain of who read what is whole. */
export function auditCommand(): Command {
  const audit = new Command("audit").description("审计 / the audit");
  registerOptions(
    audit
      .command("verify")
      .description(
        "检查审计链；写下条数和摘要，下次用 --known 核对 / checks the chain; write down rows and head, and compare next time",
      )
      .option("--known <rows:head>", "上次写下的条数和摘要 / what was written down last time", parseKnown),
  ).action(async (options: RegisterOptions & { known?: { rows: number; head: string } }) => {
    const verdict = await atRegisters(options, ({ kysely }) => verifyAudit(kysely, options.known));
    if (verdict.broken === null) {
      process.stdout.write(`完整 / whole: ${verdict.rows}:${verdict.head}\n`);
      return;
    }
    const { seq, why } = verdict.broken;
    process.stderr.write(
      `第 ${seq} 条不符 / row ${seq} does not fit: ${why}; 此前 ${verdict.rows} 条完整 / ${verdict.rows} rows before it are whole\n`,
    );
    process.exitCode = 1;
  });
  return audit;
}

function parseKnown(text: string): { rows: number; head: string } {
  const parts = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (parts === null) throw new InvalidArgumentError("ROWS:HEAD, as `wuxing audit verify` printed it");
  return { rows: Number(parts[1]), head: parts[2]! };
}
