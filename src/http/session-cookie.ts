import type { FastifyReply, FastifyRequest } from "fastify";

export const SESSION_COOKIE = "wuxing_session";
const SESSION_SECONDS = 30 * 86_400;

/** Scripts cannot read it, other sites cannot send it. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  addCookie(
    request,
    reply,
    `${SESSION_COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${SESSION_SECONDS}`,
  );
}

export function endSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  addCookie(request, reply, `${SESSION_COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`);
}

/** A cookie's text, marked `Secure` where a proxy says that it is HTTPS. */
export function addCookie(request: FastifyRequest, reply: FastifyReply, cookie: string): void {
  void reply.header("set-cookie", `${cookie}${isHttps(request) ? "; Secure" : ""}`);
}

/** A cookie's value. Names of ours hold nothing that would have to be escaped. */
export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? "").split(";")) {
    const [key, ...value] = part.trim().split("=");
    if (key === name) return value.join("=");
  }
  return undefined;
}

/** TLS ends at a proxy, which says so. Whoever says it without one only loses a cookie of their own. */
export function isHttps({ headers, protocol }: FastifyRequest): boolean {
  return protocol === "https" || headers["x-forwarded-proto"] === "https";
}
