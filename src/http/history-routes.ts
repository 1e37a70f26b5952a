import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { WuxingError } from "../model/errors.ts";
import { sightingSchema, tripSchema, type Sighting } from "../model/history.ts";
import { EXPORT_FORMATS } from "../tracks/export-tracks.ts";
import { sightingsNear, type VehicleSighting } from "../tracks/sightings.ts";
import { answer, instantQuery } from "./lists.ts";
import type { ServerParts } from "./parts.ts";
import { sendTracks } from "./track-file.ts";
import { tripCsv, tripGeoJson, tripOf } from "./trip-text.ts";
import { trackSpan } from "./track-span.ts";

const params = z.object({ id: z.string().min(1).max(64) });
const format = z.enum(EXPORT_FORMATS);
const span = { from: instantQuery.optional(), to: instantQuery.optional() };
/** Tracks of more vehicles are a matter for `wuxing tracks export`. */
const FILE_VEHICLES_MAX = 1000;
const SIGHTING_SPAN_MAX_MS = 14 * 86_400_000;
const BOX_DEGREES_MAX = 2;

const where = {
  area: z.string().min(1).max(64).optional().describe("Id of a published area"),
  within: z.coerce
    .number()
    .min(0)
    .max(5000)
    .default(800)
    .describe("Metres from the area that still count; 0: in it. Not for a box"),
  bbox: z.string().max(100).optional().describe("`west,south,east,north`, degrees WGS-84, in place of an area"),
  from: instantQuery,
  to: instantQuery,
};
type Where = z.output<z.ZodObject<typeof where>>;

const FILE_TEXT =
  "CSV and Parquet (GeoParquet 1.1) hold every fix, unusable ones with their mark; GeoJSON (a line a vehicle, `times` beside its coordinates) and GPX 1.1 the usable ones. WGS-84, UTC.";

