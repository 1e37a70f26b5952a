import { createHash } from "node:crypto";
import type { Transaction } from "kysely";
import type { PlaceDependents, Rehoming } from "../city/places.ts";
import type { Bilingual } from "../model/case.ts";
import type { Tables } from "../store/tables.ts";
import { writeNotices, type NewNotice } from "./notice-outbox.ts";
import type { DutyFinder } from "./ports.ts";

export interface PlaceNoticeOptions {
  duties: DutyFinder;
  /** Ways out beside the inbox. */
  channels: readonly string[];
  /** The city's clock, ms UTC. */
  now: () => number;
}

/** How what is bound to places is called; what is not here is called as it is counted. */
const BOUND: Readonly<Record<string, Bilingual>> = {
  case: { zh: "未结工作", en: "open cases" },
  arrival: { zh: "到达申报", en: "declared arrivals" },
  resident: { zh: "居民", en: "residents" },
  device: { zh: "设备", en: "devices" },
};

/**
 * Tells the slots that an operation on places concerns, in its own transaction: whoever held a duty at a place that ends, with what
 * moves away from there; whoever heads what is new, or gets its work while nobody does; and whoever serves where an outline
 * changes. Each person is told once of each place.
 */
export function placeNotices(options: PlaceNoticeOptions): Required<Pick<PlaceDependents, "rehome" | "undo">> {
  const { duties } = options;
  const saidOf = (rehoming: Rehoming): Said[] => [
    ...saidOfDuties(rehoming),
    ...saidOfNew(rehoming, duties),
    ...saidOfOutlines(rehoming, duties),
  ];
  return {
    rehome: (transaction, rehoming) => tell(transaction, rehoming, saidOf(rehoming), options),
    // Whoever was told hears that nothing comes of it.
    undo: (transaction, rehoming) => {
      const day = dayOf(rehoming.effectiveMs);
      const told = new Map(saidOf(rehoming).map((each) => [`${each.person} ${each.place}`, each]));
      const said = [...told.values()].map(({ person, place }) => {
        const name = nameOf(rehoming, place);
        const zh = `原定自${day}起对“${name}”的调整已撤回，一切照旧。`;
        const en = `What was to change at ${name} from ${day} on is taken back; everything stays as it is.`;
        return { person, place, text: { zh, en } };
      });
      return tell(transaction, { ...rehoming, operation: `${rehoming.operation} undone` }, said, options);
    },
  };
}

async function tell(
  transaction: Transaction<Tables>,
  rehoming: Rehoming,
  said: readonly Said[],
  { channels, now }: PlaceNoticeOptions,
): Promise<void> {
  const atMs = now();
  const notices = new Map<string, NewNotice>();
  for (const { person, place, text } of said) {
    const id = identityOf(rehoming.operation, person, place);
    const before = notices.get(id);
    const whole = before === undefined ? text : join(before.text, text);
    const path = pathOf(rehoming, place);
    notices.set(id, { id, atMs, person, path, case: null, kind: "place-changed", text: whole });
  }
  await writeNotices(transaction, [...notices.values()], channels);
}

interface Said {
  person: string;
  place: string;
  text: Bilingual;
}

/** Duties that ended or went on elsewhere, with what was bound to the place. */
function saidOfDuties({ preview }: Rehoming): Said[] {
  const places = new Set<string>();
  return preview.notices.map(({ person, place, text }) => {
    const key = `${person} ${place}`;
    const isFirst = !places.has(key);
    places.add(key);
    return { person, place, text: isFirst ? join(text, balanceText(preview, place)) : text };
  });
}

/** Of a place that is new: its head, or who gets its work as long as it has none. */
function saidOfNew({ preview, history, effectiveMs }: Rehoming, duties: DutyFinder): Said[] {
  const { created, duties: held } = preview;
  return created.flatMap(({ id, name }) => {
    if (!history.isLeafAt(id, effectiveMs)) return [];
    const heads = held.carried.filter(({ to, slot }) => to === id && slot === HEAD).map(({ person }) => person);
    const persons = heads.length > 0 ? heads : findAbove(history, duties, id, effectiveMs);
    const day = dayOf(effectiveMs);
    const whose =
      heads.length > 0
        ? {
            zh: `新的“${name}”自${day}起由您负责，位置在其中的未结工作转给您。`,
            en: `From ${day} on the new ${name} is yours, with the open work that lies in it.`,
          }
        : {
            zh: `新的“${name}”自${day}起还没有负责人，在此期间它的工作转给您，请尽快安排人员。`,
            en: `From ${day} on the new ${name} has no head yet: its work comes to you until there is one.`,
          };
    const text = join(whose, balanceText(preview, id));
    return persons.map((person) => ({ person, place: id, text }));
  });
}

