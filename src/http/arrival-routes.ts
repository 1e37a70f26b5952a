import { parse } from "csv-parse/sync";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { AuditChain } from "../access/audit-chain.ts";
import type { ArrivalRegister } from "../apps/checkpoints/arrivals.ts";
import type { SourceKeys } from "../gateway/source-keys.ts";
import type { Datum } from "../model/area.ts";
import {
  arrivalInputSchema,
  arrivalResultSchema,
  arrivalSchema,
  type ArrivalResult,
  type ArrivalSource,
} from "../model/arrival.ts";
import { WuxingError, type Problem } from "../model/errors.ts";
import type { CaseOffice } from "./case-routes.ts";
import { keyQuery, sourceOf } from "./fix-routes.ts";
import { answer, pageAnswer, pageQuery } from "./lists.ts";
import { doerOf, principalOf } from "./principal.ts";

/** Where declared arrivals are taken and asked for. */
export interface ArrivalReception {
  register: ArrivalRegister;
  /** Enterprises with a key that takes `arrivals`. */
  sources: SourceKeys;
  audit: Pick<AuditChain, "append">;
}

/** Columns of a CSV file: `place`, or `lon`, `lat` and `address`. */
const ARRIVAL_FIELDS = [
  "id",
  "plate",
  "plateColour",
  "place",
  "lon",
  "lat",
  "address",
  "arriveAt",
  "cargo",
  "contact",
] as const;
const ITEMS_MAX = 1000;
const tags = ["arrivals"];
const bodySchema = z.object({ arrivals: z.array(z.unknown()).min(1).max(ITEMS_MAX) });
const receiptSchema = z.object({
  accepted: z.int(),
  unchanged: z.int(),
  rejected: z.int(),
  items: z.array(arrivalResultSchema),
});
const about = `\`{ arrivals: […] }\`, or text/csv with a header line: ${ARRIVAL_FIELDS.join(", ")}; 1 to ${ITEMS_MAX}, each judged by itself`;

/** Declared arrivals: an enterprise sends them with its key, a person enters or imports them; whoever serves the destination sees them. */
export function arrivalRoutes(
  { register, sources, audit }: ArrivalReception,
  readAs: CaseOffice["readAs"],
): FastifyPluginAsyncZod {
  return async (app) => {
    app.addContentTypeParser("text/csv", { parseAs: "string" }, (_request, body, done) => {
      try {
        done(null, { arrivals: rowsOf(String(body)) });
      } catch (error) {
        done(error as Error);
      }
    });
    app.route({
      method: "POST",
      url: "/arrivals",
      schema: {
        tags,
        summary: `Arrivals that an enterprise declares with its key. ${about}`,
        querystring: keyQuery,
        body: z.unknown(),
        response: answer(receiptSchema),
      },
      handler: async ({ body, headers, query: { key } }) => {
        const { name, datum } = sourceOf(sources, "arrivals", headers.authorization, key);
        const receipt = await takeAll(register, body, { kind: "enterprise", name }, datum);
        await audit.append({
          account: `source:${name}`,
          purpose: null,
          kind: "write",
          subject: null,
          shape: "POST /api/v1/arrivals",
          count: receipt.accepted,
          status: 200,
        });
        return receipt;
      },
    });
    app.route({
      method: "POST",
      url: "/arrivals/by-hand",
      schema: {
        tags,
        summary: `Arrivals that a person enters or imports. ${about}`,
        body: z.unknown(),
        response: answer(receiptSchema),
      },
      handler: (request) => {
        doerOf(request);
        return takeAll(register, request.body, { kind: "person", name: principalOf(request).name }, "wgs84");
      },
    });
    app.route({
      method: "GET",
      url: "/arrivals",
      schema: {
        tags,
        summary: "What is declared for my places, the latest said first, each value with its source and time",
        querystring: z.strictObject({
          vehicle: z.string().min(1).max(40).optional(),
          limit: pageQuery.limit,
          cursor: pageQuery.cursor,
        }),
        response: pageAnswer(arrivalSchema),
      },
      handler: (request) => readAs(request, (database) => register.list(database, request.query)),
    });
    app.route({
      method: "GET",
      url: "/arrivals/:id/contact",
      schema: {
        tags,
        summary: "Whom to call about a declared arrival",
        params: z.object({ id: z.string().min(1).max(64) }),
        response: answer(z.object({ contact: z.string().nullable() })),
      },
      handler: async (request: FastifyRequest<{ Params: { id: string } }>) => ({
        contact: await register.contact((run) => readAs(request, run), request.params.id),
      }),
    });
  };
}

