import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import {
  listDeadLetters,
  listNotices,
  readNotice,
  replayDeadLetter,
  replayDeadLetters,
} from "../cases/notice-outbox.ts";
import { noticeSchema } from "../model/case.ts";
import type { CaseOffice } from "./case-routes.ts";
import { answer, pageAnswer, pageQuery } from "./lists.ts";
import { doerOf } from "./principal.ts";

const tags = ["notices"];
const deadLetterSchema = z.object({
  id: z.string().describe("For `/notices/{id}/replay`"),
  notice: z.string(),
  channel: z.string(),
  attempts: z.int(),
  at: z.iso.datetime().describe("When it was given up"),
  problem: z.string().nullable(),
  kind: z.string(),
  case: z.string().nullable(),
});
const params = z.object({ id: z.string().min(1).max(300) });

/** A person's inbox, and for who looks after the machine what could not be delivered. */
export function noticeRoutes({ kysely, now }: Pick<CaseOffice, "kysely" | "now">): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/notices",
      schema: {
        tags,
        summary: "My inbox, newest first",
        querystring: z.strictObject({ unread: z.enum(["true", "false"]).optional(), ...pageQuery }),
        response: pageAnswer(noticeSchema),
      },
      handler: async (request) => {
        const { unread, ...page } = request.query;
        return listNotices(kysely, doerOf(request).person, { ...page, unread: unread === "true" });
      },
    });
    app.route({
      method: "POST",
      url: "/notices/:id/read",
      schema: { tags, summary: "Marks a notice of my inbox as read", params, response: answer(noticeSchema) },
      handler: async (request) => readNotice(kysely, doerOf(request).person, request.params.id, now()),
    });
    app.route({
      method: "GET",
      url: "/notices/dead",
      schema: {
        tags,
        summary: "Deliveries that were given up, with the reason, the latest first",
        querystring: z.strictObject(pageQuery),
        response: pageAnswer(deadLetterSchema),
      },
      handler: async (request) => listDeadLetters(kysely, request.query),
    });
    app.route({
      method: "POST",
      url: "/notices/dead/replay",
      schema: {
        tags,
        summary: "Has every delivery that was given up tried again, or those of one channel",
        body: z.strictObject({ channel: z.string().min(1).max(40).nullable().default(null) }),
        response: answer(z.object({ replayed: z.int() })),
      },
      handler: async ({ body }) => ({ replayed: await replayDeadLetters(kysely, body.channel) }),
    });
    app.route({
      method: "POST",
      url: "/notices/:id/replay",
      schema: {
        tags,
        summary: "Has a delivery that was given up tried again",
        params,
        response: answer(z.object({ id: z.string() })),
      },
      handler: async (request) => {
        await replayDeadLetter(kysely, request.params.id);
        return { id: request.params.id };
      },
    });
  };
}
