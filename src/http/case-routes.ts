import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { FastifyRequest } from "fastify";
import type { Kysely } from "kysely";
import { z } from "zod";
import type { Attachments } from "../cases/attachments.ts";
import { CaseChanged, type CaseDesk } from "../cases/case-desk.ts";
import type { CaseLists } from "../cases/case-lists.ts";
import { listCaseNotices } from "../cases/notice-outbox.ts";
import type { Holder } from "../cases/permits.ts";
import { typeViewOf } from "../cases/case-type-view.ts";
import {
  caseActionSchema,
  caseCountsSchema,
  caseNoticeSchema,
  caseStorySchema,
  caseSummarySchema,
  caseSyncSchema,
  caseTypeViewSchema,
} from "../model/case.ts";
import type { Tables } from "../store/tables.ts";
import type { ArrivalReception } from "./arrival-routes.ts";
import type { DriverOffice } from "./driver-routes.ts";
import { EXPORTED } from "./export-columns.ts";
import { errorBody, errorSchema } from "./error-answer.ts";
import { answer, instantQuery, msOf, pageAnswer, pageQuery } from "./lists.ts";
import { doerOf, principalOf } from "./principal.ts";

/** Cases, as the API shows them and takes steps. */
export interface CaseOffice {
  desk: CaseDesk;
  lists: CaseLists;
  attachments: Attachments;
  drivers: DriverOffice;
  arrivals: ArrivalReception;
  /** For what belongs to a person alone. */
  kysely: Kysely<Tables>;
  /** The city's clock, ms UTC. */
  now: () => number;
  /** The case of a lock; null before it is opened. */
  caseOfLock: (lock: string) => Promise<string | null>;
  /** Asks the database with the rights of whoever asks. */
  readAs: <T>(request: FastifyRequest, run: (database: Kysely<Tables>) => Promise<T>) => Promise<T>;
}

const tags = ["cases"];
const params = z.object({ id: z.string().min(1).max(100) });
const flag = z.enum(["true", "false"]).optional();
const changedSchema = errorSchema.extend({ current: caseSummarySchema.nullable() });

export function caseRoutes({
  desk,
  lists,
  readAs,
}: Pick<CaseOffice, "desk" | "lists" | "readAs">): FastifyPluginAsyncZod {
  const holderOf = (request: FastifyRequest): Holder => lists.holder(principalOf(request).person ?? "");
  return async (app) => {
    app.route({
      method: "GET",
      url: "/case-types",
      schema: { tags, summary: "Kinds of cases: states, steps, forms", response: pageAnswer(caseTypeViewSchema) },
      handler: async () => ({ items: desk.types.map(typeViewOf), next: null }),
    });
    app.route({
      method: "GET",
      url: "/cases",
      config: { exported: EXPORTED.cases },
      schema: {
        tags,
        summary: "Open cases, the first to run out on top; with `closed=true` closed ones, newest first",
        querystring: z.strictObject({
          type: z.string().max(40).optional(),
          state: z.string().max(40).optional(),
          place: z.string().max(64).optional().describe("A place: its cases and those of all places below it"),
          subject: z.string().max(100).optional(),
          lock: z.string().max(100).optional(),
          mine: flag.describe("`true`: addressed to a duty of mine, or taken by me"),
          overdue: flag,
          dueWithin: z.coerce
            .number()
            .int()
            .min(1)
            .max(10_080)
            .optional()
            .describe("Minutes: what is over its limit, or will be by then"),
          closed: flag,
          ...pageQuery,
        }),
        response: pageAnswer(caseSummarySchema),
      },
      handler: (request) => {
        const { mine, overdue, closed, ...filter } = request.query;
        const asked = { ...filter, mine: mine === "true", overdue: overdue === "true", closed: closed === "true" };
        return readAs(request, (database) => lists.list(database, holderOf(request), asked));
      },
    });
    app.route({
      method: "GET",
      url: "/cases/counts",
      schema: {
        tags,
        summary: "Open cases by state and by the places right below one; closed ones by outcome",
        querystring: z.strictObject({ place: z.string().min(1).max(64), closedSince: instantQuery.optional() }),
        response: answer(caseCountsSchema),
      },
      handler: (request) => {
        const { place, closedSince } = request.query;
        return readAs(request, (database) => lists.counts(database, place, msOf(closedSince) ?? 0));
      },
    });
    app.route({
      method: "GET",
      url: "/cases/:id",
      schema: { tags, summary: "A case's whole story", params, response: answer(caseStorySchema) },
      handler: (request) => readAs(request, (database) => lists.story(database, holderOf(request), request.params.id)),
    });
    app.route({
      method: "GET",
      url: "/cases/:id/notices",
      schema: {
        tags,
        summary: "Who was told of a case, newest first: by which way, when it went out, failed, was read",
        params,
        querystring: z.strictObject({ limit: pageQuery.limit, cursor: pageQuery.cursor }),
        response: pageAnswer(caseNoticeSchema),
      },
      handler: (request) => {
        const { id } = request.params;
        return readAs(request, async (database) => {
          await lists.find(database, id);
          return listCaseNotices(database, id, request.query);
        });
      },
    });
    app.route({
      method: "POST",
      url: "/cases/:id/actions",
      schema: {
        tags,
        summary: "Does a step; the same `id` is done once. CASE_CHANGED carries the case as it is now",
        params,
        body: caseActionSchema,
        response: { ...answer(caseSummarySchema), 409: changedSchema },
      },
      handler: async (request, reply) => {
        const doer = doerOf(request);
        const { id } = request.params;
        const holder = lists.holder(doer.person);
        // Who may not see a case may not act on it either, and is not told that it exists.
        await readAs(request, (database) => lists.story(database, holder, id));
        const show = (): Promise<z.infer<typeof caseSummarySchema> | null> =>
          readAs(request, (database) => lists.story(database, holder, id)).catch(() => null);
        try {
          const row = await desk.act(id, doer, request.body);
          return (await show()) ?? lists.summary(row, holder, null);
        } catch (error) {
          if (!(error instanceof CaseChanged)) throw error;
          return reply.code(409).send({ ...errorBody("CASE_CHANGED", error.message), current: await show() });
        }
      },
    });
    app.route({
      method: "GET",
      url: "/sync",
      schema: {
        tags,
        summary: "What changed for a grid member's phone: my work and my grids",
        querystring: z.strictObject({ since: z.string().max(4000).optional() }),
        response: answer(caseSyncSchema),
      },
      handler: (request) => readAs(request, (database) => lists.sync(database, holderOf(request), request.query.since)),
    });
  };
}
