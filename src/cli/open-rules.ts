import type { City } from "../city/city.ts";
import { DEFAULT_RULE, type Rule } from "../model/rule.ts";
import type { Database } from "../store/database.ts";
import type { Ledger } from "../store/ledger.ts";
import { createReportQueries, type ReportQueries } from "../store/report-queries.ts";
import { createRuleStore } from "../store/rule-store.ts";
import { createTallyStore, type TallyStore } from "../store/tally-store.ts";
import type { TrackStore } from "../tracks/track-store.ts";
import { ruleAtStart, RuleDesk } from "../watch/rule-desk.ts";

/** The rule that matching uses until the next start. `nowMs`: city time, ms UTC. */
export function loadRule({ kysely }: Database, nowMs: number): Promise<Rule> {
  return ruleAtStart(createRuleStore(kysely), nowMs);
}

/** The rule as it was published in a version; the first one is the program's own. */
export async function loadRuleVersion({ kysely }: Database, version: number): Promise<Rule> {
  const published = await createRuleStore(kysely).versions();
  const found = published.find((each) => each.version === version);
  return found === undefined ? DEFAULT_RULE : { ...found.body, id: DEFAULT_RULE.id, version };
}

/** What the pages of rules and reports stand on. */
export function openRulesAndReports(parts: {
  database: Database;
  ledger: Ledger;
  tracks: TrackStore;
  city: City;
  running: Rule;
  now: () => number;
}): { rules: RuleDesk; reports: ReportQueries; tallies: TallyStore } {
  const { database, ledger, tracks, city, running, now } = parts;
  const store = createRuleStore(database.kysely);
  return {
    rules: new RuleDesk({ store, tracks, ledger, fence: city.fence, running, now }),
    reports: createReportQueries(database.kysely),
    tallies: createTallyStore(database.kysely),
  };
}
