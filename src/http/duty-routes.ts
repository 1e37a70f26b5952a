import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { dutyStories, rosterBelow } from "../city/duty-list.ts";
import { dutyRowSchema, dutySchema, dutyStorySchema, rosterSchema, slotSchema } from "../model/duty.ts";
import { EXPORTED } from "./export-columns.ts";
import { answer, instantQuery, pageAnswer, pageQuery } from "./lists.ts";
import type { PlaceDesk } from "./place-routes.ts";

const tags = ["duties"];
const id = z.string().min(1).max(64);
const params = z.object({ id: z.string().min(1).max(200) });
const instant = z.iso.datetime({ offset: true });
const person = z.string().min(1).max(64);
/** Duties that one file gives: a city of 5,000 grids with six slots each. */
const IMPORT_MAX = 30_000;
const dutyInputSchema = z.strictObject({
  place: id,
  slot: z.string().min(1).max(32),
  person,
  /** Makes the person known, or gives the one that is known this name. */
  name: z.string().min(1).max(100).optional(),
  from: instant.optional(),
  to: instant.nullish(),
});
const leaveSchema = z.object({ id: z.string(), person: z.string(), from: z.iso.datetime(), to: z.iso.datetime() });

/** Who holds which slot of which place: rosters, and the changes of them. Names only; nothing else about persons is here. */
export function dutyRoutes({ places, cityTimeMs, accountOf }: PlaceDesk): FastifyPluginAsyncZod {
  const { duties } = places;
  const msOf = (given: string | undefined): number => (given === undefined ? cityTimeMs() : Date.parse(given));
  const endOf = (given: string | null | undefined): number => (given == null ? Infinity : Date.parse(given));
  return async (app) => {
    app.route({
      method: "GET",
      url: "/slots",
      schema: { tags, summary: "The slots of the city", response: answer(z.object({ items: z.array(slotSchema) })) },
      handler: async () => ({ items: duties.slots().map((slot) => duties.index.getSlot(slot)) }),
    });
    app.route({
      method: "GET",
      url: "/places/:id/duties",
      schema: {
        tags,
        summary: "Who holds the slots of a place at an instant, who stands in for whom, and what is vacant",
        params,
        querystring: z.strictObject({ at: instantQuery.optional() }),
        response: answer(rosterSchema),
      },
      handler: async (request) => duties.roster(request.params.id, msOf(request.query.at)),
    });
    app.route({
      method: "GET",
      url: "/places/:id/duty-story",
      schema: {
        tags,
        summary: "Every duty of a place, past and planned ones too, with leaves and substitutes; the latest first",
        params,
        response: answer(z.object({ items: z.array(dutyStorySchema) })),
      },
      handler: async (request) => ({
        items: dutyStories(places.history, duties, request.params.id, cityTimeMs()),
      }),
    });
    app.route({
      method: "GET",
      url: "/duties",
      config: { exported: EXPORTED.duties },
      schema: {
        tags,
        summary: "The roster of a place and of all below it at an instant, with the slots that nobody holds",
        description: "Pages hold whole places and may be a little longer than `limit`.",
        querystring: z.strictObject({ place: id, at: instantQuery.optional(), ...pageQuery }),
        response: pageAnswer(dutyRowSchema),
      },
      handler: async ({ query: { place, at, cursor, limit } }) =>
        rosterBelow(places.history, duties, { place, atMs: msOf(at), after: cursor ?? "", limit }),
    });
    app.route({
      method: "POST",
      url: "/duties/import",
      config: { invalidBody: "DUTY_INVALID" },
      schema: {
        tags,
        summary:
          "Gives many slots to persons, all of them or none; what is held already by the person is left as it is",
        body: z.strictObject({ duties: z.array(dutyInputSchema).min(1).max(IMPORT_MAX) }),
        response: { 201: z.object({ given: z.int(), held: z.int() }), ...answer(z.never()) },
      },
      handler: async (request, reply) => {
        const account = accountOf(request);
        const inputs = request.body.duties.map(({ place, slot, person: who, from, to }) => ({
          place,
          slot,
          person: who,
          fromMs: msOf(from),
          toMs: endOf(to),
        }));
        const isHeld = ({ place, slot, person: who, fromMs }: (typeof inputs)[number]): boolean =>
          duties.index
            .holdingsFrom(place, fromMs)
            .some((held) => held.slot === slot && held.person === who && held.fromMs <= fromMs);
        const wanted = inputs.filter((input) => !isHeld(input));
        const persons = new Map(
          request.body.duties.flatMap((each) => (each.name === undefined ? [] : [[each.person, each.name] as const])),
        );
        if (wanted.length > 0) {
          await duties.assign(wanted, {
            persons: [...persons].map(([personId, name]) => ({ id: personId, name })),
            ...(account === null ? {} : { account }),
          });
        }
        return reply.code(201).send({ given: wanted.length, held: inputs.length - wanted.length });
      },
    });
    app.route({
      method: "GET",
      url: "/places/:id/addressee",
      schema: {
        tags,
        summary: "Who is addressed by work for a slot of a place; when nobody holds it, who above",
        params,
        querystring: z.strictObject({ slot: z.string().min(1).max(32), at: instantQuery.optional() }),
        response: answer(
          z.object({ place: z.string(), slot: z.string(), persons: z.array(z.string()), wentUp: z.boolean() }),
        ),
      },
      handler: async (request) => {
        const found = duties.find(request.params.id, request.query.slot, msOf(request.query.at));
        return { ...found, persons: [...found.persons] };
      },
    });
    app.route({
      method: "POST",
      url: "/duties",
      config: { invalidBody: "DUTY_INVALID" },
      schema: {
        tags,
        summary: "Gives a slot of a place to a person for a period",
        body: dutyInputSchema,
        response: { 201: dutySchema, ...answer(z.never()) },
      },
      handler: async (request, reply) => {
        const { body } = request;
        const account = accountOf(request);
        const [duty] = await duties.assign(
          [
            {
              place: body.place,
              slot: body.slot,
              person: body.person,
              fromMs: msOf(body.from),
              toMs: endOf(body.to),
            },
          ],
          {
            ...(body.name === undefined ? {} : { persons: [{ id: body.person, name: body.name }] }),
            ...(account === null ? {} : { account }),
          },
        );
        return reply.code(201).send(duty!);
      },
    });
    app.route({
      method: "POST",
      url: "/duties/:id/end",
      schema: {
        tags,
        summary: "Ends a duty at an instant, now when none is given",
        params,
        body: z.strictObject({ at: instant.optional() }),
        response: answer(dutySchema),
      },
      handler: (request) => duties.end(request.params.id, msOf(request.body.at)),
    });
    app.route({
      method: "POST",
      url: "/duties/:id/substitutes",
      config: { invalidBody: "DUTY_INVALID" },
      schema: {
        tags,
        summary: "Who stands in for the holder of a duty whenever the holder is on leave",
        params,
        body: z.strictObject({ person, from: instant.optional(), to: instant.nullish() }),
        response: { 201: z.object({ id: z.string() }), ...answer(z.never()) },
      },
      handler: async (request, reply) => {
        const { person: substitute, from, to } = request.body;
        const made = await duties.addSubstitute(
          { duty: request.params.id, person: substitute, fromMs: msOf(from), toMs: endOf(to) },
          accountOf(request) ?? undefined,
        );
        return reply.code(201).send({ id: made.id });
      },
    });
    app.route({
      method: "POST",
      url: "/leave",
      config: { invalidBody: "DUTY_INVALID" },
      schema: {
        tags,
        summary: "A person is on leave for a period; who stands in does so for every duty of the person",
        body: z.strictObject({ person, from: instant.optional(), to: instant, substitute: person.optional() }),
        response: { 201: leaveSchema, ...answer(z.never()) },
      },
      handler: async (request, reply) => {
        const { from, to, ...body } = request.body;
        const [leave] = await duties.addLeaves(
          [{ ...body, fromMs: msOf(from), toMs: Date.parse(to) }],
          accountOf(request) ?? undefined,
        );
        return reply.code(201).send(leaveOf(leave!));
      },
    });
    app.route({
      method: "POST",
      url: "/leave/:id/end",
      schema: {
        tags,
        summary: "Ends a leave earlier than planned",
        params,
        body: z.strictObject({ at: instant.optional() }),
        response: answer(leaveSchema),
      },
      handler: async (request) => leaveOf(await duties.endLeave(request.params.id, msOf(request.body.at))),
    });
  };
}

function leaveOf(leave: { id: string; person: string; fromMs: number; toMs: number }): z.infer<typeof leaveSchema> {
  const { id: leaveId, person: of, fromMs, toMs } = leave;
  return { id: leaveId, person: of, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}
