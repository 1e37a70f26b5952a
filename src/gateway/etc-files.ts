import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { pipeline, Transform, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { parse, type CsvError } from "csv-parse";
import iconv from "iconv-lite";
import { WuxingError } from "../model/errors.ts";
import { readEtcItem, type EtcSender } from "./etc-formats.ts";
import { countResults, takeEtcItems, type EtcAnswer, type EtcKeeper } from "./etc-intake.ts";

export interface EtcFile {
  path: string;
  /** `utf8`, or `gbk` and whatever else iconv-lite reads. */
  encoding: string;
}

export interface EtcFileProgress {
  /** Of the file, 0 to 1. */
  share: number;
  items: number;
}

/** Records of one transaction. */
const TOGETHER = 2000;

/**
 * Keeps the toll records of a file: CSV with a header line, or NDJSON by its ending (`.ndjson`, `.jsonl`), either of them with
 * `.gz`. Reading it again doubles nothing.
 * @returns how many of each there were
 * @throws WuxingError INPUT_INVALID when the file cannot be read, or is no CSV; what was kept before stays
 */
export async function importEtcFile(
  keeper: EtcKeeper,
  { path, encoding }: EtcFile,
  sender: Omit<EtcSender, "receivedMs">,
  on: { progress: (progress: EtcFileProgress) => void; refused: (answer: EtcAnswer) => void },
): Promise<ReturnType<typeof countResults>> {
  const totals = countResults([]);
  const { size } = await stat(path).catch((error: Error) => {
    throw unreadable(path, error);
  });
  const raw = createReadStream(path);
  let waiting: { item: unknown; where: string }[] = [];
  let items = 0;
  const keep = async (): Promise<void> => {
    const read = waiting.map(({ item, where }) => readEtcItem(item, where, { ...sender, receivedMs: Date.now() }));
    waiting = [];
    const answers = await takeEtcItems(keeper, read);
    for (const answer of answers) if (answer.problem !== undefined) on.refused(answer);
    for (const [result, count] of Object.entries(countResults(answers))) totals[result as keyof typeof totals] += count;
    on.progress({ share: size === 0 ? 1 : raw.bytesRead / size, items });
  };
  try {
    for await (const row of rowsOf(path, raw, encoding)) {
      waiting.push(row);
      items++;
      if (waiting.length >= TOGETHER) await keep();
    }
    await keep();
  } catch (error) {
    if (error instanceof WuxingError) throw error;
    throw unreadable(path, error as Error);
  } finally {
    raw.destroy();
  }
  return totals;
}

async function* rowsOf(
  path: string,
  raw: Readable,
  encoding: string,
): AsyncGenerator<{ item: unknown; where: string }> {
  const name = path.replace(/\.gz$/iu, "");
  const steps = [raw, ...(name === path ? [] : [createGunzip()]), decoder(encoding)];
  const isLines = /\.(?:ndjson|jsonl)$/iu.test(name);
  if (!isLines) steps.push(parse({ columns: true, bom: true, skip_empty_lines: true, trim: true, info: true }));
  const end = steps.at(-1)!;
  // Its errors reach the reader through the last stream.
  pipeline(steps as [Readable, ...Transform[]], () => {});
  if (isLines) {
    let line = 0;
    for await (const text of createInterface({ input: end, crlfDelay: Infinity })) {
      line++;
      if (text.trim() !== "") yield { item: jsonOf(text), where: `${path}:${line}` };
    }
    return;
  }
  for await (const { record, info } of end as AsyncIterable<{ record: unknown; info: { lines: number } }>) {
    yield { item: record, where: `${path}:${info.lines}` };
  }
}

function decoder(encoding: string): Transform {
  if (!iconv.encodingExists(encoding)) {
    throw new WuxingError("INPUT_INVALID", encoding, [
      { where: "--encoding", value: encoding, expected: "utf8 or gbk" },
    ]);
  }
  const decode = iconv.getDecoder(encoding);
  return new Transform({
    decodeStrings: true,
    encoding: "utf8",
    transform(chunk: Buffer, _encoding, done) {
      done(null, decode.write(chunk));
    },
    flush(done) {
      done(null, decode.end() ?? "");
    },
  });
}

/** An item that is no JSON is refused by its schema. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function unreadable(path: string, error: Error | CsvError): WuxingError {
  const problem = { where: path, value: error.message.slice(0, 100), expected: "a file of toll records (docs/etc.md)" };
  return new WuxingError("INPUT_INVALID", path, [problem], { cause: error });
}
