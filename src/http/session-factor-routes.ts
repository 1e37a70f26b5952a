import type { RegistrationResponseJSON } from "@simplewebauthn/server";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { pageOf, type HttpAccess } from "./access-hooks.ts";
import { answer } from "./lists.ts";
import { sessionOf } from "./principal.ts";
import { passkeyAnswer } from "./session-sign-in-routes.ts";

const tags = ["access"];
const password = z.string().min(1).max(200);
const code = z.string().min(1).max(20).optional();
const proof = { password, code };
const codes = answer(z.object({ recoveryCodes: z.array(z.string()) }));
const off = answer(z.object({ totp: z.boolean(), passkeys: z.int(), recoveryCodes: z.int() }));

/** What my account proves itself with besides its password. Everything that changes it asks for the password again. */
export function factorRoutes({ signIn, factors, passkeys, publicUrl }: HttpAccess): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/me/factors",
      schema: {
        tags,
        summary: "Whether codes are on, my passkeys, and how many recovery codes are left",
        response: answer(
          z.object({
            totp: z.boolean(),
            recoveryCodes: z.int(),
            passkeys: z.array(
              z.object({
                id: z.string(),
                label: z.string(),
                createdAt: z.iso.datetime(),
                usedAt: z.iso.datetime().nullable(),
              }),
            ),
          }),
        ),
      },
      handler: async (request) => {
        const { account } = sessionOf(request);
        const [{ totp, recoveryCodes }, kept] = await Promise.all([factors.of(account), passkeys.of(account)]);
        const list = kept.map(({ id, label, created_ms: createdMs, used_ms: usedMs }) => ({
          id,
          label,
          createdAt: new Date(createdMs).toISOString(),
          usedAt: usedMs === null ? null : new Date(usedMs).toISOString(),
        }));
        return { totp, recoveryCodes, passkeys: list };
      },
    });
    app.route({
      method: "POST",
      url: "/me/totp",
      schema: {
        tags,
        summary: "A new secret for an authenticator (RFC 6238); it counts once a code of it was entered",
        body: z.strictObject(proof),
        response: answer(z.object({ secret: z.string(), uri: z.string() })),
      },
      handler: async (request) => {
        const { account } = sessionOf(request);
        await signIn.prove(account, request.body.password, request.body.code, request.ip);
        return factors.begin(account);
      },
    });
    app.route({
      method: "POST",
      url: "/me/totp/confirm",
      schema: {
        tags,
        summary: "The first code of the authenticator; answers the recovery codes, shown this once",
        body: z.strictObject({ code: z.string().min(1).max(20) }),
        response: codes,
      },
      handler: async (request) => ({
        recoveryCodes: await factors.confirm(sessionOf(request).account, request.body.code.replaceAll(" ", "")),
      }),
    });
    app.route({
      method: "POST",
      url: "/me/totp/off",
      schema: {
        tags,
        summary: "Switches codes off; needs the password and a code, or a recovery code",
        body: z.strictObject(proof),
        response: off,
      },
      handler: async (request) => {
        const { account } = sessionOf(request);
        await signIn.prove(account, request.body.password, request.body.code, request.ip);
        await factors.switchOff(account);
        return factors.of(account);
      },
    });
    app.route({
      method: "POST",
      url: "/me/recovery-codes",
      schema: {
        tags,
        summary: "New recovery codes in place of all others, shown this once",
        body: z.strictObject(proof),
        response: codes,
      },
      handler: async (request) => {
        const { account } = sessionOf(request);
        await signIn.prove(account, request.body.password, request.body.code, request.ip);
        const { totp, passkeys: count } = await factors.of(account);
        return { recoveryCodes: totp || count > 0 ? await factors.renewRecoveryCodes(account) : [] };
      },
    });
    app.route({
      method: "POST",
      url: "/me/passkeys/options",
      schema: {
        tags,
        summary: "What a browser makes a passkey by (PublicKeyCredentialCreationOptionsJSON)",
        body: z.strictObject(proof),
        response: answer(z.looseObject({ challenge: z.string() })),
      },
      handler: async (request) => {
        const { account, name } = sessionOf(request);
        await signIn.prove(account, request.body.password, request.body.code, request.ip);
        return { ...(await passkeys.toRegister(account, name, pageOf(request, publicUrl))) };
      },
    });
    app.route({
      method: "POST",
      url: "/me/passkeys",
      schema: {
        tags,
        summary: "Registers the passkey that was made; the first one answers recovery codes, shown this once",
        body: z.strictObject({ label: z.string().trim().min(1).max(60), passkey: passkeyAnswer }),
        response: codes,
      },
      handler: async (request) => {
        const { account } = sessionOf(request);
        const { label, passkey } = request.body;
        const response = passkey as unknown as RegistrationResponseJSON;
        await passkeys.register(account, label, response, pageOf(request, publicUrl));
        const { recoveryCodes } = await factors.of(account);
        return { recoveryCodes: recoveryCodes > 0 ? [] : await factors.renewRecoveryCodes(account) };
      },
    });
    app.route({
      method: "POST",
      url: "/me/passkeys/:id/remove",
      schema: {
        tags,
        summary: "Removes one of my passkeys; needs the password and a code, or a recovery code",
        params: z.object({ id: z.string().max(1400) }),
        body: z.strictObject(proof),
        response: off,
      },
      handler: async (request) => {
        const { account } = sessionOf(request);
        await signIn.prove(account, request.body.password, request.body.code, request.ip);
        await passkeys.remove(account, request.params.id);
        await factors.forgetRecoveryCodes(account);
        return factors.of(account);
      },
    });
  };
}
