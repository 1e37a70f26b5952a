import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { PASSWORD_CODE_HOURS, PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from "../access/password-desk.ts";
import { WuxingError } from "../model/errors.ts";
import type { HttpAccess } from "./access-hooks.ts";
import { answer } from "./lists.ts";
import { sessionOf } from "./principal.ts";

const tags = ["access"];
const account = z.string().min(1).max(100);
const chosen = z
  .string()
  .max(PASSWORD_LENGTH_MAX)
  .describe(`${PASSWORD_LENGTH_MIN} to ${PASSWORD_LENGTH_MAX} characters, without the account's name`);

/** How a password changes: by its person, and by a code for whoever has forgotten it. */
export function passwordRoutes({ desk, audit, signIn }: HttpAccess): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "POST",
      url: "/accounts/:id/password-code",
      schema: {
        tags,
        summary: `A code by which a person who has forgotten the password chooses a new one: shown this once, good once, for ${PASSWORD_CODE_HOURS} hours; the account is told who made it and why`,
        params: z.object({ id: account }),
        body: z.strictObject({ reason: z.string().trim().min(10).max(500) }),
        response: answer(z.object({ id: z.string(), code: z.string(), until: z.iso.datetime() })),
      },
      handler: async (request) => {
        const by = sessionOf(request);
        const { id } = request.params;
        const { reason } = request.body;
        if (id === by.account) throw new WuxingError("FORBIDDEN", "one's own password is changed with the old one");
        await desk.tell(by, id, "password-code", reason);
        const noted = { account: by.account, purpose: null, kind: "write", subject: id } as const;
        await audit.append({ ...noted, shape: `a code for a new password: ${reason}`, count: 1, status: 200 });
        const { code, untilMs } = await signIn.passwords.makeCode(id, by.account);
        return { id, code, until: new Date(untilMs).toISOString() };
      },
    });
    app.route({
      method: "POST",
      url: "/session/password",
      schema: {
        tags,
        summary: "Chooses a new password by a code; every session of the account ends. Then one signs in with it",
        body: z.strictObject({ account, code: z.string().min(1).max(40), password: chosen }),
        response: answer(z.object({ account: z.string() })),
      },
      handler: async (request) => {
        const { account: id, code, password } = request.body;
        const noted = { account: id, purpose: null, kind: "sign-in", subject: id, shape: "POST /session/password" };
        const note = (count: number, status: number): Promise<void> =>
          audit.append({ ...noted, kind: "sign-in", count, status });
        try {
          await signIn.byPasswordCode(id, code, password, request.ip);
        } catch (error) {
          if (error instanceof WuxingError && error.code === "PASSWORD_CODE_INVALID") await note(0, 422);
          throw error;
        }
        await note(1, 200);
        return { account: id };
      },
    });
    app.route({
      method: "POST",
      url: "/me/password",
      schema: {
        tags,
        summary:
          "Another password in place of mine; needs the old one, and a code where there is one. My other sessions end",
        body: z.strictObject({
          password: z.string().min(1).max(PASSWORD_LENGTH_MAX),
          code: z.string().min(1).max(20).optional(),
          next: chosen,
        }),
        response: answer(z.object({ account: z.string() })),
      },
      handler: async (request) => {
        const { account: own, session } = sessionOf(request);
        const { password, code, next } = request.body;
        await signIn.prove(own, password, code, request.ip);
        await signIn.passwords.change(own, next, session);
        return { account: own };
      },
    });
  };
}
