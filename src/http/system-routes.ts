import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { cityViewSchema } from "../model/city.ts";
import { healthSchema, statusSchema } from "../model/status.ts";
import { healthOf, statusOf } from "./health.ts";
import { answer } from "./lists.ts";
import type { MetricsPage } from "./metrics.ts";
import type { ServerParts } from "./parts.ts";
import { cityDay, reportSpan } from "./report-span.ts";

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
    app.route({
      method: "GET",
      url: "/system",
      schema: {
        tags,
        summary: "What came in today and what was refused, by reason; the stores and the disk",
        response: answer(systemSchema),
      },
      handler: () => systemView(parts),
    });
  };
}

const DAY_MS = 86_400_000;

const countsSchema = z.record(z.string(), z.int());

const systemSchema = z.object({
  /** What came in since the city's midnight, across restarts; null before anything was counted. */
  today: z
    .object({
      since: z.iso.datetime(),
      fixes: z.int(),
      late: z.int(),
      aside: z.int(),
      frames: z.int(),
      rejected: countsSchema,
    })
    .nullable(),
  /** Since the start; null when no gateway runs. */
  gateway: z
    .object({
      framesIn: z.int(),
      fixesStored: z.int(),
      fixesNotStored: z.int(),
      fixesQuarantined: z.int(),
      unacknowledgedFixes: z.int(),
      rejected: countsSchema,
      deviations: countsSchema,
    })
    .nullable(),
  tracks: z.object({
    queuedFixes: z.int(),
    hotFixes: z.int(),
    files: z.int(),
    fileFixes: z.int(),
    fileBytes: z.int(),
    lastCommitMs: z.number(),
    slowestCommitMs: z.number(),
  }),
  /** Of the disk that the data folder is on; null when it is not known. */
  disk: z.object({ freeBytes: z.number(), totalBytes: z.number() }).nullable(),
});
type SystemView = z.infer<typeof systemSchema>;

async function systemView(parts: ServerParts): Promise<SystemView> {
  const { tallies, gateway, tracks, city, cityTimeMs, disk } = parts;
  const { fromMs } = reportSpan("day", cityDay(cityTimeMs(), city.timeZone), city.timeZone);
  const found = (await tallies?.sums(fromMs, fromMs + DAY_MS)) ?? null;
  const of = (name: string): number => found?.counts.get(name) ?? 0;
  const { queuedFixes, hotFixes, files, fileFixes, fileBytes, lastCommitMs, slowestCommitMs } = tracks.health();
  const counters = gateway?.() ?? null;
  return {
    today:
      found === null
        ? null
        : {
            since: new Date(found.sinceMs).toISOString(),
            fixes: of("fixes"),
            late: of("late"),
            aside: of("aside"),
            frames: of("frames"),
            rejected: Object.fromEntries(
              [...found.counts].flatMap(([name, count]) =>
                name.startsWith("fault:") ? [[name.slice("fault:".length), count]] : [],
              ),
            ),
          },
    gateway: counters === null ? null : { ...counters, rejected: counters.faults },
    tracks: { queuedFixes, hotFixes, files, fileFixes, fileBytes, lastCommitMs, slowestCommitMs },
    disk: (await disk?.()) ?? null,
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
