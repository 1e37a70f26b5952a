import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { LowerPlatform } from "../gateway/jt809-server.ts";
import { WuxingError } from "../model/errors.ts";

const unsigned = z.int().min(0).max(0xffff_ffff);

/** What two platforms agree on. */
export const agreementFields = {
  accessCode: unsigned,
  userId: unsigned,
  password: z.string().min(1).max(8),
  version: z.enum(["2011", "2019"]),
  cipher: z
    .strictObject({ key: unsigned, keys: z.strictObject({ m1: unsigned, ia1: unsigned, ic1: unsigned }) })
    .optional(),
};

/** `platforms.json` in the data folder: who may forward a fleet over JT/T 809, and what was agreed with them. */
const platformsSchema = z.array(
  z.strictObject({
    ...agreementFields,
    subLink: z.enum(["peer", "stated", "none"]).optional(),
  }),
);

/**
 * The platforms in `path`; none when the file is absent.
 * @throws WuxingError CONFIG_INVALID with the place of every fault; DATA_UNREADABLE.
 */
export async function readLowerPlatforms(path: string): Promise<LowerPlatform[]> {
  const platforms = await readPlatforms(path, platformsSchema);
  // Optional fields that are absent stay absent.
  return platforms.map(({ cipher, subLink, ...platform }) => ({
    ...platform,
    ...(cipher === undefined ? {} : { cipher }),
    ...(subLink === undefined ? {} : { subLink }),
  }));
}

/** A list of platforms in a file; empty when the file is absent. @throws WuxingError CONFIG_INVALID, DATA_UNREADABLE */
export async function readPlatforms<Platform>(path: string, schema: z.ZodType<Platform[]>): Promise<Platform[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new WuxingError("DATA_UNREADABLE", path, [], { cause: error });
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => ({
    where: `${path}: ${issue.path.join(".")}`,
    expected: issue.message,
  }));
  throw new WuxingError("CONFIG_INVALID", "platforms of JT/T 809", problems);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
