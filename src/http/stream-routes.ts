import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { WuxingError } from "../model/errors.ts";
import { errorSchema } from "./error-answer.ts";
import type { LiveStream } from "./live-stream.ts";
import { beginEventStream } from "./event-stream-reply.ts";
import { principalOf } from "./principal.ts";

const description = `Server-sent events without an end:
\`finding\` (a FindingEvent, its id is \`seq\`), \`positions\` (all vehicles first, then once a second those that moved),
\`status\` once a second, \`case\` when a case of my places changed (its id, state, version and path), \`reset\` when the id to go on from is not of this ledger, \`end\` with a reason before the server
ends the stream. Come back with \`Last-Event-ID\` (or \`?after=\`): no finding is left out and none comes twice.`;

const seq = z.coerce.number().int().min(0);

export function streamRoutes(stream: LiveStream): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/stream",
      schema: {
        tags: ["stream"],
        summary: "What happens, live",
        description,
        querystring: z.strictObject({ after: seq.optional() }),
        headers: z.object({ "last-event-id": seq.optional() }),
        response: { 200: z.string().describe("text/event-stream"), "4xx": errorSchema, "5xx": errorSchema },
      },
      handler: (request, reply) => {
        if (stream.full) throw new WuxingError("OVERLOADED", "no more live streams are open to new readers");
        stream.add(
          beginEventStream(request, reply),
          request.headers["last-event-id"] ?? request.query.after ?? null,
          principalOf(request).paths,
        );
      },
    });
  };
}
