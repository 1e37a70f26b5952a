import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Kysely } from "kysely";
import type { AccessDesk, Asker } from "../access/access-desk.ts";
import type { AuditChain, AuditNote } from "../access/audit-chain.ts";
import type { OpenId } from "../access/open-id.ts";
import type { PageOrigin, Passkeys } from "../access/passkeys.ts";
import type { PersonRegister } from "../access/person-fields.ts";
import { readAs } from "../access/read-as.ts";
import type { Principal } from "../access/principal.ts";
import { opens } from "../access/rights.ts";
import type { SecondFactor } from "../access/second-factor.ts";
import type { SignIn } from "../access/sign-in.ts";
import { WuxingError } from "../model/errors.ts";
import type { Tables } from "../store/tables.ts";
import { masked, refuseSearch } from "./access-masks.ts";
import { needOf, type Need } from "./access-table.ts";
import { principalOf } from "./principal.ts";
import { cookieOf, isHttps, SESSION_COOKIE } from "./session-cookie.ts";

/** Who may do what over HTTP, and what is noted of it. */
export interface HttpAccess {
  desk: AccessDesk;
  signIn: SignIn;
  factors: SecondFactor;
  passkeys: Passkeys;
  /** Null when no identity provider is set. */
  openId: OpenId | null;
  /** Where browsers reach this server; null: by the name that they ask it by. */
  publicUrl: string | null;
  audit: AuditChain;
  persons: PersonRegister;
  /** Where the audit is read. */
  kysely: Kysely<Tables>;
  /**
   * In the demo only: whom a browser on this very machine is taken for until somebody signs in, and what it reads for; null
   * elsewhere.
   */
  demo: { account: string; purpose: string | null } | null;
}

/** What a purpose may be named in a header by. */
const PURPOSE_HEADER = "x-purpose";
const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const STREAMS: ReadonlySet<string> = new Set(["/api/v1/stream", "/api/v1/work/stream"]);
/** So often it is looked whether whoever reads a stream still may, ms. */
const STREAM_LOOK_MS = 5000;
const LOOPBACK = new Set(["127.0.0.1", "::1", "::ffff:127.0.0.1"]);
const LOCAL_NAMES = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

declare module "fastify" {
  interface FastifyContextConfig {
    need?: Need | "public";
  }
  interface FastifyRequest {
    /** The note of what is shown, once it is on its way; resolves when it is durable. */
    noting: Promise<void> | null;
    /** Sends the note of a list on its way as soon as it is known. */
    noteList: ((page: { items: unknown[] }) => void) | null;
    /** Nobody said what for: what identifies somebody is masked. */
    isMasked: boolean;
  }
}

/**
 * Guards every route: who asks, whether the right is there, whether the purpose opens what is shown; and notes what was shown
 * before it leaves. A route that says nothing of what it needs does not start.
 */
