import type { FastifyInstance } from "fastify";

/**
 * What a browser may do with our pages: scripts, styles, pictures and connections from here only, no frame around us,
 * nothing inline but styles (antd writes its own at run time) and no script at all. MapLibre makes its workers from
 * blobs. `tiles`: address of the configured map tiles, whose origin pictures may come from, or null.
 */
export function setPageHeaders(app: FastifyInstance, tiles: string | null): void {
  const policy = pagePolicy(tiles);
  app.addHook("onRequest", async (_request, reply) => {
    void reply.headers({ "content-security-policy": policy, ...SAFE_HEADERS });
  });
}

export const SAFE_HEADERS = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(self), payment=()",
} as const;

function pagePolicy(tiles: string | null): string {
  const origin = tiles === null ? "" : ` ${new URL(tiles.replaceAll(/[{}]/g, "")).origin}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    `img-src 'self' data: blob:${origin}`,
    `connect-src 'self'${origin}`,
    "font-src 'self' data:",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
