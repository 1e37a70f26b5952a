import { randomBytes } from "node:crypto";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { BREAK_GLASS_HOURS, type AccessDesk } from "../access/access-desk.ts";
import { PURPOSES, ROLES } from "../access/rights.ts";
import { answer, pageAnswer } from "./lists.ts";
import { principalOf } from "./principal.ts";

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

/** Accounts, for whoever may make them; and the right that is taken in an emergency. */
export function accountRoutes(desk: AccessDesk): FastifyPluginAsyncZod {
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
      url: "/break-glass",
      schema: {
        tags,
        summary: `A purpose that I do not have, for ${BREAK_GLASS_HOURS} hours, in an emergency; whoever stands above me is told at once`,
        body: z.strictObject({
          purpose: z.enum(PURPOSES.map((each) => each.id) as [string, ...string[]]),
          reason: z.string().trim().min(10).max(500),
        }),
        response: answer(z.object({ until: z.iso.datetime() })),
      },
      handler: async (request) => {
        const untilMs = await desk.breakGlass(principalOf(request), request.body.purpose, request.body.reason);
        return { until: new Date(untilMs).toISOString() };
      },
    });
  };
}
