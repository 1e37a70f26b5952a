import { z } from "zod";

/**
 * Toll records: a vehicle at a toll station or under a gantry, as the toll system reports it, and what they say together
 * with the passages of GPS (exposure rule, section 5). Times are ISO 8601 UTC.
 */
const instant = z.iso.datetime();
const directionSchema = z.enum(["inbound", "outbound"]);

/** `etc`: 0 blue, 1 yellow, 2 black, … as toll systems count. `jt415`: 1 blue, 2 yellow, … as terminals do. */
export const colourCodeSchema = z.enum(["etc", "jt415"]);
export type ColourCode = z.infer<typeof colourCodeSchema>;

/** What a toll record says, as it is kept. Colour and vehicle are those of JT/T 415, as everywhere in this program. */
export const etcPassageSchema = z.object({
  id: z.string(),
  source: z.string(),
  /** The toll system's own number of the record: a source sends each once, however often it sends it. */
  transaction: z.string(),
  vehicle: z.string(),
  plate: z.string(),
  plateColour: z.int(),
  /** JT/T 489: 1 to 4 passenger cars, 11 to 16 goods vehicles, 21 to 26 special vehicles. */
  vehicleClass: z.int().nullable(),
  axles: z.int().nullable(),
  weightKg: z.number().nullable(),
  facility: z.object({ kind: z.enum(["station", "gantry"]), id: z.string() }),
  lane: z.string().nullable(),
  /** As the toll system names it. */
  roadDirection: z.string().nullable(),
  time: instant,
  receivedAt: instant,
  /** By the city's `toll.json`; null when it maps the place to no gate. */
  gate: z.string().nullable(),
  direction: directionSchema.nullable(),
});
export type EtcPassage = z.infer<typeof etcPassageSchema>;
/** Before it is mapped. */
export type EtcRecord = Omit<EtcPassage, "gate" | "direction">;

/** What became of one record: kept, known already as it is, known with other content, or refused. */
export const etcResultSchema = z.enum(["accepted", "known", "conflict", "rejected"]);
export type EtcResult = z.infer<typeof etcResultSchema>;

/** `toll.json`: which station, gantry, direction and lanes lie at which gate. The first entry that fits counts. */
const tollEntrySchema = z
  .strictObject({
    station: z.string().min(1).max(64).optional(),
    gantry: z.string().min(1).max(64).optional(),
    /** As the toll system names it; every direction when not given. */
    direction: z.string().min(1).max(32).optional(),
    /** Every lane when not given. */
    lanes: z.array(z.string().min(1).max(16)).min(1).optional(),
    gate: z.string().min(1).max(64),
    passage: directionSchema,
  })
  .refine(({ station, gantry }) => (station === undefined) !== (gantry === undefined), "a station or a gantry");
export type TollEntry = z.infer<typeof tollEntrySchema>;
export const tollFileSchema = z.strictObject({ places: z.array(tollEntrySchema).max(10_000) });

/** `seen-twice`: GPS and toll agree. `gps-silent`: a toll record alone. `etc-missing`: a GPS passage alone. */
export const gateFindingKindSchema = z.enum(["seen-twice", "gps-silent", "etc-missing"]);

export const gateFindingSchema = z.object({
  id: z.string(),
  kind: gateFindingKindSchema,
  vehicle: z.string(),
  gate: z.string(),
  direction: directionSchema,
  /** Of the GPS passage; of the toll record when there is none. */
  time: instant,
  /** Id of the GPS passage. */
  passage: z.string().nullable(),
  /** Ids of the toll records, by time. */
  etc: z.array(z.string()),
});
export type GateFinding = z.infer<typeof gateFindingSchema>;

/** Someone who passed a gate, by whichever of the two saw it. */
export const gateVisitSchema = z.object({
  vehicle: z.string(),
  direction: directionSchema,
  time: instant,
  seenBy: z.enum(["both", "gps", "etc"]),
  passage: z.string().nullable(),
  etc: z.array(z.string()),
});
export type GateVisit = z.infer<typeof gateVisitSchema>;

/** The gate and direction of a toll place; undefined when it is mapped to none. */
export function findGateOf(
  places: readonly TollEntry[],
  { facility, lane, roadDirection }: Pick<EtcRecord, "facility" | "lane" | "roadDirection">,
): { gate: string; direction: "inbound" | "outbound" } | undefined {
  const entry = places.find(
    (each) =>
      each[facility.kind] === facility.id &&
      (each.direction === undefined || each.direction === roadDirection) &&
      (each.lanes === undefined || (lane !== null && each.lanes.includes(lane))),
  );
  return entry && { gate: entry.gate, direction: entry.passage };
}
