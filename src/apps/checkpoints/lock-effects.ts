import type { CaseDesk } from "../../cases/case-desk.ts";
import type { EntryBody } from "../../cases/case-record.ts";
import type { EffectPerformer } from "../../cases/effects.ts";
import { WuxingError } from "../../model/errors.ts";
import type { Lock, ReleaseInput } from "../../model/finding.ts";

export interface LockEffectPorts {
  desk: CaseDesk;
  /** @throws WuxingError LOCK_NOT_FOUND, LOCK_ENDED */
  releaseLock: (lock: string, input: ReleaseInput) => Promise<Lock>;
  /** Shows a text to a vehicle's driver and reads it out. */
  textDriver: (vehicle: string, text: string) => Promise<void>;
}

/** What steps of locks' cases do outside of them. Each may be asked twice and does it once. */
export function lockEffects({ desk, releaseLock, textDriver }: LockEffectPorts): Record<string, EffectPerformer> {
  return {
    "release-lock": async ({ case: id, body }) => {
      const { lock } = await desk.get(id);
      if (lock === null) return;
      const { form, actor, attachments } = body as EntryBody & { actor: string | null };
      const reason = typeof form["reason"] === "string" ? form["reason"] : "the objection was right";
      const evidence = [`case ${id}`, ...attachments].join(", ");
      try {
        await releaseLock(lock, { by: actor ?? "an objection", reason, evidence });
      } catch (error) {
        // It ended by itself, or has never been: then there is nothing to release.
        if (!(error instanceof WuxingError) || (error.code !== "LOCK_ENDED" && error.code !== "LOCK_NOT_FOUND"))
          throw error;
      }
    },
    "driver-text": async ({ case: id, body }) => {
      const { subject } = await desk.get(id);
      await textDriver(subject, String((body as EntryBody).form["text"]));
    },
    "uphold-objection": async ({ case: id }) => {
      const { parent } = await desk.get(id);
      if (parent !== null) await desk.actAsProgram(parent, "uphold-objection", { objection: id }, 0);
    },
  };
}
