import { Buffer } from "node:buffer";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { WuxingError } from "../model/errors.ts";
import type { TrackStore } from "../tracks/track-store.ts";
import { readLocationItems } from "../wire/jt808/location-items.ts";
import { answer, instantQuery, msOf } from "./lists.ts";

const READINGS_MAX = 1000;

const readingSchema = z.object({
  at: z.iso.datetime().describe("The device's time"),
  mileageKm: z.number().optional(),
  fuelL: z.number().optional(),
  recorderSpeedKmh: z.number().optional(),
  alarmEventId: z.int().optional(),
  tyrePressures: z.string().optional().describe("Hexadecimal, a byte a tyre"),
  cabinTemperatureC: z.int().optional(),
  overspeedAlarm: z.object({ areaType: z.int(), areaId: z.int().optional() }).optional(),
  areaAlarm: z.object({ areaType: z.int(), areaId: z.int(), direction: z.int() }).optional(),
  routeTimeAlarm: z.object({ routeId: z.int(), seconds: z.int(), result: z.int() }).optional(),
  vehicleSignals: z.int().optional(),
  ioStatus: z.int().optional(),
  analog: z.object({ ad0: z.int(), ad1: z.int() }).optional(),
  rssi: z.int().optional().describe("Signal of the mobile network"),
  satellites: z.int().optional(),
  items: z.array(z.object({ id: z.string(), hex: z.string() })).describe("All of them, as they came"),
  rest: z.string().optional().describe("Hexadecimal: what stood where the list of items broke off"),
});

/** What terminals say beside their positions: mileage, fuel, recorder, signal, and items that are not known here. */
export function readingRoutes(tracks: Pick<TrackStore, "vehicles" | "items">): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/vehicles/:id/readings",
      schema: {
        tags: ["vehicles"],
        summary: "What a vehicle's terminal said beside its positions (additional items of 0x0200), newest first",
        description: `At most ${READINGS_MAX}; for earlier ones ask with \`to\` at the last one's time. Positions without items are left out.`,
        params: z.object({ id: z.string().min(1).max(64) }),
        querystring: z.strictObject({
          from: instantQuery.optional(),
          to: instantQuery.optional(),
          limit: z.coerce.number().int().min(1).max(READINGS_MAX).default(100),
        }),
        response: answer(z.object({ items: z.array(readingSchema) })),
      },
      handler: async ({ params: { id }, query: { from, to, limit } }) => {
        const vehicle = tracks.vehicles.find(id);
        if (vehicle === undefined) throw new WuxingError("VEHICLE_NOT_FOUND", id);
        const found = await tracks.items(vehicle, msOf(from) ?? -Infinity, msOf(to) ?? Infinity, limit);
        return { items: found.map(({ timeMs, items }) => readingOf(timeMs, items)) };
      },
    });
  };
}

function readingOf(timeMs: number, bytes: Uint8Array): z.infer<typeof readingSchema> {
  const { items, extras, fault } = readLocationItems(Buffer.from(bytes), 0, bytes.length);
  return {
    at: new Date(timeMs).toISOString(),
    ...extras,
    items: items.map(({ id, value }) => ({ id: `0x${id.toString(16).padStart(2, "0")}`, hex: value.toString("hex") })),
    ...(fault && { rest: fault.rest.toString("hex") }),
  };
}
