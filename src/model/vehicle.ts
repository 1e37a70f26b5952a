import { z } from "zod";

/** What the map shows of a vehicle; each has its own shape and colour. */
export const vehicleStateSchema = z.enum(["ordinary", "exposed", "locked", "released"]);
export type VehicleState = z.infer<typeof vehicleStateSchema>;

/**
 * A vehicle. `id` is plate and JT/T 415 plate colour joined by `_` (`豫G12345_2`), or the VIN when the terminal
 * registered with colour 0, or `@` and the terminal's number when it never registered.
 */
export const vehicleSchema = z.object({
  id: z.string(),
  plate: z.string().nullable(),
  plateColour: z.int().nullable(),
  terminal: z.string().nullable(),
  state: vehicleStateSchema,
  /** Known to be inside the fence at its last fix; null when there is no usable fix. */
  insideFence: z.boolean().nullable(),
  last: z
    .object({
      time: z.iso.datetime(),
      lon: z.number(),
      lat: z.number(),
      speedKmh: z.number().nullable(),
      headingDeg: z.number().nullable(),
    })
    .nullable(),
});
export type Vehicle = z.infer<typeof vehicleSchema>;

/**
 * One message of the stream's `positions` event, columns to keep it small; WGS-84, coordinates in 1e-6 degree, times
 * as ms UTC. `number` is the vehicle's number on this server; `vehicles` names numbers not named before on this
 * connection.
 */
const positionsSchema = z.object({
  number: z.array(z.int()),
  timeMs: z.array(z.int()),
  lonE6: z.array(z.int()),
  latE6: z.array(z.int()),
  /** Degrees clockwise from north; -1 when not given. */
  headingDeg: z.array(z.int()),
  /** Index into `vehicleStateSchema.options`. */
  state: z.array(z.int()),
  vehicles: z.record(z.string(), z.string()),
});
export type Positions = z.infer<typeof positionsSchema>;

/** A track as columns, in time order, WGS-84, 1e-6 degree. */
export const trackSchema = z.object({
  vehicle: z.string(),
  timeMs: z.array(z.int()),
  lonE6: z.array(z.int()),
  latE6: z.array(z.int()),
  speedKmh: z.array(z.number().nullable()),
  headingDeg: z.array(z.int().nullable()),
  /** Usable fixes in the span; when they are more than were asked for, the columns hold every n-th, the first and the last. */
  total: z.int().optional(),
});
export type Track = z.infer<typeof trackSchema>;
