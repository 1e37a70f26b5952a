import { z } from "zod";

const place = { lon: z.number(), lat: z.number() };
const span = { from: z.iso.datetime(), to: z.iso.datetime() };

/** What people ask of a vehicle's track in a span: how far, where it stood, where it was silent. WGS-84. */
export const tripSchema = z.object({
  vehicle: z.string(),
  ...span,
  /** Usable fixes. */
  fixes: z.int(),
  /** Along the fixes, without the jitter of stops and without gaps. */
  distanceM: z.number(),
  drivingS: z.number(),
  /** Five minutes or longer within 100 m. */
  stops: z.array(z.object({ ...span, durationS: z.number(), ...place })),
  /** Longer than five minutes without a fix, with the straight way and the places at its two ends. */
  gaps: z.array(
    z.object({ ...span, durationS: z.number(), distanceM: z.number(), start: z.object(place), end: z.object(place) }),
  ),
});
export type Trip = z.infer<typeof tripSchema>;

/** A vehicle that was seen within some distance of an area, or in a box, by its usable fixes in a span. */
export const sightingSchema = z.object({
  vehicle: z.string(),
  first: z.iso.datetime(),
  last: z.iso.datetime(),
  fixes: z.int(),
  /** Least distance of these fixes from the area; 0 in it. */
  leastDistanceM: z.number(),
});
export type Sighting = z.infer<typeof sightingSchema>;
