import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { CaseSummary, CaseTypeView } from "../../model/case.ts";
import type { Position } from "../parts/position.ts";

/** Something that was done on this phone and that the server has not confirmed. `order` is the order of doing. */
export interface WaitingAction {
  order?: number;
  /** Made on the phone; the server does the same id once only, however often it is sent. */
  id: string;
  case: string;
  action: string;
  /** The case's version that the person saw; replaced by the answer to the step before when that waited here too. */
  version: number;
  form: Record<string, unknown>;
  /** When the person did it, ISO 8601 UTC. */
  at: string;
  position: Position | null;
  photos: Blob[];
  /** Photos that the server has, by their number in `photos`. */
  uploaded: string[];
  /** `waiting` for a network; `conflict`: the case changed meanwhile; `refused`: the server says that it cannot be done. */
  state: "waiting" | "conflict" | "refused";
  /** How the case is now, when it changed. */
  now: CaseSummary | null;
  /** Why the server refused it, in both languages. */
  problem: { zh: string; en: string } | null;
}

/** Who uses the phone, as `/me` said it last. */
export interface KeptPerson {
  account: string;
  person: string | null;
  name: string;
  duties: { place: string; placeName: string; placeKind: string; slot: string }[];
}

interface PhoneSchema extends DBSchema {
  case: { key: string; value: CaseSummary };
  type: { key: string; value: CaseTypeView };
  action: { key: number; value: WaitingAction };
  note: { key: "cursor" | "syncedAt" | "clock" | "me" | "notices"; value: unknown };
}

export type PhoneStore = IDBPDatabase<PhoneSchema>;

/** What this phone keeps, for one person at a time. */
export function openPhoneStore(name = "wuxing-phone"): Promise<PhoneStore> {
  return openDB<PhoneSchema>(name, 1, {
    upgrade(store) {
      store.createObjectStore("case", { keyPath: "id" });
      store.createObjectStore("type", { keyPath: "id" });
      store.createObjectStore("action", { keyPath: "order", autoIncrement: true });
      store.createObjectStore("note");
    },
  });
}

/** Erases everything: another person must not see it. */
export async function erasePhoneStore(store: PhoneStore): Promise<void> {
  const erasing = store.transaction(["case", "type", "action", "note"], "readwrite");
  await Promise.all([
    ...(["case", "type", "action", "note"] as const).map((name) => erasing.objectStore(name).clear()),
    erasing.done,
  ]);
}
