import { join } from "node:path";
import type { Logger } from "pino";
import type { City } from "../city/city.ts";
import { countResults } from "../gateway/etc-intake.ts";
import { readSourceKeys } from "../gateway/source-keys.ts";
import type { EtcReception } from "../http/etc-routes.ts";
import type { Rule } from "../model/rule.ts";
import type { Database } from "../store/database.ts";
import { createEtcQueries } from "../store/etc-queries.ts";
import { EtcStore } from "../store/etc-store.ts";
import type { Ledger } from "../store/ledger.ts";
import { EtcFollower } from "../watch/etc-follower.ts";
import type { Watch } from "../watch/watch.ts";

export interface EtcParts {
  /** The data folder, with its `sources.json`. */
  dir: string;
  database: Database;
  ledger: Ledger;
  watch: Watch;
  city: City;
  /** The rule that runs. */
  rule: Rule;
  now: () => number;
  log: Logger;
}

/** Toll records: kept in the database and joined to the passages of GPS, as long as it is not closed. */
export async function openEtc(parts: EtcParts): Promise<{ reception: EtcReception; close: () => Promise<void> }> {
  const { dir, database, ledger, watch, city, rule, now, log } = parts;
  const sources = await readSourceKeys(join(dir, "sources.json"));
  const keeper = new EtcStore(database.kysely);
  const mergeMs = rule.gateMergeMs;
  const fixTimeMs = (): number | null => watch.status().eventTimeMs;
  const follower = new EtcFollower({ etc: keeper, ledger, places: city.toll, mergeMs, fixTimeMs, now, log });
  follower.wake();
  return {
    reception: {
      sources,
      keeper,
      onKept: () => follower.wake(),
      results: countResults([]),
      queries: createEtcQueries(database.kysely, mergeMs),
      gates: new Set(city.gates.map(({ id }) => id)),
    },
    close: () => follower.close(),
  };
}
