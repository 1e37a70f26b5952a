import type { Kysely } from "kysely";
import type { AccessOptions } from "../access/access-desk.ts";
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
