import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { WuxingError } from "../model/errors.ts";
import type { CaseOffice } from "./case-routes.ts";
import { errorSchema } from "./error-answer.ts";
import { beginEventStream } from "./event-stream-reply.ts";
import { principalOf } from "./principal.ts";
import { WorkStream, type WorkStreamLimits } from "./work-stream.ts";

const description = `Server-sent events of cases, for whoever works on them: \`hello\` at the beginning (ask \`/sync\` for what changed
before), \`case\` when a case that I may see changed (\`id\`, \`state\`, \`version\`), \`gone\` when one that I could see left my places
(\`id\`), \`end\` with a reason before the server ends the stream, every five minutes at the latest: come back.`;

/** The live stream of a grid's people: what the lists show them, as it changes, and nothing else. */
export function workStreamRoutes(
  { desk, readAs }: Pick<CaseOffice, "desk" | "readAs">,
  limits: Partial<WorkStreamLimits> = {},
): FastifyPluginAsyncZod {
  return async (app) => {
    const stream = new WorkStream(desk, limits);
    app.addHook("preClose", async () => stream.close());
    app.route({
      method: "GET",
      url: "/work/stream",
      schema: {
        tags: ["cases"],
        summary: "My cases, live",
        description,
        response: { 200: z.string().describe("text/event-stream"), "4xx": errorSchema, "5xx": errorSchema },
      },
      handler: (request, reply) => {
        if (stream.full) throw new WuxingError("OVERLOADED", "no more live streams are open to new readers");
        stream.add(beginEventStream(request, reply), principalOf(request), (run) => readAs(request, run));
      },
    });
  };
}
