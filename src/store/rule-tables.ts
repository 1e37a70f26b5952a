import type { RuleParameters } from "../model/rule-version.ts";

/** Tables of migration 0008. Instants are ms UTC. */
export interface RuleTables {
  rule_version: {
    rule: string;
    version: number;
    body: RuleParameters;
    author: string;
    reason: string;
    published_ms: number;
    effective_ms: number;
  };
  tally: { hour_ms: number; name: string; count: number };
}
