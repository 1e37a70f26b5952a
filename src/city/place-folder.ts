import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import { geometrySchema, type Datum } from "../model/area.ts";
import { calendarFileSchema, type CalendarFile } from "../model/calendar.ts";
import { cityFileSchema } from "../model/city.ts";
import { slotsFileSchema, type Slot } from "../model/duty.ts";
import { WuxingError, type Problem } from "../model/errors.ts";
import {
  placeIdSchema,
  placeKindSchema,
  placeOperationInputSchema,
  placeTreeSchema,
  type PlaceChange,
  type PlaceGeometry,
  type PlaceOperationInput,
} from "../model/place.ts";
import { loadCity } from "./city.ts";
import { checked, convertGeometry } from "./geojson.ts";
import type { Places } from "./places.ts";

const placePropertiesSchema = z.object({
  id: placeIdSchema,
  tree: placeTreeSchema.default("civil"),
  kind: placeKindSchema,
  name: z.string().min(1).max(200),
  parent: placeIdSchema.nullable(),
});
const collectionSchema = z.object({
  type: z.literal("FeatureCollection"),
  features: z
    .array(
      z.object({
        type: z.literal("Feature"),
        properties: placePropertiesSchema,
        /** Null: the outline is that of what lies below together. */
        geometry: geometrySchema.nullable(),
      }),
    )
    .min(1),
});
const teamRowSchema = z.object({
  place: placeIdSchema,
  slot: z.string().min(1),
  person: z.string().min(1).max(64),
  /** Once is enough of each person. */
  name: z.string().max(100),
});
const leaveRowSchema = z.object({
  person: z.string().min(1).max(64),
  from: z.iso.date(),
  to: z.iso.date(),
  /** Who stands in for all duties of the person; may be empty. */
  substitute: z.string().max(64),
});

/** Slots and working hours of a city's folder; undefined where the usual ones hold. */
export interface CityCustoms {
  slots: readonly Slot[] | undefined;
  calendar: CalendarFile | undefined;
}

/** @throws WuxingError CITY_INVALID with every fault found */
export async function loadCustoms(dir: string): Promise<CityCustoms> {
  const problems: Problem[] = [];
  const city = await readChecked(dir, "city.json", cityFileSchema, problems);
  const slots = city?.slots && (await readChecked(dir, city.slots.file, slotsFileSchema, problems));
  const calendar = city?.calendar && (await readChecked(dir, city.calendar.file, calendarFileSchema, problems));
  if (problems.length > 0) throw new WuxingError("CITY_INVALID", dir, problems);
  return { slots, calendar };
}

/**
 * Fills an empty register with the places and teams of a city's folder; does nothing when there are places already. A city whose
 * folder has none is one place with the fence as its outline, until some are imported below it.
 * @throws WuxingError CITY_INVALID with every fault of the first file that has some
 */
export async function fillPlaces(places: Places, dir: string): Promise<void> {
  if (places.history.topsAt("civil", Date.now()).length > 0) return;
  const problems: Problem[] = [];
  const city = await readChecked(dir, "city.json", cityFileSchema, problems);
  if (city?.places !== undefined) {
    const { file, datum, from, operations } = city.places;
    const text = await readText(dir, file, problems);
    if (text === undefined) throw new WuxingError("CITY_INVALID", dir, problems);
    await importPlaces(places, { file, text, datum, from, reason: file });
    if (operations !== undefined) await doOperations(places, dir, operations, datum);
  } else await createCity(places, dir);
  if (city?.teams !== undefined) await assignTeams(places, dir, city.teams);
}

async function createCity(places: Places, dir: string): Promise<void> {
  const { id, name, fence } = await loadCity(dir, { startMs: 0 });
  const isId = placeIdSchema.safeParse(id).success;
  const outline = { geometry: fence as PlaceGeometry };
  const create: PlaceChange = {
    op: "create",
    tree: "civil",
    kind: "city",
    id: isId ? id : "city",
    name,
    parent: null,
    ...outline,
  };
  await inFile("fence", "features", () =>
    places.execute({ effectiveAt: CITY_FROM, reason: "city.json", changes: [create] }, null),
  );
}

/** Before anything that a city keeps. */
const CITY_FROM = "2000-01-01T00:00:00+08:00";

/**
 * The places of a GeoJSON text as they are from a day on (`YYYY-MM-DD`, Beijing time), in one operation.
 * @throws WuxingError CITY_INVALID with every fault: file, feature, value, what was expected
 */
