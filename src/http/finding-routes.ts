import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { WuxingError } from "../model/errors.ts";
import {
  exposureSchema,
  fenceEventSchema,
  lockSchema,
  lockStateSchema,
  passageSchema,
  releaseInputSchema,
} from "../model/finding.ts";
import { EXPORTED } from "./export-columns.ts";
import { answer, instantQuery, msOf, pageAnswer, pageQuery } from "./lists.ts";
import type { ServerParts } from "./parts.ts";

const vehicle = z.string().min(1).max(64).optional();
const span = { from: instantQuery.optional(), to: instantQuery.optional() };
const lockParams = z.object({ id: z.string().min(1).max(64) });

/** What was found: exposures, locks, passages, entries; and the one command on them, a lock's release by a person. */
export function findingRoutes({ ledger, watch, cases }: ServerParts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/exposures",
      config: { exported: EXPORTED.exposures },
      schema: {
        tags: ["exposures"],
        summary: "Exposures as they stand, newest first, each with its evidence",
        querystring: z.strictObject({ vehicle, area: z.string().min(1).max(64).optional(), ...pageQuery }),
        response: pageAnswer(exposureSchema),
      },
      handler: ({ query }) => ledger.exposures(query),
    });
    app.route({
      method: "GET",
      url: "/locks",
      config: { exported: EXPORTED.locks },
      schema: {
        tags: ["locks"],
        summary: "Locks, newest first",
        querystring: z.strictObject({ state: lockStateSchema.optional(), vehicle, ...pageQuery }),
        response: pageAnswer(lockSchema),
      },
      handler: ({ query }) => ledger.locks(query),
    });
    app.route({
      method: "GET",
      url: "/locks/:id",
      schema: { tags: ["locks"], summary: "One lock", params: lockParams, response: answer(lockSchema) },
      handler: ({ params: { id } }) => ledger.lock(id),
    });
    app.route({
      method: "POST",
      url: "/locks/:id/release",
      schema: {
        tags: ["locks"],
        summary: "Releases a lock where no cases are worked; elsewhere the steps of its case are the only way",
        params: lockParams,
        body: releaseInputSchema,
        response: answer(lockSchema),
      },
      handler: async ({ params: { id }, body }) => {
        if (cases === undefined) return watch.releaseLock(id, body);
        const { state } = await ledger.lock(id);
        if (state === "released" || state === "expired") throw new WuxingError("LOCK_ENDED", `${id} is ${state}`);
        const caseId = await cases.caseOfLock(id);
        throw new WuxingError(
          "CASE_ACTION_INVALID",
          `${id} is released by the steps of its case, ${caseId ?? "which is being opened"}`,
        );
      },
    });
    app.route({
      method: "GET",
      url: "/passages",
      config: { exported: EXPORTED.passages },
      schema: {
        tags: ["passages"],
        summary: "Passages of gates, newest first",
        querystring: z.strictObject({ gate: z.string().min(1).max(64).optional(), vehicle, ...span, ...pageQuery }),
        response: pageAnswer(passageSchema),
      },
      handler: ({ query: { from, to, ...filter } }) =>
        ledger.passages({ ...filter, fromMs: msOf(from), toMs: msOf(to) }),
    });
    app.route({
      method: "GET",
      url: "/gates/counts",
      schema: {
        tags: ["passages"],
        summary: "Passages of each gate by direction in a span; gates without any are left out",
        querystring: z.strictObject(span),
        response: pageAnswer(z.object({ gate: z.string(), inbound: z.int(), outbound: z.int() })),
      },
      handler: async ({ query }) => {
        const items = await ledger.gateCounts({ fromMs: msOf(query.from), toMs: msOf(query.to) });
        return { items, next: null };
      },
    });
    app.route({
      method: "GET",
      url: "/fence-events",
      config: { exported: EXPORTED.fenceEvents },
      schema: {
        tags: ["passages"],
        summary: "Entries to and exits from the fence, newest first",
        querystring: z.strictObject({ vehicle, ...span, ...pageQuery }),
        response: pageAnswer(fenceEventSchema),
      },
      handler: ({ query: { from, to, ...filter } }) =>
        ledger.fenceEvents({ ...filter, fromMs: msOf(from), toMs: msOf(to) }),
    });
  };
}
