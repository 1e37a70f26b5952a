import { createInterface } from "node:readline";
import { once } from "node:events";
import { Command, InvalidArgumentError } from "commander";
import { createJt808Decoder } from "../wire/jt808/decode-joined.ts";
import type { CipherKeys809 } from "../wire/jt809/cipher.ts";
import { decodeJt809 } from "../wire/jt809/decode.ts";

/**
 * `wuxing decode jt808 | jt809`: hex frames on standard input, one a line; for each, in order, one JSON object on a line.
 * A message in parts stands whole (`whole`) in the line of its last part.
 */
export function decodeCommand(): Command {
  const decode = new Command("decode").description("解析报文 / decode frames: hex, one a line, on standard input");
  decode
    .command("jt808")
    .description("JT/T 808 (2011, 2013, 2019)")
    .action(() => decodeLines(createJt808Decoder()));
  decode
    .command("jt809")
    .description("JT/T 809 (2011, 2019)")
    .option("--keys <M1,IA1,IC1>", "加密参数 / the three numbers of the cipher", cipherKeys)
    .action(({ keys }: { keys?: CipherKeys809 }) => decodeLines((line) => decodeJt809(line, keys)));
  return decode;
}

async function decodeLines(decode: (line: string) => object): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === "") continue;
    if (!process.stdout.write(`${JSON.stringify(decode(line))}\n`)) await once(process.stdout, "drain");
  }
}

function cipherKeys(text: string): CipherKeys809 {
  const numbers = text.split(",").map(Number);
  const [m1, ia1, ic1] = numbers;
  const fits =
    numbers.length === 3 && numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32);
  if (!fits) throw new InvalidArgumentError("three whole numbers, e.g. 30000000,20000000,20000000");
  return { m1: m1!, ia1: ia1!, ic1: ic1! };
}
