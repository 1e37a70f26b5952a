import type { FieldClass, Right } from "../access/rights.ts";

/** What a route needs: a right, or one of several. `fields`: the class of what it shows, which a purpose has to open. `subject`: the parameter that names whom.
 * `masks`: without such a purpose it is not refused but shown masked, to whoever searches for nobody. */
export interface Need {
  right: Right | "signed-in" | readonly Right[];
  fields?: FieldClass;
  subject?: string;
  masks?: true;
}

const WATCH: Need = { right: "watch", fields: "track" };
const FOUND: Need = { ...WATCH, masks: true };
/** Whoever watches the city sees all of them, whoever works on cases those of the cases that it sees (row-level security). */
const LOCKED: Need = { ...FOUND, right: ["watch", "cases"] };
const CASES: Need = { right: "cases" };
const CASE: Need = { ...CASES, fields: "identity", masks: true };
const PLACES: Need = { right: "signed-in" };
const API = "/api/v1";

/** Open to everybody: what a browser needs to begin, what checks itself (keys of sources, signed links), what says nothing. */
const PUBLIC: ReadonlySet<string> = new Set([
  "GET /healthz",
  "GET /",
  "GET /*",
  `GET ${API}/openapi.json`,
  `GET ${API}/session/options`,
  `POST ${API}/session`,
  `POST ${API}/session/password`,
  `POST ${API}/session/passkey/options`,
  `POST ${API}/session/passkey`,
  `GET ${API}/session/openid`,
  `GET ${API}/session/openid/back`,
  `POST ${API}/fixes`,
  `POST ${API}/fixes/owntracks`,
  `GET ${API}/fixes/osmand`,
  `POST ${API}/fixes/osmand`,
  `POST ${API}/etc/passages`,
  `POST ${API}/arrivals`,
  `GET ${API}/driver/:token`,
  `POST ${API}/driver/:token/contest`,
  `POST ${API}/driver/:token/confirm`,
  `GET ${API}/driver/:token/places`,
  `POST ${API}/driver/:token/arrival`,
]);

