import type { FastifyRequest } from "fastify";
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
import type { LedgerQueries } from "../store/ledger.ts";
import { createQueries } from "../store/ledger-queries.ts";
import { readNoted } from "./access-hooks.ts";
import { EXPORTED } from "./export-columns.ts";
import { answer, instantQuery, msOf, pageAnswer, pageQuery } from "./lists.ts";
import type { ServerParts } from "./parts.ts";
import { principalOf } from "./principal.ts";

const vehicle = z.string().min(1).max(64).optional();
const span = { from: instantQuery.optional(), to: instantQuery.optional() };
type Seen = Pick<LedgerQueries, "exposures" | "locks" | "lock" | "passages" | "fenceEvents">;

const lockParams = z.object({ id: z.string().min(1).max(64) });

/** What was found: exposures, locks, passages, entries; and the one command on them, a lock's release by a person. */
export function findingRoutes({ ledger, watch, cases, access }: ServerParts): FastifyPluginAsyncZod {
  /** Asks with the rights of whoever asks: a list and a get are one predicate. */
  const asked = <T>(
    request: FastifyRequest,
    run: (seen: Seen, near: readonly string[] | undefined) => Promise<T>,
  ): Promise<T> => {
    const principal = principalOf(request);
    const near = principal.rights.has("watch") ? undefined : principal.paths;
    return readNoted(access.kysely, principal, request, (restricted) => run(createQueries(restricted), near));
  };
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
      handler: (request) => asked(request, (seen, near) => seen.exposures({ ...request.query, near })),
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
      handler: (request) => asked(request, (seen, near) => seen.locks({ ...request.query, near })),
    });
    app.route({
      method: "GET",
      url: "/locks/:id",
      schema: { tags: ["locks"], summary: "One lock", params: lockParams, response: answer(lockSchema) },
      handler: (request) => asked(request, (seen) => seen.lock(request.params.id)),
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
      handler: (request) => {
        const { from, to, ...filter } = request.query;
        return asked(request, (seen) => seen.passages({ ...filter, fromMs: msOf(from), toMs: msOf(to) }));
      },
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
      handler: (request) => {
        const { from, to, ...filter } = request.query;
        return asked(request, (seen) => seen.fenceEvents({ ...filter, fromMs: msOf(from), toMs: msOf(to) }));
      },
    });
  };
}