export function guardRoutes(app: FastifyInstance, { desk, audit, demo }: HttpAccess): void {
  app.decorateRequest("principal", null);
  app.decorateRequest("purpose", null);
  app.decorateRequest("purposeUntilMs", null);
  app.decorateRequest("isMasked", false);
  app.addHook("onRoute", (route) => {
    for (const method of [route.method].flat()) {
      const need = needOf(method, route.url);
      if (need === undefined) throw new Error(`what ${method} ${route.url} needs is not in the table of access`);
      route.config = { ...route.config, need };
    }
  });
  app.addHook("onRequest", async (request) => {
    const need = request.routeOptions.config.need ?? "public";
    if (need === "public") return;
    await identify(request, desk, demo);
    allow(request, need);
  });
  app.decorateRequest("noting", null);
  /** Requests whose notes will come: who writes one may wait for them. */
  const underWay = new Set<FastifyRequest>();
  app.addHook("preHandler", async (request) => {
    const need = request.routeOptions.config.need ?? "public";
    if (need !== "public" && isPersonal(need, request)) underWay.add(request);
  });
  app.addHook("onResponse", async (request) => {
    underWay.delete(request);
  });
  const noteOnce = async (request: FastifyRequest, status: number, payload: unknown): Promise<void> => {
    const need = request.routeOptions.config.need ?? "public";
    if (need === "public" || !isPersonal(need, request)) return;
    underWay.delete(request);
    request.noting ??= note(audit, request, need, status, payload, underWay.size);
    await request.noting;
  };
  app.decorateRequest("noteList", null);
  app.addHook("preHandler", async (request) => {
    const { format = "json" } = request.query as { format?: unknown };
    // The pages of a file are noted as they leave.
    if (request.method === "GET" && format === "json")
      request.noteList = (page) => void noteOnce(request, 200, page).catch(() => {});
  });
  // An object, before it is made a text: it says how many are shown. The note is on its way while the text is made.
  app.addHook("preSerialization", async (request, reply, payload) => {
    noteOnce(request, reply.statusCode, payload).catch(() => {});
    return request.isMasked ? masked(payload) : payload;
  });
  // Nothing leaves before its note is durable; also a text or a file that a route has made itself.
  app.addHook("onSend", async (request, reply, payload) => {
    await noteOnce(request, reply.statusCode, null);
    // What an error says of how things are now.
    const isError = reply.statusCode >= 400 && typeof payload === "string";
    return request.isMasked && isError ? JSON.stringify(masked(JSON.parse(payload))) : payload;
  });
  // A stream of events goes past both, and ends when what opened it has ended.
  app.addHook("preHandler", async (request) => {
    if (!STREAMS.has(request.routeOptions.url ?? "")) return;
    await noteOnce(request, 200, null);
    endWithRights(request, desk, demo);
  });
}

/** Cuts a stream when its session, its right or its purpose has ended. */
function endWithRights(request: FastifyRequest, desk: AccessDesk, demo: HttpAccess["demo"]): void {
  const { need } = request.routeOptions.config;
  if (need === undefined || need === "public") return;
  const account = request.principal?.account;
  const look = async (): Promise<void> => {
    request.principal = null;
    await identify(request, desk, demo);
    allow(request, need);
    if (principalOf(request).account !== account) throw new WuxingError("NOT_SIGNED_IN");
  };
  const timer = setInterval(() => void look().catch(() => request.raw.destroy()), STREAM_LOOK_MS);
  request.raw.once("close", () => clearInterval(timer));
}

async function identify(request: FastifyRequest, desk: AccessDesk, demo: HttpAccess["demo"]): Promise<void> {
  const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
  const found = bearer === undefined ? await bySession(request, desk) : await desk.byKey(bearer);
  if (found !== null) {
    request.principal = found.principal;
    request.purpose = found.purpose;
    request.purposeUntilMs = found.purposeUntilMs;
  } else if (bearer === undefined && demo !== null && isThisMachine(request)) {
    request.principal = await desk.byAccount(demo.account);
    request.purpose = demo.purpose;
  }
  const asked = request.headers[PURPOSE_HEADER];
  if (typeof asked === "string" && request.principal !== null) {
    if (!request.principal.purposes.includes(asked))
      throw new WuxingError("FORBIDDEN", `${asked} is no purpose of yours`);
    request.purpose = asked;
    request.purposeUntilMs = null;
  }
}

/**
 * Asks the database with the rights of whoever asks. What a list shows is noted while the transaction that read it ends: that costs
 * the request no time of its own.
 */
