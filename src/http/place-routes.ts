import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { placeOf, type PlaceVersion } from "../city/place-history.ts";
import type { Places } from "../city/places.ts";
import type { WorkingCalendar } from "../city/working-calendar.ts";
import {
  partitionFaultSchema,
  placeKindSchema,
  placeOperationInputSchema,
  placePreviewSchema,
  placeSchema,
  placeTreeSchema,
  placeWithShapeSchema,
} from "../model/place.ts";
import { answer, instantQuery } from "./lists.ts";

/** Open work by place, for those who look after many; cases answer. */
export interface PlaceWork {
  /** Open and overdue cases below each of some paths. */
  countBelow: (paths: readonly string[]) => Promise<readonly { path: string; open: number; overdue: number }[]>;
}

/** What the routes of places and duties stand on. */
export interface PlaceDesk {
  places: Places;
  calendar: WorkingCalendar;
  /** The city's clock, ms UTC. */
  cityTimeMs: () => number;
  /** Null where no cases run. */
  work: PlaceWork | null;
  /** On whose behalf a request comes; null for nobody known. */
  accountOf: (request: FastifyRequest) => string | null;
}

const tags = ["places"];
const params = z.object({ id: z.string().min(1).max(64) });
const tree = placeTreeSchema.default("civil");
const at = instantQuery.optional().describe("As of this instant; now when not given");
const kindBelow = placeKindSchema
  .optional()
  .describe("All places of this kind below, at any depth, not those right below");
/** Operations on a page of their list. */
const OPERATIONS_MAX = 100;

