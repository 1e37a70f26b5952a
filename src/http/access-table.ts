import type { FieldClass, Right } from "../access/rights.ts";

/** What a route needs. `fields`: the class of what it shows, which a purpose has to open. `subject`: the parameter that names whom. */
export interface Need {
  right: Right | "signed-in";
  fields?: FieldClass;
  subject?: string;
}

const WATCH: Need = { right: "watch", fields: "track" };
const CASES: Need = { right: "cases" };
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
  "GET /sessions": { right: "signed-in" },
  "DELETE /sessions/:id": { right: "signed-in" },
  "POST /keys": { right: "signed-in" },
  "DELETE /keys/:id": { right: "signed-in" },
  "POST /break-glass": { right: "signed-in" },
  "GET /persons/:id/fields": { ...CASES, fields: "open", subject: "id" },
  "PUT /persons/:id/fields": { right: "accounts", subject: "id" },
  "GET /accounts": { right: "accounts" },
  "POST /accounts": { right: "accounts" },
  "POST /accounts/:id/block": { right: "accounts" },
  "GET /audit": { right: "audit" },
  "GET /audit/subjects/:id": { right: "audit" },

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
  "GET /vehicles/:id/messages": { ...WATCH, subject: "id" },
  "POST /vehicles/:id/commands": { right: "commands", subject: "id" },
  "GET /tracks/vehicles": WATCH,
  "GET /tracks/file": WATCH,
  "GET /positions": WATCH,
  "GET /timeline": WATCH,
  "GET /exposures": WATCH,
  "GET /locks": WATCH,
  "GET /locks/:id": WATCH,
  "POST /locks/:id/release": { right: "cases" },
  "GET /passages": WATCH,
  "GET /gates/counts": { right: "watch" },
  "GET /fence-events": WATCH,
  "GET /etc/passages": WATCH,
  "GET /gates/:id/disagreements": WATCH,
  "GET /gates/:id/passages": WATCH,
  "GET /terminals": { right: "terminals", fields: "identity" },
  "POST /terminals/:phone/accept": { right: "terminals" },
  "POST /terminals/:phone/refuse": { right: "terminals" },
  "POST /terminals/:phone/revoke-code": { right: "terminals" },

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
  "GET /cases": { ...CASES, fields: "identity" },
  "GET /cases/counts": CASES,
  "GET /cases/:id": { ...CASES, fields: "identity", subject: "id" },
  "POST /cases/:id/actions": { ...CASES, subject: "id" },
  "GET /sync": { ...CASES, fields: "identity" },
  "POST /attachments": CASES,
  "GET /attachments/:id": { ...CASES, fields: "identity", subject: "id" },
  "POST /cases/:id/driver-link": { ...CASES, fields: "contact", subject: "id" },
  "GET /arrivals": { ...CASES, fields: "identity" },
  "POST /arrivals/by-hand": CASES,
  "GET /arrivals/:id/contact": { ...CASES, fields: "contact", subject: "id" },
  "GET /notices": { right: "signed-in" },
  "POST /notices/:id/read": { right: "signed-in" },
  "GET /notices/dead": { right: "system" },
  "POST /notices/dead/replay": { right: "system" },
  "POST /notices/:id/replay": { right: "system" },

  "GET /places": PLACES,
  "GET /places/outlines": PLACES,
  "GET /places/at": PLACES,
  "GET /places/load": PLACES,
  "GET /places/check": PLACES,
  "GET /places/:id": PLACES,
  "GET /places/:id/versions": PLACES,
  "GET /places/:id/duties": PLACES,
  "GET /places/:id/duty-story": PLACES,
  "GET /places/:id/addressee": PLACES,
  "GET /duties": PLACES,
  "GET /working-days": PLACES,
  "GET /slots": PLACES,
  "GET /place-operations": { right: "places" },
  "POST /place-operations/preview": { right: "places" },
  "POST /place-operations": { right: "places" },
  "POST /duties": { right: "places" },
  "POST /duties/import": { right: "places" },
  "POST /duties/:id/end": { right: "places" },
  "POST /duties/:id/substitutes": { right: "places" },
  "POST /leave": { right: "places" },
  "POST /leave/:id/end": { right: "places" },
};

/** What a route needs: `public` when nothing, undefined when nobody has said. */
export function needOf(method: string, url: string): Need | "public" | undefined {
  const key = `${method === "HEAD" ? "GET" : method} ${url}`;
  if (PUBLIC.has(key) || url.startsWith("/api/docs")) return "public";
  return NEEDS[key.replace(` ${API}`, " ")];
}
