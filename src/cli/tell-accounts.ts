import { randomUUID } from "node:crypto";
import type { Kysely } from "kysely";
import type { AccessOptions, Touched } from "../access/access-desk.ts";
import { PURPOSES } from "../access/rights.ts";
import { writeNotices } from "../cases/notice-outbox.ts";
import type { DutyFinder } from "../cases/ports.ts";
import type { Tables } from "../store/tables.ts";

/** Tells the desks above whoever has taken a purpose in an emergency; at the top, the others of the same desk. */
export function tellEmergency(
  kysely: Kysely<Tables>,
  duties: DutyFinder,
  channels: readonly string[],
  now: () => number,
): NonNullable<AccessOptions["onBreakGlass"]> {
  return async ({ id, principal, purpose, reason, untilMs }) => {
    const atMs = now();
    const [path = ""] = principal.paths;
    const places = path.slice(0, -1).split("/");
    const above = places.at(-2) ?? places[0]!;
    const persons = duties.find(above, "desk", atMs).persons.filter((person) => person !== principal.person);
    const { zh, en } = PURPOSES.find((each) => each.id === purpose) ?? { zh: purpose, en: purpose };
    const until = new Date(untilMs).toISOString();
    const text = {
      zh: `${principal.name} 紧急取得“${zh}”用途，至 ${until}：${reason}`,
      en: `${principal.name} has taken "${en}" in an emergency until ${until}: ${reason}`,
    };
    await kysely.transaction().execute((transaction) =>
      writeNotices(
        transaction,
        persons.map((person) => ({ id: `${id}:${person}`, atMs, person, path, case: null, kind: "break-glass", text })),
        channels,
      ),
    );
  };
}

/** Tells whoever has an account what an administrator did to what guards it. */
export function tellTouched(
  kysely: Kysely<Tables>,
  channels: readonly string[],
  now: () => number,
): NonNullable<AccessOptions["onTouched"]> {
  return async ({ by, person, what, reason }) => {
    const { zh, en } = TOUCHED[what];
    const text = { zh: `${by.name} ${zh}：${reason}`, en: `${by.name} ${en}: ${reason}` };
    const notice = { id: randomUUID(), atMs: now(), person, path: "", case: null, kind: what, text };
    await kysely.transaction().execute((transaction) => writeNotices(transaction, [notice], channels));
  };
}

const TOUCHED: Readonly<Record<Touched, { zh: string; en: string }>> = {
  "factors-reset": { zh: "清除了您的动态码和通行密钥", en: "has taken your codes and passkeys away" },
  "password-code": {
    zh: "为您的账号生成了重设密码的一次性码",
    en: "has made a code by which a new password of your account can be chosen",
  },
  "identity-linked": { zh: "为您的账号关联了统一身份", en: "has linked your account to an identity provider" },
};
