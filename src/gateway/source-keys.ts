import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { readFile, rename, writeFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { WuxingError } from "../model/errors.ts";
import { datumSchema } from "../model/area.ts";

/** What a source may send: positions, toll records, declared arrivals. */
export const takesSchema = z.enum(["fixes", "etc", "arrivals"]);
export type Takes = z.infer<typeof takesSchema>;

/**
 * Someone who may send positions or toll records over HTTP or MQTT: a name, the datum that all its positions are in, the
 * hash of its key.
 */
const sourceSchema = z.strictObject({
  name: z.string().min(1).max(64),
  datum: datumSchema,
  takes: z.array(takesSchema).min(1).default(["fixes"]),
  /** SHA-256 of the key, hex. The key itself is shown once and kept nowhere. */
  keyHash: z.string().regex(/^[0-9a-f]{64}$/u),
});
export type Source = z.infer<typeof sourceSchema>;

/** The sources of a data folder. */
export interface SourceKeys {
  readonly sources: readonly Source[];
  /** The source that a key belongs to; undefined for a wrong key. */
  find(key: string): Source | undefined;
}

/**
 * Reads the sources in `path`; none when the file is absent.
 * @throws WuxingError CONFIG_INVALID when the file is no list of sources.
 */
export async function readSourceKeys(path: string): Promise<SourceKeys> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "[]";
    throw new WuxingError("DATA_UNREADABLE", path, [], { cause: error });
  });
  const parsed = z.array(sourceSchema).safeParse(parseJson(text));
  if (!parsed.success) {
    const { path: where, message } = parsed.error.issues[0]!;
    throw new WuxingError("CONFIG_INVALID", path, [{ where: where.join("."), expected: message }]);
  }
  return sourceKeys(parsed.data);
}

/**
 * Adds a source (or gives one of that name a new key) and returns the key, which is shown this once.
 * @throws WuxingError CONFIG_INVALID, DATA_UNREADABLE
 */
export async function addSource(
  path: string,
  name: string,
  datum: Source["datum"],
  takes: readonly Takes[] = ["fixes"],
): Promise<string> {
  const { sources } = await readSourceKeys(path);
  const key = randomBytes(24).toString("base64url");
  const source = sourceSchema.parse({ name, datum, takes, keyHash: hashOf(key).toString("hex") });
  await mkdir(dirname(path), { recursive: true });
  const text = JSON.stringify([...sources.filter((other) => other.name !== name), source], undefined, 2);
  await writeFile(`${path}.new`, `${text}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return key;
}

function sourceKeys(sources: readonly Source[]): SourceKeys {
  const hashes = sources.map((source) => Buffer.from(source.keyHash, "hex"));
  return {
    sources,
    find(key) {
      const hash = hashOf(key);
      // Every hash is looked at, so that the time says nothing about which was near.
      let found: Source | undefined;
      for (const [at, candidate] of hashes.entries()) if (timingSafeEqual(candidate, hash)) found = sources[at];
      return found;
    },
  };
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
