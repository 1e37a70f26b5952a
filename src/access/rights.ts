import type { Bilingual } from "../model/case.ts";

/** Everything that a route may need. What is not here cannot be allowed. */
export const RIGHTS = [
  "watch",
  "cases",
  "areas",
  "commands",
  "terminals",
  "places",
  "rules",
  "reports",
  "accounts",
  "audit",
  "system",
] as const;
export type Right = (typeof RIGHTS)[number];

/** Classes of fields. Everything but `open` needs a purpose. */
const FIELD_CLASSES = ["open", "identity", "contact", "track", "health"] as const;
export type FieldClass = (typeof FIELD_CLASSES)[number];

export interface Purpose extends Bilingual {
  id: string;
  /** What it opens. */
  classes: readonly FieldClass[];
}

/** What personal data may be read for. */
export const PURPOSES: readonly Purpose[] = [
  { id: "checkpoint", zh: "卡口查控", en: "Virtual checkpoints", classes: ["open", "identity", "track"] },
  { id: "case-work", zh: "办理事项", en: "Work on cases", classes: ["open", "identity", "contact", "track"] },
  { id: "medical", zh: "健康处置", en: "Medical care", classes: ["open", "identity", "contact", "health"] },
  { id: "oversight", zh: "督办考核", en: "Oversight", classes: ["open"] },
  { id: "audit", zh: "审计", en: "Audit", classes: ["open"] },
];

/** What a duty gives. Rights come from duties, not from people. */
interface Grant {
  rights: readonly Right[];
  purposes: readonly string[];
}
const TEAM: Grant = { rights: ["cases"], purposes: ["case-work"] };
const BY_SLOT: Readonly<Record<string, Grant>> = {
  head: TEAM,
  deputy: TEAM,
  member: TEAM,
  police: TEAM,
  medic: { rights: ["cases"], purposes: ["case-work", "medical"] },
  volunteer: { rights: ["cases"], purposes: [] },
  desk: { rights: ["cases", "reports"], purposes: ["case-work", "oversight"] },
};

/** What the desks of the city and of its counties have besides: the whole city's vehicles pass by them. */
const CITY_DESK: Grant = {
  rights: ["watch", "areas", "commands", "terminals", "places", "rules", "system"],
  purposes: ["checkpoint"],
};
const CITY_DESK_KINDS: ReadonlySet<string> = new Set(["city", "county"]);

/** What a role of an account gives. No role opens personal data: that needs a duty. */
const BY_ROLE: Readonly<Record<string, Grant>> = {
  administrator: { rights: ["accounts", "places", "rules", "terminals", "system", "reports"], purposes: [] },
  auditor: { rights: ["audit"], purposes: ["audit"] },
};

export const ROLES: readonly string[] = Object.keys(BY_ROLE);

/** What duties, each with the kind of its place, and roles give together. */
export function grantsOf(
  duties: readonly { slot: string; kind: string }[],
  roles: readonly string[],
): { rights: Set<Right>; purposes: string[] } {
  const grants = [
    ...duties.map(({ slot }) => BY_SLOT[slot]),
    ...duties.map(({ slot, kind }) => (slot === "desk" && CITY_DESK_KINDS.has(kind) ? CITY_DESK : undefined)),
    ...roles.map((role) => BY_ROLE[role]),
  ];
  const rights = new Set<Right>();
  const purposes = new Set<string>();
  for (const grant of grants) {
    for (const right of grant?.rights ?? []) rights.add(right);
    for (const purpose of grant?.purposes ?? []) purposes.add(purpose);
  }
  return { rights, purposes: PURPOSES.map(({ id }) => id).filter((id) => purposes.has(id)) };
}

/** Whether a purpose opens a class of fields. */
export function opens(purpose: string | null, fields: FieldClass): boolean {
  return fields === "open" || (PURPOSES.find(({ id }) => id === purpose)?.classes.includes(fields) ?? false);
}
