import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { cityViewSchema } from "../model/city.ts";
import { healthSchema, statusSchema } from "../model/status.ts";
import { healthOf, statusOf } from "./health.ts";
import { answer } from "./lists.ts";
import type { MetricsPage } from "./metrics.ts";
import type { ServerParts } from "./parts.ts";

const tags = ["system"];

/** Under the API: the city and the state of the system. */
export function systemRoutes(parts: ServerParts): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/city",
      schema: { tags, summary: "The city: fence, gates, counties, roads; WGS-84", response: answer(cityViewSchema) },
      handler: async () => parts.city,
    });
    app.route({
      method: "GET",
      url: "/status",
      schema: {
        tags,
        summary: "Clock, ingest, health, and what is being worked on",
        response: answer(statusSchema.extend({ watch: watchSchema, figures: figuresSchema })),
      },
      handler: async () => {
        const { eventTimeMs: _, ledgerProblem: __, ...watch } = parts.watch.status();
        return { ...statusOf(parts), watch, figures: await parts.ledger.figures() };
      },
    });
  };
}

/** Beside the API, for machines that look after this one. */
export function machineRoutes(parts: ServerParts, metrics: MetricsPage): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/healthz",
      schema: {
        tags,
        summary: "200 when everything works, 503 with the reasons otherwise",
        response: { 200: healthSchema, 503: healthSchema },
      },
      handler: async (_request, reply) => {
        const health = healthOf(parts);
        return reply.code(health.state === "ok" ? 200 : 503).send(health);
      },
    });
    app.route({
      method: "GET",
      url: "/metrics",
      schema: { tags, summary: "Prometheus metrics (docs/metrics.md)", response: { 200: z.string() } },
      handler: async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()),
    });
  };
}

const watchSchema = z.object({
  fixes: z.int(),
  fixesAside: z.int(),
  fixesLate: z.int(),
  rematchQueue: z.int(),
  rematches: z.int(),
  ledgerQueue: z.int(),
  retro: z.array(z.object({ area: z.string(), vehicles: z.int(), done: z.int() })),
  states: z.object({ ordinary: z.int(), exposed: z.int(), locked: z.int(), released: z.int() }),
});

const figuresSchema = z.object({
  locks: z.object({ live: z.int(), review: z.int(), released: z.int(), expired: z.int() }),
  exposures: z.int(),
  areas: z.int(),
});
