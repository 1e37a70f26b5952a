import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { Kysely } from "kysely";
import { z } from "zod";
import { verifyAudit, type AuditVerdict } from "../access/audit-chain.ts";
import { findAudit, viewersOf } from "../access/audit-search.ts";
import type { Tables } from "../store/tables.ts";
import type { ExportedList } from "./export-lists.ts";
import type { ExportColumn } from "./export-table.ts";
import { answer, instantQuery, msOf, pageAnswer, pageQuery } from "./lists.ts";

const tags = ["audit"];
const noteSchema = z.object({
  seq: z.int(),
  at: z.iso.datetime(),
  account: z.string().nullable(),
  purpose: z.string().nullable(),
  kind: z.enum(["read", "search", "write", "sign-in"]),
  subject: z.string().nullable(),
  shape: z.string(),
  count: z.int(),
  status: z.int(),
});

const subject = z.object({ id: z.string().min(1).max(100) });
const viewers = answer(
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
);

const AUDIT_EXPORT: ExportedList = {
  name: "audit",
  zh: "审计记录",
  en: "Audit",
  columns: [
    { zh: "序号", en: "No.", value: ({ seq }) => seq },
    { zh: "时间", en: "Time", value: ({ at }) => new Date(at) },
    { zh: "账号", en: "Account", value: ({ account }) => account },
    { zh: "用途", en: "Purpose", value: ({ purpose }) => purpose },
    { zh: "类别", en: "Kind", value: ({ kind }) => kind },
    { zh: "对象", en: "Subject", value: ({ subject: whom }) => whom },
    { zh: "请求", en: "Request", value: ({ shape }) => shape },
    { zh: "条数", en: "Shown", value: ({ count }) => count },
    { zh: "状态", en: "Status", value: ({ status }) => status },
  ] satisfies ExportColumn<z.infer<typeof noteSchema>>[],
};

/** Who read, searched and did what, and what for. */
export function auditRoutes(kysely: Kysely<Tables>): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/audit",
      config: { exported: AUDIT_EXPORT },
      schema: {
        tags,
        summary: "Notes of the audit, newest first",
        querystring: z.strictObject({
          account: z.string().max(100).optional(),
          subject: z.string().max(100).optional(),
          purpose: z.string().max(40).optional(),
          kind: noteSchema.shape.kind.optional(),
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
        params: subject,
        response: viewers,
      },
      handler: async ({ params: { id } }) => ({ items: await viewersOf(kysely, id) }),
    });
    app.route({
      method: "GET",
      url: "/vehicles/:id/viewers",
      schema: {
        tags,
        summary: "Who looked at a vehicle, for the desk that watches it; asking is noted too",
        params: subject,
        response: viewers,
      },
      handler: async ({ params: { id } }) => ({ items: await viewersOf(kysely, id) }),
    });
    let verifying: Promise<AuditVerdict> | null = null;
    app.route({
      method: "POST",
      url: "/audit/verify",
      schema: {
        tags,
        summary:
          "Reads the whole chain and says whether it is whole; with `known` also whether rows are missing at its end",
        body: z.strictObject({
          known: z
            .string()
            .regex(/^\d+:\S{20,64}$/)
            .nullable()
            .default(null)
            .describe("`ROWS:HEAD` as it was written down elsewhere"),
        }),
        response: answer(
          z.object({
            rows: z.int(),
            head: z.string(),
            broken: z.object({ seq: z.int(), why: z.string() }).nullable(),
          }),
        ),
      },
      handler: async ({ body: { known } }) => {
        if (known !== null) {
          const [rows, head] = known.split(":");
          return verifyAudit(kysely, { rows: Number(rows), head: head! });
        }
        // Whoever asks meanwhile waits for the same answer: a chain of years is read once.
        verifying ??= verifyAudit(kysely).finally(() => {
          verifying = null;
        });
        return verifying;
      },
    });
  };
}