/** The past, for people: a vehicle's way, stops, gaps; who was near a place; and files of tracks. */
export function historyRoutes({ ledger, watch, tracks, cityTimeMs }: ServerParts): FastifyPluginAsyncZod {
  const numberOf = (id: string): number => {
    const vehicle = tracks.vehicles.find(id);
    if (vehicle === undefined) throw new WuxingError("VEHICLE_NOT_FOUND", id);
    return vehicle;
  };
  const spanOf = (vehicle: number, query: { from?: string | undefined; to?: string | undefined }) =>
    trackSpan(query, Math.max(cityTimeMs(), watch.live.timeMs[vehicle] ?? -Infinity));
  const sightings = async (query: Where): Promise<VehicleSighting[]> => {
    const asked = spanOfSightings(query);
    const { area, bbox, within } = query;
    if ((area === undefined) === (bbox === undefined)) {
      throw new WuxingError("INPUT_INVALID", undefined, [
        { where: "querystring.area", expected: "either an area or a bbox" },
      ]);
    }
    if (bbox !== undefined) return sightingsNear(tracks, boxOf(bbox), 0, asked);
    return sightingsNear(tracks, (await ledger.area(area!)).geometry, within, asked);
  };

  return async (app) => {
    app.route({
      method: "GET",
      url: "/vehicles/:id/track/file",
      schema: {
        tags: ["vehicles"],
        summary: "A vehicle's track in a span as a file: CSV, GeoJSON, GPX or GeoParquet",
        description: `Without \`to\` up to the newest fix, without \`from\` the 24 hours before \`to\`; at most 31 days. ${FILE_TEXT}`,
        params,
        querystring: z.strictObject({ ...span, format }),
        response: answer(z.unknown().describe("The file")),
      },
      handler: async ({ params: { id }, query }, reply) => {
        const vehicle = numberOf(id);
        const asked = { ...spanOf(vehicle, query), vehicles: Uint32Array.of(vehicle) };
        return sendTracks(reply, tracks, { ...asked, format: query.format, name: id });
      },
    });
    app.route({
      method: "GET",
      url: "/vehicles/:id/trip",
      schema: {
        tags: ["vehicles"],
        summary: "How far a vehicle drove in a span, where it stood, where it was silent",
        description:
          "A description, not the rule: a stop is five minutes or longer within 100 m, a gap more than five minutes without a fix. `geojson`: stops as points, gaps as straight lines; `csv`: a line each.",
        params,
        querystring: z.strictObject({ ...span, format: z.enum(["json", "geojson", "csv"]).default("json") }),
        response: answer(tripSchema),
      },
      handler: async ({ params: { id }, query }, reply) => {
        const vehicle = numberOf(id);
        const asked = spanOf(vehicle, query);
        const trip = tripOf(id, await tracks.track(vehicle, asked.fromMs, asked.toMs), asked);
        if (query.format === "csv") return reply.type("text/csv; charset=utf-8").send(tripCsv(trip) as never);
        if (query.format === "json") return trip;
        return reply.type("application/geo+json").send(JSON.stringify(tripGeoJson(trip)) as never);
      },
    });
    app.route({
      method: "GET",
      url: "/tracks/vehicles",
      schema: {
        tags: ["vehicles"],
        summary: "The vehicles with a usable fix near an area or in a box in a span",
        description: "By fixes, not by the way between them; at most 14 days, a box of at most 2° by 2°.",
        querystring: z.strictObject(where),
        response: answer(z.object({ items: z.array(sightingSchema) })),
      },
      handler: async ({ query }) => {
        const found = await sightings(query);
        return { items: found.map((each) => sightingOf(tracks.vehicles.idOf(each.vehicle), each)) };
      },
    });
    app.route({
      method: "GET",
      url: "/tracks/file",
      schema: {
        tags: ["vehicles"],
        summary: "The tracks, in the whole span, of the vehicles with a usable fix near an area or in a box, as a file",
        description: `At most 14 days and ${FILE_VEHICLES_MAX} vehicles; more by \`wuxing tracks export\`. ${FILE_TEXT}`,
        querystring: z.strictObject({ ...where, format }),
        response: answer(z.unknown().describe("The file")),
      },
      handler: async ({ query }, reply) => {
        const found = await sightings(query);
        if (found.length > FILE_VEHICLES_MAX) {
          throw new WuxingError("INPUT_INVALID", undefined, [
            {
              where: "querystring",
              value: `${found.length} vehicles`,
              expected: `at most ${FILE_VEHICLES_MAX} vehicles: a smaller area or a shorter span`,
            },
          ]);
        }
        const vehicles = Uint32Array.from(found, ({ vehicle }) => vehicle);
        const asked = { ...spanOfSightings(query), vehicles, format: query.format };
        return sendTracks(reply, tracks, { ...asked, name: query.area ?? "tracks" });
      },
    });
  };
}

function sightingOf(vehicle: string, { firstMs, lastMs, fixes, leastMeters }: VehicleSighting): Sighting {
  return {
    vehicle,
    first: new Date(firstMs).toISOString(),
    last: new Date(lastMs).toISOString(),
    fixes,
    leastDistanceM: Math.round(leastMeters * 10) / 10,
  };
}

function spanOfSightings({ from, to }: Where): { fromMs: number; toMs: number } {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (fromMs < toMs && toMs - fromMs <= SIGHTING_SPAN_MAX_MS) return { fromMs, toMs };
  throw new WuxingError("INPUT_INVALID", undefined, [
    { where: "querystring.from", value: from, expected: "earlier than `to` by at most 14 days" },
  ]);
}

/** The box as a polygon. */
function boxOf(bbox: string): { type: "Polygon"; coordinates: number[][][] } {
  const [west, south, east, north] = bbox.split(",").map(Number) as [number, number, number, number];
  const isBox =
    bbox.split(",").length === 4 &&
    west >= -180 &&
    east <= 180 &&
    south >= -90 &&
    north <= 90 &&
    west < east &&
    south < north;
  if (!isBox || east - west > BOX_DEGREES_MAX || north - south > BOX_DEGREES_MAX) {
    throw new WuxingError("INPUT_INVALID", undefined, [
      { where: "querystring.bbox", value: bbox, expected: "west,south,east,north in degrees, at most 2° by 2°" },
    ]);
  }
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return { type: "Polygon", coordinates: [ring] };
}
