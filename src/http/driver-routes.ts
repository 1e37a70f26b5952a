import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import {
  driverDestinationSchema,
  driverViewSchema,
  objectionInputSchema,
  placeChoiceSchema,
  type DriverDestination,
  type DriverView,
  type PlaceChoice,
} from "../model/driver.ts";
import { answer } from "./lists.ts";

/** What a driver sees of a lock and says to it, by a signed link. */
export interface DriverOffice {
  link: (caseId: string) => Promise<{ token: string; until: string }>;
  view: (token: string) => Promise<DriverView>;
  contest: (token: string, text: string) => Promise<DriverView>;
  confirm: (token: string) => Promise<DriverView>;
  /** Says where the vehicle goes; until somebody takes the case, it moves there. */
  declare: (token: string, destination: DriverDestination) => Promise<DriverView>;
  /** Places right below another of the city, or below the city itself. */
  places: (token: string, parent: string | undefined) => Promise<PlaceChoice[]>;
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
    app.route({
      method: "GET",
      url: "/driver/:token/places",
      schema: {
        tags,
        summary: "Places of the city to choose a destination from, right below one",
        params,
        querystring: z.strictObject({ parent: z.string().min(1).max(64).optional() }),
        response: answer(z.object({ items: z.array(placeChoiceSchema) })),
      },
      handler: async ({ params: { token }, query }) => ({ items: await drivers.places(token, query.parent) }),
    });
    app.route({
      method: "POST",
      url: "/driver/:token/arrival",
      schema: {
        tags,
        summary: "I am going there: the grid of that place looks after my vehicle",
        params,
        body: driverDestinationSchema,
        response: answer(driverViewSchema),
      },
      handler: ({ params: { token }, body }) => drivers.declare(token, body),
    });
  };
}
