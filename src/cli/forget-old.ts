import type { Kysely } from "kysely";
import type { Attachments } from "../cases/attachments.ts";
import { forgetFindings, forgetMovements, type Deleted } from "../store/retention.ts";
import type { Tables } from "../store/tables.ts";
import type { TerminalMessages } from "../store/terminal-messages.ts";

export interface ForgetOptions {
  kysely: Kysely<Tables>;
  /** Usable fixes of this time and later are all there, ms UTC: nothing that they would find again is deleted. */
  completeSinceMs: () => number;
  messages: Pick<TerminalMessages, "prune">;
  attachments: Pick<Attachments, "removeUnused">;
  /** How long each class is kept, ms. */
  keptMs: { tracks: number; movements: number; findings: number };
  /** By the computer's clock, ms UTC. */
  now: () => number;
  log: { info(fields: object, text: string): void; warn(fields: object, text: string): void };
  /** ms; default an hour. */
  everyMs?: number;
}

const HOUR_MS = 3_600_000;
/** A photo that was uploaded and belongs to no case yet waits in a phone's outbox at most so long. */
const UNUSED_ATTACHMENT_MS = 30 * 24 * HOUR_MS;

/** Deletes, class by class, what has been kept long enough; the tracks do so themselves. Gives back how to stop. */
export function forgetOld(options: ForgetOptions): () => Promise<void> {
  // At once too: a server that is started every day would never come to its first hour else.
  let running = forgetOnce(options);
  const timer = setInterval(() => {
    running = running.then(() => forgetOnce(options));
  }, options.everyMs ?? HOUR_MS).unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}

async function forgetOnce({
  kysely,
  messages,
  attachments,
  keptMs,
  completeSinceMs,
  now,
  log,
}: ForgetOptions): Promise<void> {
  const nowMs = now();
  const sinceMs = completeSinceMs();
  const classes: Record<string, () => Promise<Deleted | void>> = {
    messages: () => messages.prune(nowMs - keptMs.tracks),
    movements: () => forgetMovements(kysely, Math.min(nowMs - keptMs.movements, sinceMs)),
    findings: () => forgetFindings(kysely, Math.min(nowMs - keptMs.findings, sinceMs)),
    attachments: async () => ({ attachment: await attachments.removeUnused(nowMs - UNUSED_ATTACHMENT_MS) }),
  };
  for (const [name, forget] of Object.entries(classes)) {
    try {
      const deleted = Object.entries((await forget()) ?? {}).filter(([, rows]) => rows > 0);
      if (deleted.length > 0) log.info({ class: name, ...Object.fromEntries(deleted) }, "old data deleted");
    } catch (error) {
      log.warn({ class: name, error }, "old data stays; tried again in an hour");
    }
  }
}
