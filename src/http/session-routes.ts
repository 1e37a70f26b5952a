import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { PURPOSES, RIGHTS } from "../access/rights.ts";
import type { HttpAccess } from "./access-hooks.ts";
import { answer, pageAnswer } from "./lists.ts";
import { principalOf, sessionOf } from "./principal.ts";
import { endSessionCookie, setSessionCookie } from "./session-cookie.ts";

/** What the pages need of places to say where somebody serves. */
export interface PlaceNames {
  nameOf: (place: string) => string;
  kindOf: (place: string) => string;
}

const tags = ["access"];
const KEY_DAYS_MAX = 366;
const DAY_MS = 86_400_000;
const purposeSchema = z.object({ id: z.string(), zh: z.string(), en: z.string(), classes: z.array(z.string()) });
const meSchema = z.object({
  account: z.string(),
  name: z.string(),
  person: z.string().nullable(),
  duties: z.array(z.object({ place: z.string(), placeName: z.string(), placeKind: z.string(), slot: z.string() })),
  rights: z.array(z.enum(RIGHTS)),
  purposes: z.array(purposeSchema),
  purpose: z.string().nullable(),
  /** When the purpose that was chosen ends. */
  purposeUntil: z.iso.datetime().nullable(),
  /** True while nobody has signed in and the demo takes this browser for its duty officer. */
  isDemo: z.boolean(),
});

/** Signing out, who I am, what I read for, my sessions and keys. */
export function sessionRoutes({ desk, demo }: HttpAccess, names: PlaceNames): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "DELETE",
      url: "/session",
      schema: { tags, summary: "Signs out", response: answer(z.object({ ended: z.boolean() })) },
      handler: async (request, reply) => {
        const { account, session } = principalOf(request);
        if (session !== null) await desk.endSession(account, session);
        endSessionCookie(request, reply);
        return { ended: session !== null };
      },
    });
    app.route({
      method: "GET",
      url: "/me",
      schema: { tags, summary: "Who I am, my duties, rights and purposes", response: answer(meSchema) },
      handler: async (request) => {
        const { account, name, person, duties, rights, purposes, session } = principalOf(request);
        const hasKey = request.headers.authorization !== undefined;
        return {
          account,
          name,
          person,
          duties: duties.map(({ place, slot }) => ({
            place,
            placeName: names.nameOf(place),
            placeKind: names.kindOf(place),
            slot,
          })),
          rights: RIGHTS.filter((right) => rights.has(right)),
          purposes: PURPOSES.filter(({ id }) => purposes.includes(id)).map((each) => ({
            ...each,
            classes: [...each.classes],
          })),
          purpose: request.purpose,
          purposeUntil: request.purposeUntilMs === null ? null : new Date(request.purposeUntilMs).toISOString(),
          isDemo: session === null && !hasKey && account === demo?.account,
        };
      },
    });
    app.route({
      method: "POST",
      url: "/session/purpose",
      schema: {
        tags,
        summary: "What this session reads personal data for, for the length of a shift; null: for nothing any more",
        body: z.strictObject({ purpose: z.string().min(1).max(40).nullable() }),
        response: answer(z.object({ purpose: z.string().nullable(), until: z.iso.datetime().nullable() })),
      },
      handler: async (request, reply) => {
        const { purpose } = request.body;
        let principal = principalOf(request);
        if (principal.session === null && request.headers.authorization === undefined) {
          // The demo's officer begins a session by saying what for.
          const token = await desk.beginDemoSession(principal.account, request.ip);
          principal = (await desk.bySession(token))!.principal;
          setSessionCookie(request, reply, token);
        }
        const untilMs = await desk.setPurpose(principal, purpose);
        return { purpose, until: untilMs === null ? null : new Date(untilMs).toISOString() };
      },
    });
    app.route({
      method: "GET",
      url: "/sessions",
      schema: {
        tags,
        summary: "My sessions that have not ended",
        response: pageAnswer(
          z.object({ id: z.string(), address: z.string(), createdAt: z.iso.datetime(), seenAt: z.iso.datetime() }),
        ),
      },
      handler: async (request) => {
        const sessions = await desk.sessionsOf(principalOf(request).account);
        const items = sessions.map(({ id, address, createdMs, seenMs }) => ({
          id,
          address,
          createdAt: new Date(createdMs).toISOString(),
          seenAt: new Date(seenMs).toISOString(),
        }));
        return { items, next: null };
      },
    });
    app.route({
      method: "DELETE",
      url: "/sessions/:id",
      schema: {
        tags,
        summary: "Ends one of my sessions",
        params: z.object({ id: z.string().max(64) }),
        response: answer(z.object({ id: z.string() })),
      },
      handler: async (request) => {
        await desk.endSession(sessionOf(request).account, request.params.id);
        return request.params;
      },
    });
    app.route({
      method: "POST",
      url: "/keys",
      schema: {
        tags,
        summary: "A key for a program, with no more than my own rights; shown this once. A key makes no keys",
        body: z.strictObject({
          label: z.string().min(1).max(100),
          purpose: z.string().max(40).nullable().default(null),
          rights: z.array(z.enum(RIGHTS)).min(1),
          days: z.int().min(1).max(KEY_DAYS_MAX),
        }),
        response: answer(z.object({ id: z.string(), key: z.string() })),
      },
      handler: (request) => {
        const { days, ...body } = request.body;
        return desk.addKey(sessionOf(request), { ...body, expiresMs: Date.now() + days * DAY_MS });
      },
    });
    app.route({
      method: "DELETE",
      url: "/keys/:id",
      schema: {
        tags,
        summary: "Revokes one of my keys",
        params: z.object({ id: z.string().max(64) }),
        response: answer(z.object({ id: z.string() })),
      },
      handler: async (request) => {
        await desk.revokeKey(sessionOf(request).account, request.params.id);
        return request.params;
      },
    });
  };
}
