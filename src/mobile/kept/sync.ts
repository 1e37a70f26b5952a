import type { SyncAnswer } from "../api.ts";
import type { PhoneStore } from "./phone-store.ts";

const PAGES_MAX = 200;

/** Takes over what changed since the last time, page by page; each page is kept whole or not at all. */
export async function syncCases(
  store: PhoneStore,
  ask: (since: string | undefined) => Promise<SyncAnswer>,
  nowMs: () => number,
): Promise<void> {
  for (let page = 0; page < PAGES_MAX; page++) {
    const since = (await store.get("note", "cursor")) as string | undefined;
    const answer = await ask(since);
    await keep(store, answer, nowMs());
    if (!answer.more) break;
  }
  await store.put("note", nowMs(), "syncedAt");
}

async function keep(
  store: PhoneStore,
  { cases, removed, types, cursor, full, now }: SyncAnswer,
  nowMs: number,
): Promise<void> {
  const keeping = store.transaction(["case", "type", "note"], "readwrite");
  if (full) await keeping.objectStore("case").clear();
  for (const each of cases) await keeping.objectStore("case").put(each);
  for (const id of removed) await keeping.objectStore("case").delete(id);
  for (const type of types) await keeping.objectStore("type").put(type);
  await keeping.objectStore("note").put(cursor, "cursor");
  // How far the city's clock is ahead of this phone's: a phone's own clock may be wrong, and a demo's runs apart.
  await keeping.objectStore("note").put(Date.parse(now) - nowMs, "clock");
  await keeping.done;
}