/** Every other route and what it needs. A route that is not here does not start. */
const NEEDS: Readonly<Record<string, Need>> = {
  "GET /metrics": { right: "system" },
  "GET /me": { right: "signed-in" },
  "DELETE /session": { right: "signed-in" },
  "POST /session/purpose": { right: "signed-in" },
  "POST /me/password": { right: "signed-in" },
  "GET /me/factors": { right: "signed-in" },
  "POST /me/totp": { right: "signed-in" },
  "POST /me/totp/confirm": { right: "signed-in" },
  "POST /me/totp/off": { right: "signed-in" },
  "POST /me/recovery-codes": { right: "signed-in" },
  "POST /me/passkeys/options": { right: "signed-in" },
  "POST /me/passkeys": { right: "signed-in" },
  "POST /me/passkeys/:id/remove": { right: "signed-in" },
  "GET /me/identities": { right: "signed-in" },
  "POST /me/identities": { right: "signed-in" },
  "DELETE /me/identities": { right: "signed-in" },
  "GET /sessions": { right: "signed-in" },
  "DELETE /sessions/:id": { right: "signed-in" },
  "GET /keys": { right: "signed-in" },
  "POST /keys": { right: "signed-in" },
  "DELETE /keys/:id": { right: "signed-in" },
  "POST /break-glass": { right: "signed-in" },
  "GET /persons/:id/fields": { ...CASES, fields: "open", subject: "id" },
  "PUT /persons/:id/fields": { right: "accounts", subject: "id" },
  "GET /accounts": { right: "accounts" },
  "POST /accounts": { right: "accounts" },
  "POST /accounts/:id/block": { right: "accounts", subject: "id" },
  "POST /accounts/:id/password-code": { right: "accounts", subject: "id" },
  "POST /accounts/:id/factors/reset": { right: "accounts", subject: "id" },
  "POST /accounts/:id/identity": { right: "accounts", subject: "id" },
  "DELETE /accounts/:id/identity": { right: "accounts", subject: "id" },
  "GET /accounts/:id": { right: "accounts", subject: "id" },
  "POST /accounts/:id/unblock": { right: "accounts", subject: "id" },
  // Whoever reads the audit is in it.
  "GET /audit": { right: "audit", fields: "open" },
  "GET /audit/subjects/:id": { right: "audit", fields: "open", subject: "id" },
  "POST /audit/verify": { right: "audit" },

  "GET /city": { right: "signed-in" },
  "GET /status": { right: "signed-in" },
  "GET /system": { right: "signed-in" },
  "GET /stream": WATCH,
  "GET /vehicles": WATCH,
  "GET /vehicles/:id": { ...WATCH, subject: "id" },
  "GET /vehicles/:id/track": { ...WATCH, subject: "id" },
  "GET /vehicles/:id/track/file": { ...WATCH, subject: "id" },
  "GET /vehicles/:id/trip": { ...WATCH, subject: "id" },
  "GET /vehicles/:id/commands": { ...WATCH, subject: "id" },
  "GET /vehicles/:id/readings": { ...WATCH, subject: "id" },
  "GET /vehicles/:id/viewers": { ...WATCH, subject: "id" },
  "GET /vehicles/:id/messages": { ...WATCH, subject: "id" },
  "POST /vehicles/:id/commands": { right: "commands", subject: "id" },
  "GET /tracks/vehicles": WATCH,
  "GET /tracks/file": WATCH,
  "GET /positions": WATCH,
  "GET /timeline": WATCH,
  "GET /exposures": LOCKED,
  "GET /locks": LOCKED,
  "GET /locks/:id": LOCKED,
  "POST /locks/:id/release": { right: "cases" },
  "GET /passages": FOUND,
  "GET /gates/counts": { right: "watch" },
  "GET /fence-events": FOUND,
  "GET /etc/passages": WATCH,
  "GET /gates/:id/disagreements": WATCH,
  "GET /gates/:id/passages": WATCH,
  "GET /terminals": { right: "terminals", fields: "identity", masks: true },
  "POST /terminals/:phone/accept": { right: "terminals", subject: "phone" },
  "POST /terminals/:phone/refuse": { right: "terminals", subject: "phone" },
  "POST /terminals/:phone/revoke-code": { right: "terminals", subject: "phone" },

  "GET /areas": { right: "watch" },
  "POST /areas": { right: "areas" },
  "GET /areas/:id": { right: "watch" },
  "GET /areas/:id/versions": { right: "watch" },
  "PUT /areas/:id": { right: "areas" },
  "POST /areas/:id/withdraw": { right: "areas" },
  "POST /areas/read": { right: "areas" },
  "POST /areas/preview": { right: "areas", fields: "track" },
  "GET /rules": { right: "watch" },
  "POST /rules": { right: "rules" },
  "POST /rules/dry-runs": { right: "rules", fields: "track" },
  "GET /rules/dry-runs/:id": { right: "rules", fields: "track" },
  "DELETE /rules/dry-runs/:id": { right: "rules" },
  "GET /reports/:kind/:date": { right: "reports" },

  "GET /case-types": CASES,
  "GET /cases": CASE,
  "GET /cases/counts": CASES,
  "GET /cases/:id": { ...CASE, subject: "id" },
  "GET /cases/:id/notices": { ...CASE, subject: "id" },
  "POST /cases/:id/actions": { ...CASE, subject: "id" },
  "GET /work/stream": CASES,
  "GET /sync": CASE,
  "POST /attachments": CASES,
  "GET /attachments/:id": { ...CASES, fields: "identity", subject: "id" },
  "POST /cases/:id/driver-link": { ...CASES, fields: "contact", subject: "id" },
  "GET /arrivals": CASE,
  "POST /arrivals/by-hand": CASES,
  "GET /arrivals/:id/contact": { ...CASES, fields: "contact", subject: "id" },
  "GET /notices": { right: "signed-in", fields: "identity", masks: true },
  "POST /notices/:id/read": { right: "signed-in" },
  "GET /notices/dead": { right: "system" },
  "POST /notices/dead/replay": { right: "system" },
  "POST /notices/:id/replay": { right: "system" },

  "GET /places": PLACES,
  "GET /places/outlines": PLACES,
  "GET /places/at": PLACES,
  "GET /places/load": PLACES,
  "GET /places/check": PLACES,
  "GET /places/free-ids": PLACES,
  "GET /places/:id": PLACES,
  "GET /places/:id/versions": PLACES,
  "GET /places/:id/duties": PLACES,
  "GET /places/:id/duty-story": PLACES,
  "GET /places/:id/addressee": PLACES,
  "GET /places/:id/homes": PLACES,
  "POST /homes": { right: "places" },
  "GET /duties": PLACES,
  "GET /working-days": PLACES,
  "GET /slots": PLACES,
  "GET /place-operations": { right: "places" },
  "POST /place-operations/preview": { right: "places" },
  "POST /place-operations": { right: "places" },
  "POST /place-operations/:id/undo": { right: "places" },
  "POST /duties": { right: "places" },
  "POST /duties/import": { right: "places" },
  "POST /duties/:id/end": { right: "places" },
  "POST /duties/:id/substitutes": { right: "places" },
  "POST /leave": { right: "places" },
  "POST /leave/:id/end": { right: "places" },
};

/** Every route there can be: method and address. */
export const ROUTES: readonly string[] = [
  ...PUBLIC,
  ...Object.keys(NEEDS).map((key) => (key === "GET /metrics" ? key : key.replace(" ", ` ${API}`))),
];

/** What a route needs: `public` when nothing, undefined when nobody has said. */
export function needOf(method: string, url: string): Need | "public" | undefined {
  const key = `${method === "HEAD" ? "GET" : method} ${url}`;
  if (PUBLIC.has(key) || url.startsWith("/api/docs")) return "public";
  return NEEDS[key.replace(` ${API}`, " ")];
}
