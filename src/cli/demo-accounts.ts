import type { Kysely } from "kysely";
import type { AccessDesk } from "../access/access-desk.ts";
import { hashPassword } from "../access/passwords.ts";
import type { PlaceDesk } from "../http/place-routes.ts";
import type { DemoAccount } from "../http/session-sign-in-routes.ts";
import type { Tables } from "../store/tables.ts";

/** Everybody's password in the demo, where nothing is worth protecting. */
const PASSWORD = "wuxing-demo";
/** The demo's own accounts: a duty at a place, or a role. Everybody else of the teams signs in by the person's number. */
const ACCOUNTS = [
  { account: "duty", zh: "市值班台", en: "City duty desk", kind: "city", slot: "desk" },
  { account: "county", zh: "县区值班台", en: "County desk", kind: "county", slot: "desk" },
  { account: "grid", zh: "网格长", en: "Grid head", kind: "grid", slot: "head" },
  { account: "deputy", zh: "副网格长", en: "Deputy grid head", kind: "grid", slot: "deputy" },
] as const;
const ROLES = [
  { account: "admin", zh: "管理员", en: "Administrator", role: "administrator" },
  { account: "auditor", zh: "审计员", en: "Auditor", role: "auditor" },
] as const;

/** Makes the demo's accounts, once. The first one is whom a browser on this machine is taken for. */
export async function fillDemoAccounts(
  access: AccessDesk,
  { places }: PlaceDesk,
  atMs: number,
): Promise<DemoAccount[]> {
  if ((await access.countAccounts()) === 0) {
    const grid = gridWithTeam(places, atMs);
    for (const { account, zh, kind, slot } of ACCOUNTS) {
      const place = kind === "grid" ? grid : firstOfKind(places, kind, atMs);
      const person = place === undefined ? undefined : places.duties.find(place, slot, atMs).persons[0];
      if (person !== undefined) await access.addAccount({ id: account, name: zh, person, password: PASSWORD });
    }
    for (const { account, zh, role } of ROLES)
      await access.addAccount({ id: account, name: zh, password: PASSWORD, roles: [role] });
  }
  return [...ACCOUNTS, ...ROLES].map(({ account, zh, en }) => ({ account, password: PASSWORD, zh, en }));
}

function firstOfKind(places: PlaceDesk["places"], wanted: string, atMs: number): string | undefined {
  for (const { id, kind } of places.history.all())
    if (kind === wanted && places.history.findVersion(id, atMs) !== undefined) return id;
  return undefined;
}

/** A grid of whose team nobody is missing. */
function gridWithTeam(places: PlaceDesk["places"], atMs: number): string | undefined {
  for (const { id, kind } of places.history.all()) {
    if (kind !== "grid" || places.history.findVersion(id, atMs) === undefined) continue;
    const slots = ["head", "deputy", "member", "police"];
    if (slots.every((slot) => !places.duties.find(id, slot, atMs).wentUp)) return id;
  }
  return undefined;
}

/** Everybody of the demo's teams has an account: it is made when the person signs in for the first time. */
export async function addDemoPerson(kysely: Kysely<Tables>, account: string): Promise<void> {
  const person = await kysely.selectFrom("person").select(["id", "name"]).where("id", "=", account).executeTakeFirst();
  if (person === undefined) return;
  demoHash ??= hashPassword(PASSWORD);
  const nowMs = Date.now();
  const row = {
    ...person,
    person: person.id,
    password: await demoHash,
    roles: [],
    state: "active" as const,
  };
  await kysely
    .insertInto("account")
    .values({ ...row, created_ms: nowMs, changed_ms: nowMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

let demoHash: Promise<string> | undefined;
