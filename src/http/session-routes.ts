import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { PURPOSES, RIGHTS } from "../access/rights.ts";
import { WuxingError } from "../model/errors.ts";
import { SESSION_COOKIE, type HttpAccess } from "./access-hooks.ts";
import { answer, pageAnswer } from "./lists.ts";
import { principalOf } from "./principal.ts";

/** What the pages need of places to say where somebody serves. */
export interface PlaceNames {
  nameOf: (place: string) => string;
  kindOf: (place: string) => string;
}

/** An account of the demo, so that a stranger can look at every side of it. */
export interface DemoAccount {
  account: string;
  password: string;
  zh: string;
  en: string;
}

const tags = ["access"];
const SESSION_SECONDS = 30 * 86_400;
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
  /** True while nobody has signed in and the demo takes this browser for its duty officer. */
  isDemo: z.boolean(),
});

/** Signing in and out, who I am, what I read for, my sessions and keys. */
export function sessionRoutes(
  { desk, audit, demoAccount }: HttpAccess,
  names: PlaceNames,
  demoAccounts: readonly DemoAccount[],
): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/session/options",
      schema: {
        tags,
        summary: "How to sign in; in the demo its accounts",
        response: answer(
          z.object({
            demo: z.array(z.object({ account: z.string(), password: z.string(), zh: z.string(), en: z.string() })),
          }),
        ),
      },
      handler: async () => ({ demo: [...demoAccounts] }),
    });
    app.route({
      method: "POST",
      url: "/session",
      schema: {
        tags,
        summary: "Signs in; the session is a cookie that scripts cannot read",
        body: z.strictObject({
          account: z.string().min(1).max(100),
          password: z.string().min(1).max(200),
          code: z.string().max(10).optional(),
        }),
        response: answer(z.object({ account: z.string() })),
      },
      handler: async (request, reply) => {
        const { account, password, code } = request.body;
        const noted = { account, purpose: null, kind: "sign-in", subject: null, shape: "POST /session" } as const;
        try {
          const token = await desk.signIn(account, password, code, request.ip);
          await audit.append({ ...noted, count: 1, status: 200 });
          setCookie(reply, token, SESSION_SECONDS, isHttps(request));
          return { account };
        } catch (error) {
          // Whoever has to wait is not noted each time: a stranger must not make the chain grow.
          if (error instanceof WuxingError && error.code === "SIGN_IN_FAILED")
            await audit.append({ ...noted, count: 0, status: 401 });
          throw error;
        }
      },
    });
    app.route({
      method: "DELETE",
      url: "/session",
      schema: { tags, summary: "Signs out", response: answer(z.object({ ended: z.boolean() })) },
      handler: async (request, reply) => {
        const { account, session } = principalOf(request);
        if (session !== null) await desk.endSession(account, session);
        setCookie(reply, "", 0, isHttps(request));
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
          isDemo: session === null && !hasKey && account === demoAccount,
        };
      },
    });
    app.route({
      method: "POST",
      url: "/session/purpose",
      schema: {
        tags,
        summary: "What this session reads personal data for from now on",
        body: z.strictObject({ purpose: z.string().min(1).max(40) }),
        response: answer(z.object({ purpose: z.string() })),
      },
      handler: async (request) => {
        await desk.setPurpose(principalOf(request), request.body.purpose);
        return { purpose: request.body.purpose };
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
        await desk.endSession(principalOf(request).account, request.params.id);
        return request.params;
      },
    });
    app.route({
      method: "POST",
      url: "/keys",
      schema: {
        tags,
        summary: "A key for a program, with no more than my own rights; shown this once",
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
        return desk.addKey(principalOf(request), { ...body, expiresMs: Date.now() + days * DAY_MS });
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
        await desk.revokeKey(principalOf(request).account, request.params.id);
        return request.params;
      },
    });
  };
}

/** TLS ends at a proxy, which says so. Whoever says it without one only loses a cookie of their own. */
function isHttps({ headers }: FastifyRequest): boolean {
  return headers["x-forwarded-proto"] === "https";
}

function setCookie(reply: FastifyReply, token: string, seconds: number, isSecure: boolean): void {
  const secure = isSecure ? "; Secure" : "";
  void reply.header(
    "set-cookie",
    `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`,
  );
}
