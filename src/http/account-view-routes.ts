import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { getAccountView, keysOf, unblockAccount } from "../access/account-views.ts";
import { RIGHTS } from "../access/rights.ts";
import type { HttpAccess } from "./access-hooks.ts";
import { answer, pageAnswer } from "./lists.ts";
import { principalOf } from "./principal.ts";
import type { PlaceNames } from "./session-routes.ts";

const tags = ["access"];
const params = z.object({ id: z.string().min(1).max(64) });
const viewSchema = z.object({
  id: z.string(),
  name: z.string(),
  person: z.string().nullable(),
  roles: z.array(z.string()),
  state: z.enum(["active", "blocked"]),
  createdAt: z.iso.datetime(),
  duties: z.array(z.object({ place: z.string(), placeName: z.string(), slot: z.string() })),
  rights: z.array(z.enum(RIGHTS)),
  purposes: z.array(z.string()),
  sessions: z.int(),
  keys: z.int(),
});
const keySchema = z.object({
  id: z.string(),
  label: z.string(),
  purpose: z.string().nullable(),
  rights: z.array(z.string()),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});

/** What an account may do now, for whoever keeps accounts; and one's own keys. */
export function accountViewRoutes(
  { desk, kysely }: Pick<HttpAccess, "desk" | "kysely">,
  names: PlaceNames,
): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/accounts/:id",
      schema: {
        tags,
        summary: "An account with the duties, rights and purposes that it has at this moment",
        params,
        response: answer(viewSchema),
      },
      handler: async (request) => {
        const { createdMs, duties, rights, purposes, ...rest } = await getAccountView(kysely, desk, request.params.id);
        return {
          ...rest,
          createdAt: new Date(createdMs).toISOString(),
          duties: duties.map(({ place, slot }) => ({ place, placeName: names.nameOf(place), slot })),
          rights: RIGHTS.filter((right) => rights.has(right)),
          purposes: [...purposes],
        };
      },
    });
    app.route({
      method: "POST",
      url: "/accounts/:id/unblock",
      schema: {
        tags,
        summary: "Lets a blocked account sign in again; its old sessions and keys stay ended",
        params,
        response: answer(params),
      },
      handler: async (request) => {
        await unblockAccount(kysely, request.params.id);
        return request.params;
      },
    });
    app.route({
      method: "GET",
      url: "/keys",
      schema: { tags, summary: "My keys that still open something, newest first", response: pageAnswer(keySchema) },
      handler: async (request) => {
        const keys = await keysOf(kysely, principalOf(request).account);
        const items = keys.map(({ createdMs, expiresMs, ...rest }) => ({
          ...rest,
          createdAt: new Date(createdMs).toISOString(),
          expiresAt: new Date(expiresMs).toISOString(),
        }));
        return { items, next: null };
      },
    });
  };
}
