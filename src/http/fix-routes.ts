import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import {
  readJsonPositions,
  readOsmAnd,
  readOwnTracks,
  readTraccarJson,
  type ReadItem,
} from "../gateway/position-formats.ts";
import type { MqttCounters } from "../gateway/mqtt-server.ts";
import type { PositionIntake } from "../gateway/position-intake.ts";
import type { Source, SourceKeys, Takes } from "../gateway/source-keys.ts";
import { takeItems, type TakenItems } from "../gateway/take-items.ts";
import { WuxingError } from "../model/errors.ts";
import { answer } from "./lists.ts";

/** Where positions that come over HTTP go, and who may send them. */
export interface FixReception {
  sources: SourceKeys;
  intake: PositionIntake;
  /** What came over MQTT; absent when its port is not open. */
  mqtt?: () => Readonly<MqttCounters>;
}

const tags = ["fixes"];
const problemSchema = z.object({
  index: z.int(),
  where: z.string(),
  value: z.string().optional(),
  expected: z.string(),
});
/** How many are durable, and what was wrong with each of the others. */
const receiptSchema = z.object({ accepted: z.int(), rejected: z.array(problemSchema) });

export const keyQuery = z.object({
  key: z.string().optional().describe("The source's key, for senders that cannot set a header"),
});

/**
 * Positions of everyone who is no JT/T 808 terminal: JSON and GeoJSON, OwnTracks, OsmAnd. Each source has a key (`Authorization: Bearer KEY`, or
 * `?key=`) and a declared datum. An answer means on disk.
 */
export function fixRoutes(reception: FixReception): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "POST",
      url: "/fixes",
      schema: {
        tags,
        summary: "Positions as JSON (`{ fixes: […] }`) or GeoJSON points, up to 10,000; each is judged by itself",
        querystring: keyQuery,
        body: z.unknown(),
        response: answer(receiptSchema),
      },
      handler: ({ body, headers, query }) => {
        const source = sourceOf(reception.sources, "fixes", headers.authorization, query.key);
        const items = readJsonPositions(body);
        if (items === undefined) {
          const expected = '{ "fixes": [{ vehicle, time, lon, lat }] } or GeoJSON points, at most 10,000';
          throw new WuxingError("INPUT_INVALID", undefined, [{ where: "body", expected }]);
        }
        return takeItems(reception.intake, source, items);
      },
    });
    app.route({
      method: "POST",
      url: "/fixes/owntracks",
      schema: {
        tags,
        summary: "OwnTracks in HTTP mode; messages that are no location are taken and forgotten",
        querystring: keyQuery.extend({ device: z.string().max(64).optional() }),
        body: z.unknown(),
        response: answer(z.array(z.never())),
      },
      handler: async ({ body, headers, query }) => {
        const source = sourceOf(reception.sources, "fixes", headers.authorization, query.key);
        const item = readOwnTracks(body, query.device);
        if (item !== undefined) await takeOne(reception, source, item);
        return [];
      },
    });
    app.route({
      method: "GET",
      url: "/fixes/osmand",
      schema: {
        tags,
        summary:
          "The query of OsmAnd and most phone trackers: id, lat, lon, timestamp, speed (knots), bearing, altitude",
        querystring: z.looseObject(keyQuery.shape),
        response: answer(receiptSchema),
      },
      handler: ({ headers, query }) =>
        takeOne(reception, sourceOf(reception.sources, "fixes", headers.authorization, query.key), readOsmAnd(query)),
    });
    app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))));
    });
    app.route({
      method: "POST",
      url: "/fixes/osmand",
      schema: {
        tags,
        summary: "The same as phone trackers post it: in the query, as a form, or as Traccar Client's JSON",
        querystring: z.looseObject(keyQuery.shape),
        body: z.unknown(),
        response: answer(receiptSchema),
      },
      handler: ({ body, headers, query }) => {
        const source = sourceOf(reception.sources, "fixes", headers.authorization, query.key);
        const form = z.record(z.string(), z.unknown()).catch({}).parse(body);
        return takeOne(reception, source, readTraccarJson(body) ?? readOsmAnd({ ...query, ...form }));
      },
    });
  };
}

/** The source of a request, by its key. @throws WuxingError KEY_INVALID */
export function sourceOf(
  sources: SourceKeys,
  takes: Takes,
  authorization: string | undefined,
  key: string | undefined,
): Source {
  const given = /^Bearer (\S+)$/u.exec(authorization ?? "")?.[1] ?? key;
  const source = given === undefined ? undefined : sources.find(given);
  if (source?.takes.includes(takes) === true) return source;
  if (source !== undefined) throw new WuxingError("KEY_INVALID", `the key of ${source.name} is not for ${takes}`);
  throw new WuxingError("KEY_INVALID", given === undefined ? "no key was given" : "the key belongs to no source");
}

async function takeOne(reception: FixReception, source: Source, item: ReadItem): Promise<TakenItems> {
  if ("problem" in item) throw new WuxingError("INPUT_INVALID", undefined, [item.problem]);
  return takeItems(reception.intake, source, [item]);
}
