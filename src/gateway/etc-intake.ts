import type { Problem } from "../model/errors.ts";
import type { EtcRecord, EtcResult } from "../model/etc.ts";
import type { ReadEtcItem } from "./etc-formats.ts";

/** Where toll records are kept; `store/etc-store.ts` is one. */
export interface EtcKeeper {
  /** Durable when it resolves; what became of each, in their order. */
  keep(records: readonly EtcRecord[]): Promise<Exclude<EtcResult, "rejected">[]>;
}

/** What became of one item. */
export interface EtcAnswer {
  transaction: string | null;
  result: EtcResult;
  problem?: Problem;
}

/** Keeps what is right of `items` and says what became of each, in their order. */
export async function takeEtcItems(keeper: EtcKeeper, items: readonly ReadEtcItem[]): Promise<EtcAnswer[]> {
  const results = await keeper.keep(items.flatMap((item) => ("record" in item ? [item.record] : [])));
  let kept = 0;
  return items.map((item) => {
    if ("problem" in item) return { transaction: item.transaction, result: "rejected", problem: item.problem };
    const { transaction } = item.record;
    const result = results[kept++]!;
    if (result !== "conflict") return { transaction, result };
    const expected = "what was sent under this number before; the first one stays";
    return { transaction, result, problem: { where: "transaction", value: transaction, expected } };
  });
}

/** How many of each there are. */
export function countResults(answers: readonly EtcAnswer[]): Record<EtcResult, number> {
  const counts: Record<EtcResult, number> = { accepted: 0, known: 0, conflict: 0, rejected: 0 };
  for (const { result } of answers) counts[result]++;
  return counts;
}
