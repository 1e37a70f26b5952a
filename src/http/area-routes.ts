import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { areaInputSchema, areaSchema } from "../model/area.ts";
import { EXPORTED } from "./export-columns.ts";
import { answer, pageAnswer, pageQuery } from "./lists.ts";
import type { ServerParts } from "./parts.ts";

const params = z.object({ id: z.string().min(1).max(64) });
const tags = ["areas"];

/** Risk areas: what is published, and the commands of a publisher. */
export function areaRoutes({ ledger, watch }: ServerParts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/areas",
      config: { exported: EXPORTED.areas },
      schema: {
        tags,
        summary: "Risk areas as they stand, newest first",
        querystring: z.strictObject({ state: areaSchema.shape.state.optional(), ...pageQuery }),
        response: pageAnswer(areaSchema),
      },
      handler: ({ query }) => ledger.areas(query),
    });
    app.route({
      method: "POST",
      url: "/areas",
      config: { invalidBody: "AREA_INVALID" },
      schema: {
        tags,
        summary: "Publishes a risk area",
        description:
          "Taken whole or refused whole. From the answer on live matching uses it; the past is matched behind it.",
        body: areaInputSchema,
        response: { 201: areaSchema, ...answer(areaSchema) },
      },
      handler: async ({ body }, reply) => {
        const area = await watch.publishArea(body);
        return reply
          .code(201)
          .header("location", `/api/v1/areas/${encodeURIComponent(area.id)}`)
          .send(area);
      },
    });
    app.route({
      method: "GET",
      url: "/areas/:id",
      schema: { tags, summary: "One risk area, its newest version", params, response: answer(areaSchema) },
      handler: ({ params: { id } }) => ledger.area(id),
    });
    app.route({
      method: "GET",
      url: "/areas/:id/versions",
      schema: { tags, summary: "Every version of a risk area, newest first", params, response: pageAnswer(areaSchema) },
      handler: async ({ params: { id } }) => ({ items: await ledger.areaHistory(id), next: null }),
    });
    app.route({
      method: "PUT",
      url: "/areas/:id",
      config: { invalidBody: "AREA_INVALID" },
      schema: {
        tags,
        summary: "Replaces shape, level and validity of a risk area",
        params,
        body: areaInputSchema,
        response: answer(areaSchema),
      },
      handler: ({ params: { id }, body }) => watch.editArea(id, body),
    });
    app.route({
      method: "POST",
      url: "/areas/:id/withdraw",
      schema: {
        tags,
        summary: "Withdraws a risk area",
        description: "Its exposures are withdrawn; a lock that loses its last exposure goes to a person.",
        params,
        response: answer(areaSchema),
      },
      handler: ({ params: { id } }) => watch.withdrawArea(id),
    });
  };
}
