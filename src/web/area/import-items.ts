import type { Area, AreaInput, AreaLevel, Geometry } from "../../model/area.ts";
import type { AreaReading, EntryKind, ImportedShape, ListEntry, MatchedPlace } from "../../model/area-import.ts";

/** Identities of areas that came from a list begin so; the key of their entry follows. */
const LIST_ID = /^(list-[0-9a-f]{16})(?:-\d+)?$/;

/**
 * What becomes of a line of a file. `ready`, `changed`: it would be published. `open`: it has no place yet. `kept`: it agrees with the area in
 * force. `gone`: an area of an earlier list that this one no longer has. `left`: the officer leaves it out.
 */
export const ITEM_STATES = ["open", "ready", "changed", "gone", "kept", "broken", "left", "done"] as const;
export type ItemState = (typeof ITEM_STATES)[number];

export interface ImportItem {
  key: string;
  /** The whole name, province first for an entry of a list. */
  name: string;
  /** What a row says in bold: the place of an entry. */
  title: string;
  province: string;
  level: AreaLevel | null;
  kind: EntryKind | null;
  geometry: Geometry | null;
  /** A place of the register that the entry lies in without filling it. */
  within: MatchedPlace | null;
  /** The area as it stands that this line is about. */
  before: Area | null;
  problems: ImportedShape["problems"];
  state: ItemState;
}

/** What the officer decided about a line: a shape for it, to leave it out, or that it is done. */
export type Decision = { shape: Geometry } | "left" | "done";

/** The lines of a file against the areas as they stand. */
export function itemsOf(reading: AreaReading, areas: readonly Area[]): ImportItem[] {
  const byId = new Map(areas.map((area) => [area.id, area]));
  const byKey = newestByKey(areas);
  const items = [
    ...reading.shapes.map((shape, index) => itemOfShape(shape, index, byId)),
    ...reading.entries.map((entry) => itemOfEntry(entry, byKey)),
  ];
  if (reading.format !== "list") return items;
  const listed = new Set(reading.entries.map(({ key }) => key));
  for (const [key, area] of byKey) {
    if (area.state === "published" && !listed.has(key)) items.push(itemOfGone(key, area));
  }
  return items;
}

/** A line as it is after what was decided about it. */
export function decided(item: ImportItem, decision: Decision | undefined): ImportItem {
  if (decision === undefined) return item;
  if (typeof decision === "string") return { ...item, state: decision };
  return { ...item, geometry: decision.shape, state: "ready" };
}

/** The area that publishing a line makes; null when there is nothing to publish. */
export function inputOf(
  item: ImportItem,
  common: { level: AreaLevel; from: string | null; to: string | null; source: string },
): AreaInput | null {
  if (item.geometry === null) return null;
  return {
    level: item.level ?? common.level,
    datum: "wgs84",
    geometry: item.geometry,
    from: common.from,
    to: common.to,
    ...(item.name === "" ? {} : { name: item.name.slice(0, 200) }),
    ...(common.source === "" ? {} : { source: common.source }),
    ...(item.before?.state === "published" ? {} : idOf(item)),
  };
}

/** An id is never used again: an area that is listed once more after its withdrawal gets the next number. */
function idOf({ key, before }: ImportItem): { id?: string } {
  if (key.startsWith("#")) return {};
  if (before === null) return { id: key };
  const number = Number(/-(\d+)$/.exec(before.id.slice(key.length))?.[1] ?? 1);
  return { id: `${key}-${number + 1}`.slice(0, 64) };
}

function itemOfShape(shape: ImportedShape, index: number, byId: ReadonlyMap<string, Area>): ImportItem {
  const before = (shape.id === null ? undefined : byId.get(shape.id)) ?? null;
  const name = shape.name ?? "";
  const item: ImportItem = {
    // A line without an id of its own gets one from the server.
    key: shape.id ?? `#${index}`,
    name,
    title: name === "" ? (shape.id ?? shape.where) : name,
    province: "",
    level: shape.level,
    kind: null,
    geometry: shape.geometry,
    within: null,
    before,
    problems: shape.problems,
    state: shape.geometry === null ? "broken" : "ready",
  };
  if (shape.geometry === null || before?.state !== "published") return item;
  const same =
    (shape.level === null || shape.level === before.level) &&
    JSON.stringify(shape.geometry) === JSON.stringify(before.geometry);
  return { ...item, state: same ? "kept" : "changed" };
}

function itemOfEntry(entry: ListEntry, byKey: ReadonlyMap<string, Area>): ImportItem {
  const { key, level, province, city, county, town, place, kind, match } = entry;
  const before = byKey.get(key) ?? null;
  const item: ImportItem = {
    key,
    name: [...new Set([province, city, county])].join("") + (place.startsWith(town) ? "" : town) + place,
    title: place,
    province,
    level,
    kind,
    geometry: before?.geometry ?? (match?.exact === true ? match.geometry : null),
    within: match?.exact === false ? match : null,
    before,
    problems: [],
    state: "open",
  };
  if (before?.state === "published") item.state = before.level === level ? "kept" : "changed";
  else if (item.geometry !== null) item.state = "ready";
  return item;
}

function itemOfGone(key: string, area: Area): ImportItem {
  const province = /^.+?(?:省|自治区|市|兵团)/.exec(area.name)?.[0] ?? "";
  return {
    key,
    name: area.name,
    title: area.name,
    province,
    level: area.level,
    kind: null,
    geometry: area.geometry,
    within: null,
    before: area,
    problems: [],
    state: "gone",
  };
}

/** Areas that came from a list, by the key of their entry: the one in force, else the one with the highest number. */
function newestByKey(areas: readonly Area[]): Map<string, Area> {
  const byKey = new Map<string, Area>();
  for (const area of areas) {
    const key = LIST_ID.exec(area.id)?.[1];
    if (key === undefined) continue;
    const other = byKey.get(key);
    const isNewer = other === undefined || other.id.length < area.id.length || other.id < area.id;
    if (other?.state !== "published" && (area.state === "published" || isNewer)) byKey.set(key, area);
  }
  return byKey;
}
