import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { OpenId } from "../access/open-id.ts";
import { WuxingError } from "../model/errors.ts";
import type { HttpAccess } from "./access-hooks.ts";
import { answer } from "./lists.ts";
import { sessionOf } from "./principal.ts";
import { addCookie, cookieOf } from "./session-cookie.ts";
import { begin, noteFailed } from "./session-sign-in-routes.ts";

const tags = ["access"];
const BROWSER_COOKIE = "wuxing_openid";
const BACK = "/api/v1/session/openid/back";
const FLOW_SECONDS = 600;
const TOKEN_BYTES = 32;
const proof = z.strictObject({ password: z.string().min(1).max(200), code: z.string().min(1).max(20).optional() });

/**
 * Signing in by the identity provider of the settings: there, and back with a session or with what went wrong. And linking
 * one's own account: the same way, begun by whoever has proved who it is.
 */
export function openIdRoutes(access: HttpAccess, openId: OpenId): FastifyPluginAsyncZod {
  const { desk, signIn, audit } = access;
  return async (app) => {
    app.route({
      method: "GET",
      url: "/session/openid",
      schema: { tags, summary: "Sends the browser to the identity provider" },
      handler: (request, reply) =>
        orBack(reply, async () => reply.redirect((await send(openId, request, reply, null)).href)),
    });
    app.route({
      method: "GET",
      url: "/session/openid/back",
      schema: { tags, summary: "Takes the browser back from the identity provider" },
      handler: (request, reply) =>
        orBack(reply, async () => {
          addCookie(request, reply, `${BROWSER_COOKIE}=; Path=${BACK}; HttpOnly; SameSite=Lax; Max-Age=0`);
          const { account, isLinked } = await noteFailed(audit, request, null, () => finish(access, request, openId));
          if (!isLinked) {
            await begin(access, request, reply, null, async () => account);
            return reply.redirect("/");
          }
          const shape = `GET ${BACK}: the account is linked to an identity`;
          await audit.append({ account, purpose: null, kind: "write", subject: account, shape, count: 1, status: 200 });
          return reply.redirect("/?linked=openid");
        }),
    });
    app.route({
      method: "GET",
      url: "/me/identities",
      schema: {
        tags,
        summary: "Under whose name the identity provider knows my account",
        response: answer(
          z.object({
            issuer: z.string(),
            items: z.array(
              z.object({
                issuer: z.string(),
                subject: z.string(),
                linkedBy: z.string(),
                linkedAt: z.iso.datetime(),
              }),
            ),
          }),
        ),
      },
      handler: async (request) => {
        const linked = await openId.of(sessionOf(request).account);
        const items = linked.map(({ issuer, subject, linked_by: linkedBy, linked_ms: linkedMs }) => {
          return { issuer, subject, linkedBy, linkedAt: new Date(linkedMs).toISOString() };
        });
        return { issuer: openId.issuer, items };
      },
    });
    app.route({
      method: "POST",
      url: "/me/identities",
      schema: {
        tags,
        summary:
          "Begins to link my account: answers where to send this browser; it comes back to `/?linked=openid`, or to `/?failed=CODE`",
        body: proof,
        response: answer(z.object({ url: z.url() })),
      },
      handler: async (request, reply) => {
        const { account, session } = sessionOf(request);
        await signIn.prove(account, request.body.password, request.body.code, request.ip);
        if ((await openId.of(account)).length > 0)
          throw new WuxingError("INPUT_INVALID", "identity", [
            { where: "account", value: account, expected: "an account that is not linked yet" },
          ]);
        return { url: (await send(openId, request, reply, { account, session })).href };
      },
    });
    app.route({
      method: "DELETE",
      url: "/me/identities",
      schema: {
        tags,
        summary: "Unlinks my account from the identity provider; needs the password. My other sessions end",
        body: proof,
        response: answer(z.object({ unlinked: z.boolean() })),
      },
      handler: async (request) => {
        const { account, session } = sessionOf(request);
        await signIn.prove(account, request.body.password, request.body.code, request.ip);
        const unlinked = (await openId.of(account)).length > 0;
        await openId.unlink(account);
        await desk.endSessions(account, session);
        return { unlinked };
      },
    });
  };
}

/** Where the browser has to go; what only it has is in a cookie. Lax: the provider's page sends it back. */
async function send(
  openId: OpenId,
  request: FastifyRequest,
  reply: FastifyReply,
  linkTo: { account: string; session: string } | null,
): Promise<URL> {
  const browser = randomBytes(TOKEN_BYTES).toString("base64url");
  const to = await openId.begin(browser, linkTo);
  const cookie = `${BROWSER_COOKIE}=${browser}; Path=${BACK}; HttpOnly; SameSite=Lax; Max-Age=${FLOW_SECONDS}`;
  addCookie(request, reply, cookie);
  return to;
}

/** @returns the account, which has to be active */
async function finish(
  { signIn, desk }: HttpAccess,
  request: FastifyRequest,
  openId: OpenId,
): Promise<{ account: string; isLinked: boolean }> {
  const query = request.url.slice(request.url.indexOf("?"));
  const returned = await openId.finish(query, cookieOf(request, BROWSER_COOKIE), (account, session) =>
    desk.isOpen(account, session),
  );
  if (!(await signIn.isActive(returned.account))) throw new WuxingError("SIGN_IN_FAILED");
  return returned;
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
