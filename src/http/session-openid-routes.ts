import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { OpenId } from "../access/open-id.ts";
import { WuxingError } from "../model/errors.ts";
import type { HttpAccess } from "./access-hooks.ts";
import { addCookie, cookieOf } from "./session-cookie.ts";
import { begin } from "./session-sign-in-routes.ts";

const tags = ["access"];
const BROWSER_COOKIE = "wuxing_openid";
const BACK = "/api/v1/session/openid/back";
const FLOW_SECONDS = 600;
const TOKEN_BYTES = 32;

/** Signing in by the identity provider of the settings: there, and back with a session or with what went wrong. */
export function openIdRoutes(access: HttpAccess, openId: OpenId): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/session/openid",
      schema: { tags, summary: "Sends the browser to the identity provider" },
      handler: (request, reply) =>
        orBack(reply, async () => {
          const browser = randomBytes(TOKEN_BYTES).toString("base64url");
          const to = await openId.begin(browser);
          // Lax: the provider's page sends the browser back.
          const cookie = `${BROWSER_COOKIE}=${browser}; Path=${BACK}; HttpOnly; SameSite=Lax; Max-Age=${FLOW_SECONDS}`;
          addCookie(request, reply, cookie);
          return reply.redirect(to.href);
        }),
    });
    app.route({
      method: "GET",
      url: "/session/openid/back",
      schema: { tags, summary: "Takes the browser back from the identity provider" },
      handler: (request, reply) =>
        orBack(reply, async () => {
          addCookie(request, reply, `${BROWSER_COOKIE}=; Path=${BACK}; HttpOnly; SameSite=Lax; Max-Age=0`);
          await begin(access, request, reply, null, () => finish(access, request, openId));
          return reply.redirect("/");
        }),
    });
  };
}

/** @returns the account, which has to be active */
async function finish({ signIn }: HttpAccess, request: FastifyRequest, openId: OpenId): Promise<string> {
  const query = request.url.slice(request.url.indexOf("?"));
  const account = await openId.finish(query, cookieOf(request, BROWSER_COOKIE));
  if (!(await signIn.isActive(account))) throw new WuxingError("SIGN_IN_FAILED");
  return account;
}

/** A browser that follows links gets a page: what went wrong is said where one signs in. */
async function orBack(reply: FastifyReply, run: () => Promise<FastifyReply>): Promise<FastifyReply> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof WuxingError)) throw error;
    const { code, message } = error;
    const detail = code === "IDENTITY_UNLINKED" ? (message.split(": ").at(-1) ?? "") : "";
    const query = new URLSearchParams({ failed: code, ...(detail === "" ? {} : { detail }) });
    return reply.redirect(`/?${query.toString()}`);
  }
}
