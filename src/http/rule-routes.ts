import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { dryRunInputSchema, dryRunSchema, ruleInputSchema, ruleVersionSchema } from "../model/rule-version.ts";
import { principalOf } from "./principal.ts";
import type { RuleDesk } from "../watch/rule-desk.ts";
import { answer, pageAnswer } from "./lists.ts";

const tags = ["rules"];
const params = z.object({ id: z.string().min(1).max(64) });

/** The rule that decides: its versions, the next one, and what that would have done. */
export function ruleRoutes(rules: RuleDesk): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/rules",
      schema: { tags, summary: "Every version of the rule, newest first", response: pageAnswer(ruleVersionSchema) },
      handler: async () => ({ items: await rules.versions(), next: null }),
    });
    app.route({
      method: "POST",
      url: "/rules",
      config: { invalidBody: "RULE_INVALID" },
      schema: {
        tags,
        summary: "Publishes the next version of the rule",
        description:
          "It takes effect at the first start of the program at or after its instant. That start matches the whole kept history with it, so findings of the past can come, change and go.",
        body: ruleInputSchema,
        response: { 201: ruleVersionSchema, ...answer(ruleVersionSchema) },
      },
      handler: async (request, reply) =>
        reply.code(201).send(await rules.publish(request.body, principalOf(request).name)),
    });
    app.route({
      method: "POST",
      url: "/rules/dry-runs",
      config: { invalidBody: "RULE_INVALID" },
      schema: {
        tags,
        summary: "Begins to find out what other parameters would have done in the past days",
        description: "The same kernel over the stored fixes, nothing is written. One at a time.",
        body: dryRunInputSchema,
        response: { 202: dryRunSchema, ...answer(dryRunSchema) },
      },
      handler: async ({ body }, reply) => reply.code(202).send(rules.startDryRun(body)),
    });
    app.route({
      method: "GET",
      url: "/rules/dry-runs/:id",
      schema: { tags, summary: "How far a dry run is, and what it found", params, response: answer(dryRunSchema) },
      handler: async ({ params: { id } }) => rules.dryRun(id),
    });
    app.route({
      method: "DELETE",
      url: "/rules/dry-runs/:id",
      schema: { tags, summary: "Cancels a dry run", params, response: answer(dryRunSchema) },
      handler: ({ params: { id } }) => rules.cancel(id),
    });
  };
}
