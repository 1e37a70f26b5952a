import { WuxingError } from "../model/errors.ts";
import { msOf } from "./lists.ts";

const DAY_MS = 86_400_000;
const TRACK_SPAN_MAX_MS = 31 * DAY_MS;

/**
 * The span `[fromMs, toMs)` of a track that is asked for, ms UTC: without `to` up to the newest fix, without `from` the 24
 * hours before `to`.
 * @throws WuxingError INPUT_INVALID when it is empty or longer than 31 days
 */
export function trackSpan(
  query: { from?: string | undefined; to?: string | undefined },
  newestMs: number,
): { fromMs: number; toMs: number } {
  const toMs = msOf(query.to) ?? newestMs + 1;
  const fromMs = msOf(query.from) ?? toMs - DAY_MS;
  if (fromMs < toMs && toMs - fromMs <= TRACK_SPAN_MAX_MS) return { fromMs, toMs };
  throw new WuxingError("INPUT_INVALID", undefined, [
    {
      where: "querystring.from",
      ...(query.from !== undefined && { value: query.from }),
      expected: "earlier than `to` by at most 31 days",
    },
  ]);
}
