import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { SAFE_HEADERS } from "./page-headers.ts";

/** Begins an answer that lasts: server-sent events (WHATWG HTML, 9.2). No proxy keeps or gathers it, and nothing ends it for being quiet. */
export function beginEventStream(request: FastifyRequest, reply: FastifyReply): ServerResponse {
  reply.hijack();
  request.raw.setTimeout(0);
  reply.raw.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    ...SAFE_HEADERS,
  });
  return reply.raw;
}
