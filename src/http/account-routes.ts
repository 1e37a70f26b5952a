import { randomBytes } from "node:crypto";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { BREAK_GLASS_HOURS } from "../access/access-desk.ts";
import { PURPOSES, ROLES } from "../access/rights.ts";
import { WuxingError } from "../model/errors.ts";
import type { HttpAccess } from "./access-hooks.ts";
import { answer, pageAnswer } from "./lists.ts";
import { sessionOf } from "./principal.ts";

const tags = ["access"];
const id = z.string().regex(/^[\w.@-]{1,64}$/);
const accountSchema = z.object({
  id: z.string(),
  name: z.string(),
  person: z.string().nullable(),
  roles: z.array(z.string()),
  state: z.enum(["active", "blocked"]),
});
const PASSWORD_BYTES = 12;
const reason = z.string().trim().min(10).max(500);

/** Accounts, for whoever may make them; and the right that is taken in an emergency. */
export function accountRoutes({ desk, audit, factors, openId }: HttpAccess): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/accounts",
      schema: {
        tags,
        summary: "Accounts whose name or id begins with a text",
        querystring: z.strictObject({ q: z.string().max(64).default("") }),
        response: pageAnswer(accountSchema),
      },
      handler: async ({ query }) => ({ items: await desk.findAccounts(query.q), next: null }),
    });
    app.route({
      method: "POST",
      url: "/accounts",
      schema: {
        tags,
        summary: "A new account; its password is shown this once. What it may do comes from its person's duties",
        body: z.strictObject({
          id,
          name: z.string().min(1).max(100),
          person: z.string().max(64).nullable().default(null),
          roles: z.array(z.enum(ROLES as [string, ...string[]])).default([]),
        }),
        response: answer(z.object({ id: z.string(), password: z.string() })),
      },
      handler: async ({ body }) => {
        const password = randomBytes(PASSWORD_BYTES).toString("base64url");
        await desk.addAccount({ ...body, password });
        return { id: body.id, password };
      },
    });
    app.route({
      method: "POST",
      url: "/accounts/:id/block",
      schema: {
        tags,
        summary: "Blocks an account and ends its sessions",
        params: z.object({ id }),
        response: answer(z.object({ id: z.string() })),
      },
      handler: async ({ params }) => {
        await desk.block(params.id);
        return params;
      },
    });
    app.route({
      method: "POST",
      url: "/accounts/:id/factors/reset",
      schema: {
        tags,
        summary:
          "Takes an account's codes and passkeys away, for somebody who has lost them; the account is told who did and why",
        params: z.object({ id }),
        body: z.strictObject({ reason }),
        response: answer(z.object({ id: z.string() })),
      },
      handler: async (request) => {
        const by = sessionOf(request);
        const { id: account } = request.params;
        if (account === by.account) throw new WuxingError("FORBIDDEN", "one's own are switched off with a code");
        await desk.tell(by, account, "factors-reset", request.body.reason);
        const shape = `codes and passkeys are reset: ${request.body.reason}`;
        const noted = { account: by.account, purpose: null, kind: "write", subject: account, shape } as const;
        await audit.append({ ...noted, count: 1, status: 200 });
        await factors.reset(account);
        return request.params;
      },
    });
    if (openId !== null) {
      app.route({
        method: "POST",
        url: "/accounts/:id/identity",
        schema: {
          tags,
          summary: "Links an account to somebody at the identity provider; the account is told. It gives no right",
          params: z.object({ id }),
          body: z.strictObject({ subject: z.string().min(1).max(255), reason }),
          response: answer(z.object({ id: z.string() })),
        },
        handler: async (request) => {
          const by = sessionOf(request);
          const { subject, reason: why } = request.body;
          if (request.params.id === by.account) throw new WuxingError("FORBIDDEN", "another administrator does that");
          await desk.tell(by, request.params.id, "identity-linked", why);
          await openId.link(request.params.id, subject, by.account);
          return request.params;
        },
      });
      app.route({
        method: "DELETE",
        url: "/accounts/:id/identity",
        schema: {
          tags,
          summary: "Unlinks an account from the identity provider and ends its sessions",
          params: z.object({ id }),
          response: answer(z.object({ id: z.string() })),
        },
        handler: async (request) => {
          await openId.unlink(request.params.id);
          await desk.endSessions(request.params.id);
          return request.params;
        },
      });
    }
    app.route({
      method: "POST",
      url: "/break-glass",
      schema: {
        tags,
        summary: `A purpose that I do not have, for ${BREAK_GLASS_HOURS} hours, in an emergency; whoever stands above me is told at once`,
        body: z.strictObject({
          purpose: z.enum(PURPOSES.map((each) => each.id) as [string, ...string[]]),
          reason,
        }),
        response: answer(z.object({ until: z.iso.datetime() })),
      },
      handler: async (request) => {
        const untilMs = await desk.breakGlass(sessionOf(request), request.body.purpose, request.body.reason);
        return { until: new Date(untilMs).toISOString() };
      },
    });
  };
}