/** Places as of a date, what is in them, and the dated operations that change them. */
export function placeRoutes({ places, calendar, cityTimeMs, work, accountOf }: PlaceDesk): FastifyPluginAsyncZod {
  const msOf = (instant: string | undefined): number => (instant === undefined ? cityTimeMs() : Date.parse(instant));
  const childrenOf = (parent: string | undefined, ofTree: PlaceVersion["tree"], atMs: number): PlaceVersion[] => {
    if (parent === undefined) return places.history.topsAt(ofTree, atMs);
    places.history.getVersion(parent, atMs);
    return places.history.childrenAt(parent, atMs);
  };
  /** Places right below another, or all of a kind below it. */
  const placesBelow = (
    query: { parent?: string | undefined; tree: PlaceVersion["tree"]; kind?: PlaceVersion["kind"] | undefined },
    atMs: number,
  ): PlaceVersion[] => {
    const right = childrenOf(query.parent, query.tree, atMs);
    if (query.kind === undefined) return right;
    return right.flatMap(({ id }) => places.history.subtreeAt(id, atMs)).filter((each) => each.kind === query.kind);
  };
  return async (app) => {
    app.route({
      method: "GET",
      url: "/places",
      schema: {
        tags,
        summary: "Places right below another, or the top of a tree",
        querystring: z.strictObject({ parent: z.string().min(1).max(64).optional(), tree, at }),
        response: answer(z.object({ items: z.array(placeSchema.extend({ below: z.int() })) })),
      },
      handler: async ({ query }) => {
        const atMs = msOf(query.at);
        const items = childrenOf(query.parent, query.tree, atMs).map((version) => ({
          ...placeOf(version),
          below: places.history.childrenAt(version.id, atMs).length,
        }));
        return { items };
      },
    });
    app.route({
      method: "GET",
      url: "/places/outlines",
      schema: {
        tags,
        summary: "The same places with their outlines, for a map; WGS-84",
        querystring: z.strictObject({ parent: z.string().min(1).max(64).optional(), kind: kindBelow, tree, at }),
        response: answer(z.object({ items: z.array(placeWithShapeSchema) })),
      },
      handler: async ({ query }) => ({
        items: placesBelow(query, msOf(query.at)).map((version) => withShape(version)),
      }),
    });
    app.route({
      method: "GET",
      url: "/places/at",
      schema: {
        tags,
        summary: "The leaf that holds a position, and the places above it from the top; none outside the city",
        querystring: z.strictObject({
          lon: z.coerce.number().min(-180).max(180),
          lat: z.coerce.number().min(-90).max(90),
          tree,
          at,
        }),
        response: answer(z.object({ place: placeSchema.nullable(), above: z.array(placeSchema) })),
      },
      handler: async ({ query: { lon, lat, tree: ofTree, at: instant } }) => {
        const atMs = msOf(instant);
        const leaf = places.history.findLeafAt(ofTree, lon, lat, atMs);
        if (leaf === undefined) return { place: null, above: [] };
        const all = ancestorsOf(places, leaf, atMs);
        return { place: all.at(-1)!, above: all.slice(0, -1) };
      },
    });
    app.route({
      method: "GET",
      url: "/places/load",
      schema: {
        tags,
        summary: "Leaves, vacant slots and open work below each place right below another",
        querystring: z.strictObject({ parent: z.string().min(1).max(64).optional(), kind: kindBelow, tree, at }),
        response: answer(
          z.object({
            items: z.array(
              z.object({
                id: z.string(),
                name: z.string(),
                kind: placeKindSchema,
                leaves: z.int(),
                /** Slots that should be filled and are not, leave counted. */
                vacant: z.int(),
                /** Null where no cases run. */
                open: z.int().nullable(),
                overdue: z.int().nullable(),
              }),
            ),
          }),
        ),
      },
      handler: async ({ query }) => {
        const atMs = msOf(query.at);
        const found = placesBelow(query, atMs);
        const counted = work === null ? [] : await work.countBelow(found.map(({ path }) => path));
        const counts = new Map(counted.map((each) => [each.path, each]));
        const items = found.map(({ id, name, kind, path }) => {
          const below = places.history.subtreeAt(id, atMs);
          const count = work === null ? null : (counts.get(path) ?? { open: 0, overdue: 0 });
          return {
            id,
            name,
            kind,
            leaves: below.filter((each) => places.history.isLeafAt(each.id, atMs)).length,
            vacant: below.reduce((sum, each) => sum + places.duties.index.vacantAt(each.id, atMs).length, 0),
            open: count?.open ?? null,
            overdue: count?.overdue ?? null,
          };
        });
        return { items };
      },
    });
    app.route({
      method: "GET",
      url: "/places/free-ids",
      schema: {
        tags,
        summary: "Identities for new places below another, in the way of those it has; none that was ever given",
        querystring: z.strictObject({
          parent: z.string().min(1).max(64),
          count: z.coerce.number().int().min(1).max(100).default(1),
        }),
        response: answer(z.object({ ids: z.array(z.string()) })),
      },
      handler: async ({ query: { parent, count } }) => {
        const atMs = cityTimeMs();
        places.history.getVersion(parent, atMs);
        return { ids: freeIds(places, parent, count, atMs) };
      },
    });
    app.route({
      method: "GET",
      url: "/places/check",
      schema: {
        tags,
        summary: "Whether the leaves of a tree cover the city once: overlaps, gaps, what reaches outside",
        querystring: z.strictObject({ tree, at }),
        response: answer(z.object({ leaves: z.int(), faults: z.array(partitionFaultSchema) })),
      },
      handler: async ({ query }) => {
        const atMs = msOf(query.at);
        const leaves = places.history.leavesAt(query.tree, atMs).length;
        return { leaves, faults: places.check(query.tree, atMs) };
      },
    });
    app.route({
      method: "GET",
      url: "/places/:id",
      schema: {
        tags,
        summary: "A place with its outline, as of an instant",
        params,
        querystring: z.strictObject({ at }),
        response: answer(placeWithShapeSchema.extend({ above: z.array(placeSchema) })),
      },
      handler: async ({ params: { id }, query }) => {
        const atMs = msOf(query.at);
        const version = places.history.getVersion(id, atMs);
        return { ...withShape(version), above: ancestorsOf(places, id, atMs).slice(0, -1) };
      },
    });
    app.route({
      method: "GET",
      url: "/places/:id/versions",
      schema: {
        tags,
        summary: "A place through time, oldest first, each version with the operation that made it",
        params,
        response: answer(z.object({ items: z.array(placeSchema.extend({ operation: z.string() })) })),
      },
      handler: async ({ params: { id } }) => {
        const versions = places.history.versionsOf(id);
        if (versions.length === 0) places.history.getVersion(id, cityTimeMs());
        return { items: versions.map((version) => ({ ...placeOf(version), operation: version.operation })) };
      },
    });
    app.route({
      method: "GET",
      url: "/place-operations",
      schema: {
        tags,
        summary: "Dated operations on places, the latest recorded first",
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(OPERATIONS_MAX).default(20) }),
        response: answer(
          z.object({
            items: z.array(
              z.object({
                id: z.string(),
                effectiveAt: z.iso.datetime(),
                recordedAt: z.iso.datetime(),
                account: z.string().nullable(),
                reason: z.string(),
                changes: z.int(),
                ops: z.array(z.string()),
                /** The first names of the places that it ends and creates. */
                closed: z.array(z.string()),
                created: z.array(z.string()),
                /** Taken back before its date. */
                undoneAt: z.iso.datetime().nullable(),
              }),
            ),
          }),
        ),
      },
      handler: async ({ query }) => ({ items: await places.operations(query.limit) }),
    });
    app.route({
      method: "POST",
      url: "/place-operations/preview",
      config: { invalidBody: "PLACE_OPERATION_INVALID" },
      schema: {
        tags,
        summary: "What a dated operation would do: places, area, duties, work, who is told",
        body: placeOperationInputSchema,
        response: answer(placePreviewSchema),
      },
      handler: ({ body }) => places.preview(body),
    });
    app.route({
      method: "POST",
      url: "/place-operations",
      config: { invalidBody: "PLACE_OPERATION_INVALID" },
      schema: {
        tags,
        summary: "Splits, merges, recuts, renames, moves, creates and closes places from an instant on",
        description: "Taken whole in one transaction, or refused whole with every problem. Outlines are WGS-84.",
        body: placeOperationInputSchema,
        response: { 201: z.object({ id: z.string(), preview: placePreviewSchema }), ...answer(z.never()) },
      },
      handler: async (request, reply) => {
        const done = await places.execute(request.body, accountOf(request));
        return reply.code(201).send(done);
      },
    });
    app.route({
      method: "POST",
      url: "/place-operations/:id/undo",
      schema: {
        tags,
        summary: "Takes an operation back before its date, as if it had not been planned; it stays on record",
        params,
        body: z.strictObject({}),
        response: answer(z.object({ id: z.string() })),
      },
      handler: async (request) => {
        await places.undo(request.params.id, cityTimeMs(), accountOf(request));
        return { id: request.params.id };
      },
    });
    app.route({
      method: "GET",
      url: "/working-days",
      schema: {
        tags,
        summary: "Which days of a year are worked, and up to which year the State Council has published them",
        querystring: z.strictObject({ year: z.coerce.number().int().min(2004).max(2060) }),
        response: answer(z.object({ days: z.array(z.iso.date()), holidaysKnownTo: z.int() })),
      },
      handler: async ({ query: { year } }) => {
        const days: string[] = [];
        for (let ms = Date.UTC(year, 0, 1); ms < Date.UTC(year + 1, 0, 1); ms += 86_400_000) {
          const day = new Date(ms).toISOString().slice(0, 10);
          if (calendar.isWorkingDay(day)) days.push(day);
        }
        return { days, holidaysKnownTo: calendar.holidaysKnownTo };
      },
    });
  };
}

