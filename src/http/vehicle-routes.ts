import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { WuxingError } from "../model/errors.ts";
import { trackSchema, vehicleSchema, vehicleStateSchema } from "../model/vehicle.ts";
import { EXPORTED } from "./export-columns.ts";
import { answer, instantQuery, pageAnswer, pageQuery } from "./lists.ts";
import type { ServerParts } from "./parts.ts";
import { thinnedTrack } from "./track-columns.ts";
import { trackSpan } from "./track-span.ts";
import { findVehicles, vehicleOf } from "./vehicle-view.ts";

const params = z.object({ id: z.string().min(1).max(64) });
const tags = ["vehicles"];

/** Vehicles: where each is, in which state, and where it was. */
export function vehicleRoutes({ watch, tracks, cityTimeMs }: ServerParts): FastifyPluginAsyncZod {
  const numberOf = (id: string): number => {
    const vehicle = tracks.vehicles.find(id);
    if (vehicle === undefined) throw new WuxingError("VEHICLE_NOT_FOUND", id);
    return vehicle;
  };

  return async (app) => {
    app.route({
      method: "GET",
      url: "/vehicles",
      config: { exported: EXPORTED.vehicles },
      schema: {
        tags,
        summary: "Vehicles with their last position, in the order in which they became known",
        querystring: z.strictObject({
          state: vehicleStateSchema.optional(),
          q: z.string().max(64).optional().describe("Part of the vehicle's id, in any case"),
          ...pageQuery,
        }),
        response: pageAnswer(vehicleSchema),
      },
      handler: async ({ query }) => findVehicles(tracks.vehicles, watch.live, query),
    });
    app.route({
      method: "GET",
      url: "/vehicles/:id",
      schema: { tags, summary: "One vehicle", params, response: answer(vehicleSchema) },
      handler: async ({ params: { id } }) => vehicleOf(tracks.vehicles, watch.live, numberOf(id)),
    });
    app.route({
      method: "GET",
      url: "/vehicles/:id/track",
      schema: {
        tags,
        summary: "A vehicle's usable fixes in a span, as columns in order of time",
        description: "Without `to` up to the newest fix, without `from` the 24 hours before `to`; at most 31 days.",
        params,
        querystring: z.strictObject({
          from: instantQuery.optional(),
          to: instantQuery.optional(),
          limit: z.coerce.number().int().min(2).max(200_000).default(20_000),
          zoom: z.coerce
            .number()
            .min(0)
            .max(24)
            .optional()
            .describe("Leaves out the fixes that the line does without on a map of this zoom (512-pixel tiles)"),
        }),
        response: answer(trackSchema),
      },
      handler: async ({ params: { id }, query }, reply) => {
        const vehicle = numberOf(id);
        const { fromMs, toMs } = trackSpan(query, Math.max(cityTimeMs(), watch.live.timeMs[vehicle] ?? -Infinity));
        const track = thinnedTrack(id, await tracks.track(vehicle, fromMs, toMs), query);
        // Up to a million numbers that we made ourselves: written as they are, not checked against the schema again.
        return reply.type("application/json; charset=utf-8").send(JSON.stringify(track) as never);
      },
    });
  };
}
