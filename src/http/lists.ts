import { z } from "zod";
import { errorSchema } from "./error-answer.ts";

/** The query of every list: one page, and the place to go on from. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe("Items on a page, 1 to 1000"),
  cursor: z.string().max(200).optional().describe("`next` of the page before"),
  format: z
    .enum(["json", "csv", "xlsx"])
    .optional()
    .describe("`csv`, `xlsx`: the whole list as a file, all pages of it"),
  lang: z.enum(["zh", "en"]).optional().describe("Language of a file's headings; `zh` when not given"),
};

/** An instant in a query, as ms UTC. */
export const instantQuery = z.iso.datetime({ offset: true }).describe("ISO 8601 with Z or an offset");

/** Answers of a list. */
export function pageAnswer<Item extends z.ZodType>(item: Item) {
  return {
    200: z.object({ items: z.array(item), next: z.string().nullable() }),
    ...errorAnswers,
  };
}

/** Answers of a single thing. */
export function answer<Body extends z.ZodType>(body: Body) {
  return { 200: body, ...errorAnswers };
}

const errorAnswers = { "4xx": errorSchema, "5xx": errorSchema };

export function msOf(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant);
}
