import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { areaPreviewInputSchema, areaPreviewSchema } from "../model/area-preview.ts";
import { answer } from "./lists.ts";
import type { ServerParts } from "./parts.ts";

/** What publishing would find, before it is published. */
export function previewRoutes({ watch }: Pick<ServerParts, "watch">): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "POST",
      url: "/areas/preview",
      config: { invalidBody: "AREA_INVALID" },
      schema: {
        tags: ["areas"],
        summary: "What risk areas would find in the past, were they published",
        description:
          "The same kernel over the stored fixes; nothing is written. After some seconds it answers with what it has (`complete` false). `datumWarning` says when five areas or more look as if their datum were another one; nothing is moved. Closing the connection ends it.",
        body: areaPreviewInputSchema,
        response: answer(areaPreviewSchema),
      },
      handler: async ({ body }, reply) => {
        const gone = new AbortController();
        reply.raw.once("close", () => gone.abort());
        return watch.previewAreas(body, gone.signal);
      },
    });
  };
}
