import type { Kysely } from "kysely";
import type { Tables } from "../store/tables.ts";
import { LeasedWork, type LeaseTerms } from "./leased-work.ts";

/** Something that a step of a case makes happen outside of it. `id` is its identity: what is done with it, is done once. */
export interface CaseEffect {
  id: string;
  case: string;
  kind: string;
  body: unknown;
}

/** What a kind of effect does. It may be asked twice for the same `id` and has to see that itself. */
export type EffectPerformer = (effect: CaseEffect) => Promise<void>;

/** Does what steps have left to be done outside: at least once, tried again, given up visibly (`state` dead). */
export class EffectDesk {
  readonly #performers: Readonly<Record<string, EffectPerformer>>;
  readonly #work: LeasedWork<CaseEffect & { attempts: number }>;

  constructor(
    kysely: Kysely<Tables>,
    performers: Readonly<Record<string, EffectPerformer>>,
    terms: Partial<LeaseTerms> = {},
  ) {
    this.#performers = performers;
    this.#work = new LeasedWork(kysely, "case_effect", "done", terms);
  }

  /** Does what is due at `nowMs`, once. @returns how many were tried */
  async perform(nowMs: number): Promise<number> {
    return this.#work.run(nowMs, async (effect) => {
      const performer = this.#performers[effect.kind];
      // Not final: a newer program may have written it, and this one may be on its way out.
      if (performer === undefined) throw new Error(`nothing here does ${effect.kind}`);
      await performer(effect);
    });
  }
}
