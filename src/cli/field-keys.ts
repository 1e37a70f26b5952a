import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { createFieldKey, type FieldAlgorithm, type FieldKey } from "../access/field-cipher.ts";
import { WuxingError } from "../model/errors.ts";

const fileSchema = z
  .array(
    z.strictObject({
      id: z.string().regex(/^[\w-]{1,32}$/),
      algorithm: z.enum(["aes-256-gcm", "sm4-gcm"]),
      secret: z.string().regex(/^[\w-]{43}$/),
    }),
  )
  .min(1);

/**
 * The keys of personal fields, newest last: `field-keys.json` in the data folder, made at the first start and readable by its
 * owner only. They are not in the database: whoever copies one has not the other; keep a copy of both, apart.
 * @throws WuxingError DATA_UNREADABLE when the file is not one of ours
 */
export async function readFieldKeys(dir: string, algorithm: FieldAlgorithm = "aes-256-gcm"): Promise<FieldKey[]> {
  const path = join(dir, "field-keys.json");
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      throw new WuxingError("DATA_UNREADABLE", `${path}: ${(error as Error).message}`, [], { cause: error });
    const keys = [createFieldKey(algorithm, new Date().toISOString().slice(0, 10))];
    await writeFile(path, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    return keys;
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (error) {
    // What is in the file is secret: nothing of it is said.
    throw new WuxingError("DATA_UNREADABLE", `${path} is no list of keys`, [], { cause: error });
  }
}