export function readNoted<T>(
  kysely: Kysely<Tables>,
  principal: Principal,
  request: FastifyRequest,
  run: (restricted: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  return readAs(kysely, principal, async (restricted) => {
    const shown = await run(restricted);
    if (Array.isArray((shown as { items?: unknown } | null)?.items)) request.noteList?.(shown as { items: unknown[] });
    return shown;
  });
}

/** Notes what leaves as a file, a page at a time: a file passes no serialization. Resolves when it is durable. */
export async function noteShown(audit: AuditChain, request: FastifyRequest, page: { items: unknown[] }): Promise<void> {
  const need = request.routeOptions.config.need ?? "public";
  if (need === "public" || !isPersonal(need, request)) return;
  request.noting = note(audit, request, need, 200, page);
  await request.noting;
}

async function bySession(request: FastifyRequest, desk: AccessDesk): Promise<Asker | null> {
  const token = cookieOf(request, SESSION_COOKIE);
  if (token === undefined) return null;
  refuseForeignPages(request);
  return desk.bySession(token);
}

/** A demo is for the one who runs it: same machine, and a page of this server, not one that some other site has opened. */
function isThisMachine(request: FastifyRequest): boolean {
  const isNear = LOOPBACK.has(request.ip) && LOOPBACK.has(request.socket.remoteAddress ?? "");
  if (!isNear || !LOCAL_NAMES.test(request.headers.host ?? "")) return false;
  refuseForeignPages(request);
  return true;
}

/**
 * A page of another site must not act in the name of whoever is signed in here. Cookies are same-site already; this holds for
 * browsers that do not know it and for other ports of this machine. @throws WuxingError FORBIDDEN
 */
function refuseForeignPages({ method, headers }: FastifyRequest): void {
  const site = headers["sec-fetch-site"];
  const isForeign = typeof site === "string" && site !== "same-origin" && site !== "none";
  if (isForeign) throw new WuxingError("FORBIDDEN", "asked by a page of another site");
  if (!UNSAFE.has(method) || headers.origin === undefined) return;
  const origin = URL.parse(headers.origin);
  if (origin?.host !== headers.host) throw new WuxingError("FORBIDDEN", "sent by a page of another site");
}

/**
 * The page that asks, as passkeys are bound to it. The browser itself holds it to the name that stands in its address: a
 * request that names another one gets no passkey of ours.
 */
export function pageOf(request: FastifyRequest, publicUrl: string | null): PageOrigin {
  const page = new URL(publicUrl ?? `${isHttps(request) ? "https" : "http"}://${request.headers.host ?? "localhost"}`);
  return { origin: page.origin, host: page.hostname };
}

/** @throws WuxingError NOT_SIGNED_IN, FORBIDDEN, PURPOSE_NEEDED */
function allow(request: FastifyRequest, { right, fields, masks }: Need): void {
  const { principal, purpose } = request;
  if (principal === null) throw new WuxingError("NOT_SIGNED_IN");
  const enough = right === "signed-in" ? [] : [right].flat();
  if (enough.length > 0 && !enough.some((each) => principal.rights.has(each)))
    throw new WuxingError("FORBIDDEN", `${enough.join(" or ")} is not among the rights of ${principal.account}`);
  if (fields === undefined || opens(purpose, fields)) return;
  if (masks !== true) throw new WuxingError("PURPOSE_NEEDED", `${purpose ?? "no purpose"} does not open ${fields}`);
  refuseSearch(request);
  request.isMasked = true;
}

/** What shows a person or a vehicle, and everything that changes something, is noted. */
function isPersonal({ fields }: Need, { method }: FastifyRequest): boolean {
  return fields !== undefined || UNSAFE.has(method);
}

async function note(
  audit: AuditChain,
  request: FastifyRequest,
  { subject }: Need,
  status: number,
  payload: unknown,
  others = 0,
): Promise<void> {
  const { principal, purpose, method, routeOptions, params, query } = request;
  const items = (payload as { items?: unknown } | null)?.items;
  const asked = Object.keys(query as object).toSorted();
  const noted: AuditNote = {
    account: principal?.account ?? null,
    purpose,
    kind: UNSAFE.has(method) ? "write" : Array.isArray(items) ? "search" : "read",
    subject: subject === undefined ? null : ((params as Record<string, string>)[subject] ?? null),
    shape: `${method} ${routeOptions.url ?? ""}${asked.length === 0 ? "" : `?${asked.join("&")}`}`,
    count: Array.isArray(items) ? items.length : status < 400 ? 1 : 0,
    status,
  };
  await audit.append(noted, others);
}
