import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { homeCountsSchema, homeInputSchema, homeReceiptSchema, type HomeInput } from "../model/home.ts";
import { WuxingError, type Problem } from "../model/errors.ts";
import { answer, instantQuery, msOf } from "./lists.ts";
import type { PlaceDesk } from "./place-routes.ts";

const tags = ["places"];
const HOMES_MAX = 10_000;
const homesSchema = z.strictObject({ homes: z.array(z.unknown()).min(1).max(HOMES_MAX) });

/** Where residents and devices are at home: set by a register, counted by place as of a date. */
export function homeRoutes({ places, cityTimeMs, accountOf }: PlaceDesk): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "POST",
      url: "/homes",
      schema: {
        tags,
        summary: `Where residents and devices are at home, or not any more; 1 to ${HOMES_MAX}, each judged by itself`,
        body: homesSchema,
        response: answer(homeReceiptSchema),
      },
      handler: async (request) => {
        const good: { input: HomeInput; at: number }[] = [];
        const problems: Problem[] = [];
        for (const [at, home] of request.body.homes.entries()) {
          const read = homeInputSchema.safeParse(home);
          if (read.success) good.push({ input: read.data, at });
          else
            problems.push({
              where: `homes[${at}]`,
              expected: read.error.issues.map(({ message }) => message).join("; "),
            });
        }
        if (good.length === 0) throw new WuxingError("INPUT_INVALID", undefined, problems.slice(0, 100));
        const inputs = good.map(({ input }) => input);
        const receipt = await places.homes.put(inputs, accountOf(request));
        // Named by where they stood in what was sent.
        const unfit = receipt.problems.map(({ where, ...problem }) => {
          return { ...problem, where: `homes[${good[Number(/\d+/.exec(where)![0])]!.at}]` };
        });
        problems.push(...unfit);
        return { ...receipt, rejected: problems.length, problems };
      },
    });
    app.route({
      method: "GET",
      url: "/places/:id/homes",
      schema: {
        tags,
        summary: "How many residents and devices are at home in a place, and in all below it, as of an instant",
        params: z.object({ id: z.string().min(1).max(64) }),
        querystring: z.strictObject({ at: instantQuery.optional() }),
        response: answer(homeCountsSchema),
      },
      handler: ({ params, query }) => places.homes.countAt(params.id, msOf(query.at) ?? cityTimeMs()),
    });
  };
}
