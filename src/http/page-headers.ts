import { randomBytes } from "node:crypto";
import type { FastifyInstance } from "fastify";

/**
 * What a browser may do with our pages: scripts, styles, pictures and connections from here only, no frame around us,
 * nothing inline but the styles that antd writes at run time under the page's own nonce. The document of the API is a
 * page of others, with styles inline and nothing of ours. MapLibre makes its workers from blobs. `tiles`: address of the
 * configured map tiles, whose origin pictures may come from, or null.
 */
export function setPageHeaders(app: FastifyInstance, tiles: string | null): void {
  const policy = pagePolicy(tiles);
  app.decorateReply("nonce", "");
  app.addHook("onRequest", async (request, reply) => {
    reply.nonce = randomBytes(NONCE_BYTES).toString("base64url");
    const styles = request.url.startsWith("/api/docs") ? "'unsafe-inline'" : `'nonce-${reply.nonce}'`;
    void reply.headers({ "content-security-policy": policy(styles), ...SAFE_HEADERS });
  });
}

const NONCE_BYTES = 16;

declare module "fastify" {
  interface FastifyReply {
    /** Under which styles of this answer's page may be written at run time. */
    nonce: string;
  }
}

export const SAFE_HEADERS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(self), payment=()",
} as const;

function pagePolicy(tiles: string | null): (styles: string) => string {
  const origin = tiles === null ? "" : ` ${new URL(tiles.replaceAll(/[{}]/g, "")).origin}`;
  const before = ["default-src 'none'", "script-src 'self'"];
  const after = [
    `img-src 'self' data: blob:${origin}`,
    `connect-src 'self'${origin}`,
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ];
  return (styles) => [...before, `style-src 'self' ${styles}`, ...after].join("; ");
}