/** The beginning that the identities below a place have in common with its next free numbers: `410702001004g13`. */
function freeIds(places: Places, parent: string, count: number, atMs: number): string[] {
  const numbered = places.history.childrenAt(parent, atMs).flatMap(({ id }) => {
    const [, stem, number] = /^(.*?)(\d{1,4})$/.exec(id) ?? [];
    return stem === undefined || number === undefined ? [] : [{ stem, number }];
  });
  const { stem, number } = numbered[0] ?? { stem: `${parent}g`, number: "01" };
  const ids: string[] = [];
  for (let next = 1; ids.length < count; next++) {
    const id = `${stem}${String(next).padStart(number.length, "0")}`;
    if (!places.history.has(id)) ids.push(id);
  }
  return ids;
}

function withShape(version: PlaceVersion): z.infer<typeof placeWithShapeSchema> {
  const { areaM2, geometry } = version.shape;
  return { ...placeOf(version), areaM2: Math.round(areaM2), geometry };
}

/** A place and those above it, from the top. */
function ancestorsOf(places: Places, id: string, atMs: number): z.infer<typeof placeSchema>[] {
  const path = places.getPath(id, atMs).slice(0, -1).split("/");
  return path.map((each) => placeOf(places.history.getVersion(each, atMs)));
}