async function takeAll(
  register: ArrivalRegister,
  body: unknown,
  source: ArrivalSource,
  datum: Datum,
): Promise<z.infer<typeof receiptSchema>> {
  const read = bodySchema.safeParse(body);
  if (!read.success) throw new WuxingError("INPUT_INVALID", undefined, [{ where: "body", expected: about }]);
  const items: ArrivalResult[] = [];
  for (const [i, item] of read.data.arrivals.entries()) items.push(await takeOne(register, item, i, source, datum));
  const count = (wanted: ArrivalResult["result"]): number => items.filter(({ result }) => result === wanted).length;
  return { accepted: count("accepted"), unchanged: count("unchanged"), rejected: count("rejected"), items };
}

async function takeOne(
  register: ArrivalRegister,
  item: unknown,
  i: number,
  source: ArrivalSource,
  datum: Datum,
): Promise<ArrivalResult> {
  const given = z.looseObject({ id: z.string() }).safeParse(item);
  const id = given.success ? given.data.id.slice(0, 64) : null;
  const refuse = (problem: Problem): ArrivalResult => ({ id, result: "rejected", place: null, problem });
  const parsed = arrivalInputSchema.safeParse(withDatum(item, datum));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    return refuse({ where: [`arrivals[${i}]`, ...path.map(String)].join("."), expected: message });
  }
  try {
    const { isNew, place } = await register.declare(parsed.data, source);
    return { id, result: isNew ? "accepted" : "unchanged", place };
  } catch (error) {
    if (!(error instanceof WuxingError)) throw error;
    const [problem] = error.problems;
    if (problem !== undefined) return refuse({ ...problem, where: `arrivals[${i}].${problem.where}` });
    if (error.code !== "FORBIDDEN") throw error;
    return refuse({ where: `arrivals[${i}].id`, value: id ?? "", expected: "an id that no other source has used" });
  }
}

/** A point without a datum is in the source's. */
function withDatum(item: unknown, datum: Datum): unknown {
  const point = z.looseObject({ destination: z.looseObject({ lon: z.number() }) }).safeParse(item);
  return point.success ? { ...point.data, destination: { datum, ...point.data.destination } } : item;
}

/** @throws WuxingError INPUT_INVALID for what is no CSV with a header line */
function rowsOf(text: string): unknown[] {
  try {
    const rows = parse(text, { columns: true, bom: true, skip_empty_lines: true, trim: true, to: ITEMS_MAX + 1 });
    return (rows as Record<string, string>[]).map((row) => itemOf(row));
  } catch (error) {
    const value = (error as Error).message.slice(0, 100);
    throw new WuxingError("INPUT_INVALID", undefined, [
      { where: "body", value, expected: `CSV (RFC 4180, UTF-8) with a header line of ${ARRIVAL_FIELDS.join(", ")}` },
    ]);
  }
}

function itemOf({ plateColour, place, lon, lat, address, ...row }: Record<string, string>): unknown {
  const filled = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== ""));
  const said = address === undefined || address === "" ? {} : { address };
  const point = { lon: Number(lon), lat: Number(lat), ...said };
  return {
    ...filled,
    plateColour: Number(plateColour),
    destination: place === undefined || place === "" ? point : { place, ...said },
  };
}