export async function importPlaces(
  places: Places,
  { file, text, datum, from, reason }: { file: string; text: string; datum: Datum; from: string; reason: string },
): Promise<number> {
  const problems: Problem[] = [];
  const collection = checked(file, "", parseJson(file, text, problems), collectionSchema, problems);
  if (collection === undefined) throw new WuxingError("CITY_INVALID", file, problems);
  const changes = collection.features.map(({ properties, geometry }, i): PlaceChange => {
    if (geometry !== null && geometry.type !== "Polygon" && geometry.type !== "MultiPolygon") {
      const expected = "Polygon or MultiPolygon";
      problems.push({ where: `${file}: features[${i}].geometry.type`, value: geometry.type, expected });
    }
    const outline = geometry === null ? {} : { geometry: convertGeometry(geometry, datum) as PlaceGeometry };
    return { op: "create", ...properties, ...outline };
  });
  if (problems.length > 0) throw new WuxingError("CITY_INVALID", file, problems);
  await inFile(file, "features", () =>
    places.execute({ effectiveAt: `${from}T00:00:00+08:00`, reason, changes }, null),
  );
  return changes.length;
}

async function doOperations(places: Places, dir: string, file: string, datum: Datum): Promise<void> {
  const problems: Problem[] = [];
  const operations = await readChecked(dir, file, z.array(placeOperationInputSchema), problems);
  if (operations === undefined) throw new WuxingError("CITY_INVALID", dir, problems);
  for (const [i, operation] of operations.entries()) {
    const changes = operation.changes.map((change) => convertChange(change, datum));
    await inFile(`${file}: [${i}]`, "changes", () => places.execute({ ...operation, changes }, null));
  }
}

function convertChange(change: PlaceOperationInput["changes"][number], datum: Datum): PlaceChange {
  if (change.op === "split") {
    const parts = change.parts.map((part) => ({ ...part, geometry: convertGeometry(part.geometry, datum) }));
    return { ...change, parts };
  }
  if ((change.op === "create" || change.op === "recut") && change.geometry !== undefined) {
    return { ...change, geometry: convertGeometry(change.geometry, datum) };
  }
  return change;
}

async function assignTeams(
  places: Places,
  dir: string,
  { file, from, leave }: { file: string; from: string; leave?: string | undefined },
): Promise<void> {
  const problems: Problem[] = [];
  const rows = await readRows(dir, file, teamRowSchema, problems);
  const leaves = leave === undefined ? [] : await readRows(dir, leave, leaveRowSchema, problems);
  if (rows === undefined || leaves === undefined) throw new WuxingError("CITY_INVALID", dir, problems);
  const names = new Map<string, string>();
  for (const { person, name } of rows) if (name !== "" || !names.has(person)) names.set(person, name || person);
  const duties = rows.map(({ place, slot, person }) => ({
    place,
    slot,
    person,
    fromMs: midnightMs(from),
    toMs: Infinity,
  }));
  const persons = [...names].map(([id, name]) => ({ id, name }));
  await inFile(file, "rows", () => places.duties.assign(duties, { persons }));
  await inFile(leave ?? file, "rows", () =>
    places.duties.addLeaves(
      leaves.map((row) => ({
        person: row.person,
        fromMs: midnightMs(row.from),
        toMs: midnightMs(row.to),
        substitute: row.substitute === "" ? undefined : row.substitute,
      })),
    ),
  );
}

/** Runs what takes a whole file; its refusal speaks of the file. */
async function inFile<T>(file: string, list: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof WuxingError) || error.problems.length === 0) throw error;
    const problems = error.problems.map((problem) => ({
      ...problem,
      where: `${file}: ${problem.where.replace(/^(?:changes|duties|leaves)\[/, `${list}[`)}`,
    }));
    throw new WuxingError("CITY_INVALID", file, problems, { cause: error });
  }
}

async function readChecked<Schema extends z.ZodType>(
  dir: string,
  file: string,
  schema: Schema,
  problems: Problem[],
): Promise<z.output<Schema> | undefined> {
  const text = await readText(dir, file, problems);
  return text === undefined ? undefined : checked(file, "", parseJson(file, text, problems), schema, problems);
}

async function readRows<Schema extends z.ZodType>(
  dir: string,
  file: string,
  schema: Schema,
  problems: Problem[],
): Promise<z.output<Schema>[] | undefined> {
  const text = await readText(dir, file, problems);
  if (text === undefined) return undefined;
  let rows: unknown;
  try {
    rows = parse(text, { columns: true, bom: true, skip_empty_lines: true, trim: true });
  } catch (error) {
    problems.push({ where: file, value: (error as Error).message.slice(0, 100), expected: "CSV with a line of names" });
    return undefined;
  }
  return checked(file, "", rows, z.array(schema), problems);
}

async function readText(dir: string, file: string, problems: Problem[]): Promise<string | undefined> {
  try {
    return await readFile(join(dir, file), "utf8");
  } catch (error) {
    problems.push({ where: file, value: (error as Error).message, expected: "a file that can be read" });
    return undefined;
  }
}

function parseJson(file: string, text: string, problems: Problem[]): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    problems.push({ where: file, value: (error as Error).message.slice(0, 100), expected: "JSON" });
    return undefined;
  }
}

function midnightMs(day: string): number {
  return Date.parse(`${day}T00:00:00+08:00`);
}
