import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { ATTACHMENT_BYTES_MAX, ATTACHMENT_TYPES } from "../cases/attachments.ts";
import type { CaseOffice } from "./case-routes.ts";
import { errorSchema } from "./error-answer.ts";
import { answer } from "./lists.ts";
import { doerOf, principalOf } from "./principal.ts";

const tags = ["cases"];
const idSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** What people attach to steps: sent first, then named by the step. */
export function attachmentRoutes({
  attachments,
  readAs,
  now,
}: Pick<CaseOffice, "attachments" | "readAs" | "now">): FastifyPluginAsyncZod {
  return async (app) => {
    app.addContentTypeParser(
      [...ATTACHMENT_TYPES],
      { parseAs: "buffer", bodyLimit: ATTACHMENT_BYTES_MAX },
      (_request, body, done) => done(null, body),
    );
    app.route({
      method: "POST",
      url: "/attachments",
      bodyLimit: ATTACHMENT_BYTES_MAX,
      schema: {
        tags,
        summary: "Keeps a photo (JPEG, PNG, WebP, at most 5 MB), the body as it is; the same photo has the same id",
        consumes: [...ATTACHMENT_TYPES],
        response: answer(z.object({ id: idSchema })),
      },
      handler: async (request) => {
        const { account } = doerOf(request);
        const mediaType = (request.headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
        const content = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        return { id: await attachments.put(content, mediaType, account, now()) };
      },
    });
    app.route({
      method: "GET",
      url: "/attachments/:id",
      schema: {
        tags,
        summary: "A photo of a case that the asker may see, or of the asker's own",
        params: z.object({ id: idSchema }),
        response: { 200: z.any().describe("The photo"), "4xx": errorSchema, "5xx": errorSchema },
      },
      handler: async (request, reply) => {
        const { account } = principalOf(request);
        const { id } = request.params;
        const { mediaType, content } = await attachments.get((run) => readAs(request, run), id, account);
        // What was taken with a phone is shown, never run.
        return reply
          .type(mediaType)
          .headers({
            "cache-control": "private, max-age=3600",
            "content-security-policy": "default-src 'none'; sandbox",
          })
          .serializer((value: unknown) => value as string)
          .send(content);
      },
    });
  };
}
