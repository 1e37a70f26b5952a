import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { Kysely } from "kysely";
import { z } from "zod";
import { findAudit } from "../access/audit-search.ts";
import type { Tables } from "../store/tables.ts";
import { answer, instantQuery, msOf, pageAnswer, pageQuery } from "./lists.ts";

const tags = ["audit"];
const noteSchema = z.object({
  seq: z.int(),
  at: z.iso.datetime(),
  account: z.string().nullable(),
  purpose: z.string().nullable(),
  kind: z.string(),
  subject: z.string().nullable(),
  shape: z.string(),
  count: z.int(),
  status: z.int(),
});

/** Who read, searched and did what, and what for. */
export function auditRoutes(kysely: Kysely<Tables>): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/audit",
      schema: {
        tags,
        summary: "Notes of the audit, newest first",
        querystring: z.strictObject({
          account: z.string().max(100).optional(),
          subject: z.string().max(100).optional(),
          from: instantQuery.optional(),
          to: instantQuery.optional(),
          ...pageQuery,
        }),
        response: pageAnswer(noteSchema),
      },
      handler: ({ query: { from, to, ...filter } }) =>
        findAudit(kysely, { ...filter, fromMs: msOf(from), toMs: msOf(to) }),
    });
    app.route({
      method: "GET",
      url: "/audit/subjects/:id",
      schema: {
        tags,
        summary: "Who looked at a vehicle, a person or a case: how often and what for, as the person may be told",
        params: z.object({ id: z.string().min(1).max(100) }),
        response: answer(
          z.object({
            items: z.array(
              z.object({
                account: z.string().nullable(),
                purpose: z.string().nullable(),
                times: z.int(),
                firstAt: z.iso.datetime(),
                lastAt: z.iso.datetime(),
              }),
            ),
          }),
        ),
      },
      handler: async ({ params: { id } }) => {
        const rows = await kysely
          .selectFrom("audit")
          .select(["account", "purpose"])
          .select(({ fn }) => [
            fn.countAll<number>().as("times"),
            fn.min("at_ms").as("first_ms"),
            fn.max("at_ms").as("last_ms"),
          ])
          .where("subject", "=", id)
          .where("status", "<", 400)
          .groupBy(["account", "purpose"])
          .orderBy("last_ms", "desc")
          .limit(1000)
          .execute();
        const items = rows.map(({ account, purpose, times, first_ms: firstMs, last_ms: lastMs }) => ({
          account,
          purpose,
          times,
          firstAt: new Date(firstMs).toISOString(),
          lastAt: new Date(lastMs).toISOString(),
        }));
        return { items };
      },
    });
  };
}
