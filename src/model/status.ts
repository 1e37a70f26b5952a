import { z } from "zod";

/** Parts of the program that can be ill by themselves. */
const healthPartSchema = z.enum(["tracks", "ledger", "gateway", "ingest"]);

/** `degraded`: something waits or is refused, everything else works. */
export const healthSchema = z.object({
  state: z.enum(["ok", "degraded"]),
  /** What is wrong, in both languages; empty when `ok`. */
  reasons: z.array(z.object({ part: healthPartSchema, zh: z.string(), en: z.string(), detail: z.string().nullable() })),
});
export type Health = z.infer<typeof healthSchema>;

/** The stream's `status` event and the answer of `/status`. Times are ms UTC. */
export const statusSchema = z.object({
  /** The city's own clock: the wall clock, or the newest instant of a replayed or simulated day. */
  cityTimeMs: z.number(),
  /** The newest instant of any usable fix, null before the first. */
  eventTimeMs: z.number().nullable(),
  /** Fixes taken in, over the last seconds. */
  fixesPerSecond: z.number(),
  /** From a fix's receipt until it is durable and decided on, the longest of the last seconds; null without fixes. */
  lagMs: z.number().nullable(),
  /** Terminals' connections that are open. */
  connections: z.int(),
  /** Terminals that wait for a person to let them in. */
  terminalsWaiting: z.int(),
  health: healthSchema,
});
export type Status = z.infer<typeof statusSchema>;