/** Of a place that goes on with another outline: everybody who serves there. */
function saidOfOutlines({ recut, history, effectiveMs, preview }: Rehoming, duties: DutyFinder): Said[] {
  return recut.flatMap((place) => {
    if (!history.isLeafAt(place, effectiveMs)) return [];
    const { name } = history.getVersion(place, effectiveMs);
    const day = dayOf(effectiveMs);
    const text = join(
      {
        zh: `自${day}起，“${name}”的边界有调整，请查看地图。`,
        en: `From ${day} on, ${name} has another outline: please look at the map.`,
      },
      balanceText(preview, place),
    );
    const persons = new Set(
      duties.slots().flatMap((slot) => {
        const found = duties.find(place, slot, effectiveMs);
        return found.wentUp ? [] : found.persons;
      }),
    );
    return [...persons].map((person) => ({ person, place, text }));
  });
}

const HEAD = "head";

/** Who gets the work of a place without a head: who heads, or sits at the desk of, the nearest place above that was there before. */
function findAbove(history: Rehoming["history"], duties: DutyFinder, place: string, atMs: number): readonly string[] {
  const above = history.getVersion(place, atMs).path.slice(0, -1).split("/").toReversed().slice(1);
  for (const each of above) {
    try {
      const { persons } = duties.find(each, HEAD, atMs);
      if (persons.length > 0) return persons;
    } catch {
      // It is new itself: duties know nothing of it before the operation is done.
    }
  }
  return [];
}

function nameOf({ preview, history, effectiveMs }: Rehoming, place: string): string {
  const named = [...preview.created, ...preview.closed, ...preview.changed].find(({ id }) => id === place);
  return named?.name ?? history.findVersion(place, effectiveMs)?.name ?? place;
}

/** What a place loses and gains by the operation; nothing when that is nothing. */
function balanceText({ balance }: Rehoming["preview"], place: string): Bilingual {
  const row = balance.find((each) => each.place === place);
  if (row === undefined) return { zh: "", en: "" };
  const said = (language: keyof Bilingual, counts: readonly { what: string; count: number }[]): string =>
    counts
      .map(({ what, count }) => {
        const name = BOUND[what]?.[language] ?? what;
        return language === "zh" ? `${name} ${count} 项` : `${count} ${name}`;
      })
      .join(language === "zh" ? "、" : ", ");
  const { loses, gains } = row;
  return {
    zh:
      (loses.length === 0 ? "" : `转出：${said("zh", loses)}。`) +
      (gains.length === 0 ? "" : `转入：${said("zh", gains)}。`),
    en: [
      ...(loses.length === 0 ? [] : [`It loses: ${said("en", loses)}.`]),
      ...(gains.length === 0 ? [] : [`It gains: ${said("en", gains)}.`]),
    ].join(" "),
  };
}

function join(first: Bilingual, second: Bilingual): Bilingual {
  return { zh: first.zh + second.zh, en: `${first.en} ${second.en}`.trim() };
}

/** The same told twice is one notice. */
function identityOf(operation: string, person: string, place: string): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([operation, person, place]))
    .digest("hex");
  return `place-${digest.slice(0, 40)}`;
}

/** Of the place itself, or of what took its surface. */
function pathOf({ history, effectiveMs, ended }: Rehoming, place: string): string {
  const at = [place, ...(ended.get(place) ?? [])].find((each) => history.findVersion(each, effectiveMs) !== undefined);
  const version = at === undefined ? history.versionsOf(place).at(-1) : history.getVersion(at, effectiveMs);
  return version?.path ?? "";
}

/** The day in Beijing. */
function dayOf(ms: number): string {
  return new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10);
}
