import { WuxingError } from "../model/errors.ts";

/** Where a page ended: the instant and the id of its last row. Lists run by (instant, id), newest first. */
export interface Keyset {
  ms: number;
  id: string;
}

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

export function encodeCursor({ ms, id }: Keyset): string {
  return Buffer.from(JSON.stringify([ms, id])).toString("base64url");
}

/** @throws INPUT_INVALID when the text is no cursor that `encodeCursor` made */
export function decodeCursor(cursor: string | undefined): Keyset | null {
  if (cursor === undefined) return null;
  try {
    const [ms, id] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
    if (Number.isSafeInteger(ms) && typeof id === "string") return { ms: ms as number, id };
  } catch {
    // Told below.
  }
  throw new WuxingError("INPUT_INVALID", "cursor", [
    { where: "cursor", value: cursor.slice(0, 100), expected: "the `next` of the page before" },
  ]);
}

/** @throws INPUT_INVALID */
export function pageLimit(limit: number | undefined): number {
  if (limit === undefined) return LIMIT_DEFAULT;
  if (Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw new WuxingError("INPUT_INVALID", "limit", [
    { where: "limit", value: String(limit), expected: `an integer from 1 to ${LIMIT_MAX}` },
  ]);
}
