import type { FastifyRequest } from "fastify";
import type { Principal } from "../access/principal.ts";
import type { Doer } from "../cases/ports.ts";
import { WuxingError } from "../model/errors.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** On whose behalf it is asked; null when nobody is signed in. Set before any route runs. */
    principal: Principal | null;
    /** What for, as the asker says in `x-purpose` or has chosen for the session; null when not said. */
    purpose: string | null;
    /** When a purpose that was chosen for the session ends, ms UTC. */
    purposeUntilMs: number | null;
  }
}

/** @throws WuxingError NOT_SIGNED_IN */
export function principalOf({ principal }: FastifyRequest): Principal {
  if (principal === null) throw new WuxingError("NOT_SIGNED_IN");
  return principal;
}

/** Somebody who sits at a session: what guards an account is no program's affair. @throws WuxingError NOT_SIGNED_IN, FORBIDDEN by a key */
export function sessionOf(request: FastifyRequest): Principal & { session: string } {
  const principal = principalOf(request);
  const { session, account } = principal;
  if (session === null) throw new WuxingError("FORBIDDEN", `${account} has not signed in here`);
  return { ...principal, session };
}

/** A person who can do what is a duty's. @throws WuxingError NOT_SIGNED_IN, FORBIDDEN for an account of a machine */
export function doerOf(request: FastifyRequest): Doer {
  const { account, person } = principalOf(request);
  if (person === null) throw new WuxingError("FORBIDDEN", `${account} is no person's account`);
  return { account, person };
}
