import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { AuditNote } from "../access/audit-chain.ts";
import { WuxingError } from "../model/errors.ts";
import { pageOf, type HttpAccess } from "./access-hooks.ts";
import { answer } from "./lists.ts";
import { setSessionCookie } from "./session-cookie.ts";

/** An account of the demo, so that a stranger can look at every side of it. */
export interface DemoAccount {
  account: string;
  password: string;
  zh: string;
  en: string;
}

const tags = ["access"];
/** An answer of the browser's (Web Authentication, `toJSON`); it is checked where it is verified. */
export const passkeyAnswer = z.looseObject({
  id: z.string().min(1).max(1400),
  rawId: z.string().min(1).max(1400),
  type: z.literal("public-key"),
  response: z.record(z.string(), z.unknown()),
  clientExtensionResults: z.record(z.string(), z.unknown()).default({}),
});
const credentials = z.strictObject({ account: z.string().min(1).max(100), password: z.string().min(1).max(200) });
const signedIn = answer(z.object({ account: z.string() }));

/** How somebody begins a session: password, with a code or a passkey where the account has one, or a passkey alone. */
export function signInRoutes(access: HttpAccess, demoAccounts: readonly DemoAccount[]): FastifyPluginAsyncZod {
  const { signIn, passkeys, openId, publicUrl, audit } = access;
  return async (app) => {
    app.route({
      method: "GET",
      url: "/session/options",
      schema: {
        tags,
        summary: "How to sign in; in the demo its accounts",
        response: answer(
          z.object({
            openId: z.boolean(),
            demo: z.array(z.object({ account: z.string(), password: z.string(), zh: z.string(), en: z.string() })),
          }),
        ),
      },
      handler: async () => ({ openId: openId !== null, demo: [...demoAccounts] }),
    });
    app.route({
      method: "POST",
      url: "/session",
      schema: {
        tags,
        summary:
          "Signs in; the session is a cookie that scripts cannot read. CODE_NEEDED: the same again with a code, a recovery code or a passkey",
        body: credentials.extend({
          code: z.string().min(1).max(20).optional(),
          passkey: passkeyAnswer.optional(),
        }),
        response: signedIn,
      },
      handler: (request, reply) => {
        const { account, password, code, passkey } = request.body;
        const response = passkey as AuthenticationResponseJSON | undefined;
        const proof = {
          code,
          passkey: response === undefined ? undefined : { response, page: pageOf(request, publicUrl) },
        };
        return begin(access, request, reply, account, async () => {
          await signIn.byPassword(account, password, proof, request.ip);
          return account;
        });
      },
    });
    app.route({
      method: "POST",
      url: "/session/passkey/options",
      schema: {
        tags,
        summary:
          "What a browser asks for a passkey by (PublicKeyCredentialRequestOptionsJSON); with account and password for one of the account's own, to stand beside the password",
        body: credentials.nullish(),
        response: answer(z.looseObject({ challenge: z.string() })),
      },
      handler: async (request) => {
        const page = pageOf(request, publicUrl);
        const { body } = request;
        if (body == null) return { ...(await passkeys.toSignIn(page)) };
        const { account, password } = body;
        const prove = (): ReturnType<typeof signIn.toStandBeside> =>
          signIn.toStandBeside(account, password, page, request.ip);
        return { ...(await noteFailed(audit, request, account, prove)) };
      },
    });
    app.route({
      method: "POST",
      url: "/session/passkey",
      schema: {
        tags,
        summary: "Signs in by a passkey alone, which has made sure of its person",
        body: z.strictObject({ passkey: passkeyAnswer }),
        response: signedIn,
      },
      handler: (request, reply) => {
        const response = request.body.passkey as unknown as AuthenticationResponseJSON;
        return begin(access, request, reply, null, () =>
          signIn.byPasskey(response, pageOf(request, publicUrl), request.ip),
        );
      },
    });
  };
}

/** Begins a session of whom a way in has proved, and notes it either way. @param named whom it was tried for, if that was said */
export async function begin(
  { desk, audit }: Pick<HttpAccess, "desk" | "audit">,
  request: FastifyRequest,
  reply: FastifyReply,
  named: string | null,
  prove: () => Promise<string>,
): Promise<{ account: string }> {
  const account = await noteFailed(audit, request, named, prove);
  const token = await desk.beginSession(account, request.ip);
  await audit.append({ ...noteOf(request), account, count: 1, status: 200 });
  setSessionCookie(request, reply, token);
  return { account };
}

/** Notes that somebody could not prove who it is. Whoever has to wait is not noted each time: a stranger must not make the chain grow. */
export async function noteFailed<T>(
  audit: HttpAccess["audit"],
  request: FastifyRequest,
  named: string | null,
  prove: () => Promise<T>,
): Promise<T> {
  try {
    return await prove();
  } catch (error) {
    if (error instanceof WuxingError && error.code === "SIGN_IN_FAILED")
      await audit.append({ ...noteOf(request), account: named, count: 0, status: 401 });
    throw error;
  }
}

function noteOf(request: FastifyRequest): Pick<AuditNote, "purpose" | "kind" | "subject" | "shape"> {
  const shape = `${request.method} ${(request.routeOptions.url ?? "").replace("/api/v1", "")}`;
  return { purpose: null, kind: "sign-in", subject: null, shape };
}
