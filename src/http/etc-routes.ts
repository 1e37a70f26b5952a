import { parse } from "csv-parse/sync";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { ETC_FIELDS, ETC_ITEMS_MAX, readEtcItem } from "../gateway/etc-formats.ts";
import { countResults, takeEtcItems, type EtcKeeper } from "../gateway/etc-intake.ts";
import type { SourceKeys } from "../gateway/source-keys.ts";
import { WuxingError } from "../model/errors.ts";
import {
  colourCodeSchema,
  etcPassageSchema,
  etcResultSchema,
  type EtcResult,
  gateFindingKindSchema,
  gateFindingSchema,
  gateVisitSchema,
} from "../model/etc.ts";
import type { EtcQueries } from "../store/etc-queries.ts";
import { EXPORTED } from "./export-columns.ts";
import { keyQuery, sourceOf } from "./fix-routes.ts";
import { answer, instantQuery, msOf, pageAnswer, pageQuery } from "./lists.ts";

/** Where toll records that come over HTTP go, who may send them, and where they are asked for. */
export interface EtcReception {
  sources: SourceKeys;
  keeper: EtcKeeper;
  /** Called when records were kept. */
  onKept: () => void;
  queries: EtcQueries;
  /** How many of each came since the start. */
  results: Record<EtcResult, number>;
  /** Ids of the city's gates. */
  gates: ReadonlySet<string>;
}

const tags = ["etc"];
const id = z.string().min(1).max(64);
const span = { from: instantQuery.optional(), to: instantQuery.optional().describe("Not included") };
const gateParams = z.object({ id });
const receiptSchema = z.object({
  accepted: z.int().describe("Kept now"),
  known: z.int().describe("Kept before, as they are"),
  conflict: z.int().describe("Kept before with other content, which stays"),
  rejected: z.int(),
  items: z.array(
    z.object({
      transaction: z.string().nullable(),
      result: etcResultSchema,
      problem: z.object({ where: z.string(), value: z.string().optional(), expected: z.string() }).optional(),
    }),
  ),
});

/**
 * Toll records of stations and gantries, JSON or CSV, up to 10,000 at once and each judged by itself; sending them again
 * doubles nothing. And what they say together with the passages of GPS.
 */
export function etcRoutes({ sources, keeper, onKept, queries, results, gates }: EtcReception): FastifyPluginAsyncZod {
  return async (app) => {
    app.addContentTypeParser("text/csv", { parseAs: "string" }, (_request, body, done) => {
      try {
        done(null, { passages: rowsOf(String(body)) });
      } catch (error) {
        done(error as Error);
      }
    });
    app.route({
      method: "POST",
      url: "/etc/passages",
      schema: {
        tags,
        summary: `Toll records: \`{ passages: […] }\`, or text/csv with a header line; fields ${ETC_FIELDS.join(", ")}`,
        querystring: keyQuery.extend({
          colours: colourCodeSchema.describe(
            "In which code plateColour is: etc (0 blue, 1 yellow) or jt415 (1 blue, 2 yellow)",
          ),
        }),
        body: z.unknown(),
        response: answer(receiptSchema),
      },
      handler: async ({ body, headers, query: { key, colours } }) => {
        const { name: source } = sourceOf(sources, "etc", headers.authorization, key);
        const read = z.object({ passages: z.array(z.unknown()).min(1).max(ETC_ITEMS_MAX) }).safeParse(body);
        if (!read.success) {
          const expected = `{ "passages": [{ transaction, plate, plateColour, station | gantry, time, … }] } or CSV, 1 to ${ETC_ITEMS_MAX}`;
          throw new WuxingError("INPUT_INVALID", undefined, [{ where: "body", expected }]);
        }
        const sender = { source, colours, receivedMs: Date.now() };
        const items = await takeEtcItems(
          keeper,
          read.data.passages.map((item, at) => readEtcItem(item, `passages[${at}]`, sender)),
        );
        onKept();
        for (const { result } of items) results[result]++;
        return { ...countResults(items), items };
      },
    });
    app.route({
      method: "GET",
      url: "/etc/passages",
      schema: {
        tags,
        summary: "Toll records as they were sent, newest first",
        querystring: z.strictObject({
          gate: id.optional(),
          vehicle: id.optional(),
          source: id.optional(),
          ...span,
          ...pageQuery,
        }),
        response: pageAnswer(etcPassageSchema),
      },
      handler: ({ query: { from, to, ...filter } }) =>
        queries.etcPassages({ ...filter, fromMs: msOf(from), toMs: msOf(to) }),
    });
    app.route({
      method: "GET",
      url: "/gates/:id/disagreements",
      config: { exported: EXPORTED.disagreements },
      schema: {
        tags,
        summary: "Passages that only one saw, newest first: gps-silent (toll alone) and etc-missing (GPS alone)",
        params: gateParams.extend({ id: id.describe("A gate, or `-` for all of them") }),
        querystring: z.strictObject({
          kind: gateFindingKindSchema.optional(),
          vehicle: id.optional(),
          ...span,
          ...pageQuery,
        }),
        response: pageAnswer(gateFindingSchema),
      },
      handler: ({ params, query: { from, to, kind, ...filter } }) => {
        const gate = params.id === "-" ? undefined : known(gates, params.id);
        const kinds = kind === undefined ? (["gps-silent", "etc-missing"] as const) : [kind];
        return queries.gateFindings({ ...filter, gate, kinds, fromMs: msOf(from), toMs: msOf(to) });
      },
    });
    app.route({
      method: "GET",
      url: "/gates/:id/passages",
      config: { exported: EXPORTED.visits },
      schema: {
        tags,
        summary: "Who passed a gate in a span, by GPS, by toll record or by both, newest first; each passage once",
        params: gateParams,
        querystring: z.strictObject({ direction: z.enum(["inbound", "outbound"]).optional(), ...span, ...pageQuery }),
        response: pageAnswer(gateVisitSchema),
      },
      handler: ({ params, query: { from, to, ...filter } }) =>
        queries.gateVisits({ ...filter, gate: known(gates, params.id), fromMs: msOf(from), toMs: msOf(to) }),
    });
  };
}

function known(gates: ReadonlySet<string>, gate: string): string {
  if (gates.has(gate)) return gate;
  throw new WuxingError("GATE_NOT_FOUND", gate);
}

/** @throws WuxingError INPUT_INVALID for what is no CSV with a header line. */
function rowsOf(text: string): unknown[] {
  try {
    return parse(text, { columns: true, bom: true, skip_empty_lines: true, trim: true, to: ETC_ITEMS_MAX + 1 });
  } catch (error) {
    const value = (error as Error).message.slice(0, 100);
    throw new WuxingError("INPUT_INVALID", undefined, [
      { where: "body", value, expected: `CSV (RFC 4180, UTF-8) with a header line of ${ETC_FIELDS.join(", ")}` },
    ]);
  }
}
