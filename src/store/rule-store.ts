import { sql, type Kysely } from "kysely";
import type { RuleParameters } from "../model/rule-version.ts";
import type { Tables } from "./tables.ts";

/** A version that a person published; instants ms UTC. */
export interface PublishedRule {
  version: number;
  body: RuleParameters;
  author: string;
  reason: string;
  published_ms: number;
  effective_ms: number;
}

/** The versions of one rule beyond the first, which is the program's own. */
export interface RuleStore {
  /** Newest first. */
  versions(): Promise<PublishedRule[]>;
  /** Adds the next version; two at once get two numbers. */
  publish(rule: Omit<PublishedRule, "version">): Promise<PublishedRule>;
}

const RULE = "exposure";
const FIRST = 1;
/** Held while publishing, so that two at once get two numbers. "wxrl" in ASCII. */
const ADVISORY_LOCK = 0x7778726c;

export function createRuleStore(kysely: Kysely<Tables>): RuleStore {
  return {
    versions: () =>
      kysely
        .selectFrom("rule_version")
        .select(["version", "body", "author", "reason", "published_ms", "effective_ms"])
        .where("rule", "=", RULE)
        .orderBy("version", "desc")
        .execute(),
    publish: ({ body, ...rule }) =>
      kysely.transaction().execute(async (transaction) => {
        await sql`select pg_advisory_xact_lock(${ADVISORY_LOCK})`.execute(transaction);
        const newest = await transaction
          .selectFrom("rule_version")
          .select(({ fn }) => fn.max("version").as("version"))
          .where("rule", "=", RULE)
          .executeTakeFirst();
        return transaction
          .insertInto("rule_version")
          .values({
            ...rule,
            rule: RULE,
            version: (newest?.version ?? FIRST) + 1,
            body: JSON.stringify(body) as unknown as RuleParameters,
          })
          .returning(["version", "body", "author", "reason", "published_ms", "effective_ms"])
          .executeTakeFirstOrThrow();
      }),
  };
}
