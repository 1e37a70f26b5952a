import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { driverViewSchema, objectionInputSchema, type DriverView } from "../model/driver.ts";
import { answer } from "./lists.ts";

/** What a driver sees of a lock and says to it, by a signed link. */
export interface DriverOffice {
  link: (caseId: string) => Promise<{ token: string; until: string }>;
  view: (token: string) => Promise<DriverView>;
  contest: (token: string, text: string) => Promise<DriverView>;
  confirm: (token: string) => Promise<DriverView>;
}

const tags = ["driver"];
const params = z.object({ token: z.string().min(1).max(500) });

/** The page of a driver whose vehicle is locked: no account, only the link. */
export function driverRoutes(
  drivers: DriverOffice,
  /** @throws when whoever asks may not see the case */
  checkSees: (request: FastifyRequest, caseId: string) => Promise<void>,
): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "POST",
      url: "/cases/:id/driver-link",
      schema: {
        tags: ["cases"],
        summary: "The link for the driver of a locked vehicle: `/driver/{token}`",
        params: z.object({ id: z.string().min(1).max(100) }),
        response: answer(z.object({ token: z.string(), until: z.iso.datetime() })),
      },
      handler: async (request) => {
        const { id } = request.params;
        // Who may not see a case may not open it to others either.
        await checkSees(request, id);
        return drivers.link(id);
      },
    });
    app.route({
      method: "GET",
      url: "/driver/:token",
      schema: {
        tags,
        summary: "Whether my vehicle is locked, why, until when, what to do and whom to call",
        params,
        response: answer(driverViewSchema),
      },
      handler: async ({ params: { token } }, reply) => {
        void reply.header("cache-control", "no-store");
        return drivers.view(token);
      },
    });
    app.route({
      method: "POST",
      url: "/driver/:token/contest",
      schema: {
        tags,
        summary: "I object: another person decides, or the outcome is noted as contested",
        params,
        body: objectionInputSchema,
        response: answer(driverViewSchema),
      },
      handler: ({ params: { token }, body: { text } }) => drivers.contest(token, text),
    });
    app.route({
      method: "POST",
      url: "/driver/:token/confirm",
      schema: {
        tags,
        summary: "I agree with how it ended; saying nothing is not agreeing",
        params,
        response: answer(driverViewSchema),
      },
      handler: ({ params: { token } }) => drivers.confirm(token),
    });
  };
}
