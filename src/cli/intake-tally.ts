import type { Jt808Counters } from "../gateway/counters.ts";
import type { TallyStore } from "../store/tally-store.ts";
import type { Watch } from "../watch/watch.ts";

export interface IntakeTallyOptions {
  tallies: TallyStore;
  watch: Pick<Watch, "status">;
  gateway: () => Readonly<Jt808Counters>;
  /** The city's clock, ms UTC: the hour that counts belong to. */
  cityTimeMs: () => number;
  log: { warn(fields: object, text: string): void };
  everyMs?: number;
}

const EVERY_MS = 60_000;

/**
 * Adds what came in since the last time to the hour of the city's clock, every minute and at the end, so that a report of a day can
 * say it after a restart. What cannot be written is added the next time. @returns ends it
 */
export function tallyIntake(options: IntakeTallyOptions): () => Promise<void> {
  const { tallies, cityTimeMs, log, everyMs = EVERY_MS } = options;
  let written = countsOf(options);
  const add = async (): Promise<void> => {
    const now = countsOf(options);
    const since = new Map([...now].map(([name, count]) => [name, count - (written.get(name) ?? 0)]));
    for (const [name, count] of since) if (count <= 0) since.delete(name);
    try {
      await tallies.add(cityTimeMs(), since);
      written = now;
    } catch (error) {
      log.warn({ error: String(error) }, "what came in could not be counted in the ledger; tried again in a minute");
    }
  };
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = last.then(add);
  }, everyMs).unref();
  return async () => {
    clearInterval(timer);
    await last;
    await add();
  };
}

function countsOf({ watch, gateway }: IntakeTallyOptions): Map<string, number> {
  const { fixes, fixesLate, fixesAside } = watch.status();
  const { framesIn, faults } = gateway();
  return new Map([
    ["fixes", fixes],
    ["late", fixesLate],
    ["aside", fixesAside],
    ["frames", framesIn],
    ...Object.entries(faults).map(([reason, count]): [string, number] => [`fault:${reason}`, count]),
  ]);
}
