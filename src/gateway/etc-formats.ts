/**
 * Toll records as toll systems send them, read into `EtcRecord`. Every item is judged by itself: what is wrong with one
 * never touches another.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Problem } from "../model/errors.ts";
import type { ColourCode, EtcRecord } from "../model/etc.ts";
import { QUARANTINE_AHEAD_MS } from "./fix-collector.ts";
import { cleanPlate } from "./vehicle-facts.ts";

/** The record of one item, or why it was refused. */
export type ReadEtcItem = { record: EtcRecord } | { transaction: string | null; problem: Problem };

/** Who sends, in which code its plate colours are, and when it came here, ms UTC. */
export interface EtcSender {
  source: string;
  colours: ColourCode;
  receivedMs: number;
}

/** Most records in one message. */
export const ETC_ITEMS_MAX = 10_000;

/** Columns of a CSV file and fields of a JSON item. */
export const ETC_FIELDS = [
  "transaction",
  "plate",
  "plateColour",
  "vehicleClass",
  "axles",
  "weightKg",
  "station",
  "gantry",
  "lane",
  "direction",
  "time",
] as const;

/** Colours of toll systems in those of JT/T 697.7; blue-white, temporary and red plates are "other" there. */
const JT415_OF_ETC: Readonly<Record<number, number>> = {
  0: 1,
  1: 2,
  2: 3,
  3: 4,
  4: 94,
  5: 93,
  6: 9,
  7: 9,
  11: 5,
  12: 9,
};
const JT415_COLOURS = new Set([1, 2, 3, 4, 5, 9, 91, 92, 93, 94]);
const CLASSES = new Set([1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26]);
/** What a camera writes that could not read the plate. */
const UNREAD_PLATE = /^(默|无车牌|未识别)/u;

const word = (most: number): z.ZodType<string, string> =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{C}]*$/u, "no control characters");
/** An empty field of a CSV file is one that is not given. */
const optional = <Schema extends z.ZodType>(schema: Schema): z.ZodType<z.output<Schema> | undefined> =>
  z.preprocess((value) => (value === "" || value === null ? undefined : value), schema.optional());
const number = (least: number, most: number): z.ZodType<number> => z.coerce.number().min(least).max(most);

const itemSchema = z.object({
  transaction: word(128),
  plate: word(40),
  plateColour: optional(number(0, 99).refine(Number.isInteger, "a whole number")),
  vehicleClass: optional(
    number(1, 26).refine((value) => CLASSES.has(value), "1 to 4, 11 to 16 or 21 to 26 (JT/T 489)"),
  ),
  axles: optional(number(1, 30).refine(Number.isInteger, "a whole number")),
  weightKg: optional(number(0, 500_000)),
  station: optional(word(64)),
  gantry: optional(word(64)),
  lane: optional(z.coerce.string().pipe(word(16))),
  direction: optional(z.coerce.string().pipe(word(32))),
  time: z.union(
    [
      z.number().int().min(0).max(4_102_444_800_000),
      z
        .string()
        .regex(/^\d{12,13}$/u)
        .transform(Number),
      z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
    ],
    "ISO 8601 with its offset, or milliseconds since the epoch",
  ),
});

/** One item: an object with the fields of `ETC_FIELDS`; numbers may be text, as in a CSV file. `where` names it. */
export function readEtcItem(item: unknown, where: string, sender: EtcSender): ReadEtcItem {
  const parsed = itemSchema.safeParse(item);
  const given = z.looseObject({ transaction: z.coerce.string() }).safeParse(item);
  const transaction = given.success ? given.data.transaction.slice(0, 128) : null;
  const refuse = (field: string, value: unknown, expected: string): ReadEtcItem => {
    const shown =
      value === undefined ? {} : { value: (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 100) };
    return {
      transaction,
      problem: { where: [where, field].filter((part) => part !== "").join("."), ...shown, expected },
    };
  };
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    const field = String(path[0] ?? "");
    const value = typeof item === "object" && item !== null ? Reflect.get(item, field) : undefined;
    return refuse(field, value, value === undefined || value === "" ? "a value" : message);
  }
  const { station, gantry, time, vehicleClass, axles, weightKg, lane, direction } = parsed.data;
  if (UNREAD_PLATE.test(parsed.data.plate)) return refuse("plate", parsed.data.plate, "a plate that was read");
  // `豫G12345_1`, as gantries write it: the plate and its colour.
  const suffix = /^(.+)_(\d{1,2})$/u.exec(parsed.data.plate);
  const plate = cleanPlate(suffix?.[1] ?? parsed.data.plate);
  const code = parsed.data.plateColour ?? (suffix === null ? undefined : Number(suffix[2]));
  const plateColour = code === undefined ? undefined : colourOf(code, sender.colours);
  if (plateColour === undefined) return refuse("plateColour", code, `a plate colour (code ${sender.colours})`);
  if (plate === "") return refuse("plate", parsed.data.plate, "a plate");
  const id = station ?? gantry;
  if (id === undefined || (station !== undefined && gantry !== undefined)) {
    return refuse(station === undefined ? "station" : "gantry", gantry, "either a station or a gantry");
  }
  if (time > sender.receivedMs + QUARANTINE_AHEAD_MS) {
    return refuse("time", Reflect.get(item as object, "time"), "at most two minutes ahead of now");
  }
  const record: EtcRecord = {
    id: createHash("sha256")
      .update(JSON.stringify(["etc", sender.source, parsed.data.transaction]))
      .digest("hex")
      .slice(0, 32),
    source: sender.source,
    transaction: parsed.data.transaction,
    vehicle: `${plate}_${plateColour}`,
    plate,
    plateColour,
    vehicleClass: vehicleClass ?? null,
    axles: axles ?? null,
    weightKg: weightKg ?? null,
    facility: { kind: station === undefined ? "gantry" : "station", id },
    lane: lane ?? null,
    roadDirection: direction ?? null,
    time: new Date(time).toISOString(),
    receivedAt: new Date(sender.receivedMs).toISOString(),
  };
  return { record };
}

function colourOf(code: number, colours: ColourCode): number | undefined {
  if (colours === "etc") return JT415_OF_ETC[code];
  return JT415_COLOURS.has(code) ? code : undefined;
}
