import { createHash } from "node:crypto";
import type { AreaLevel } from "../model/area.ts";
import type { EntryKind, ListEntry } from "../model/area-import.ts";
import type { Problem } from "../model/errors.ts";

/** A list of places without coordinates, as the State Council's client published it in 2022. */
export interface RiskList {
  /** The instant that the list says it is of, with the offset of China; null when it says none. */
  asOf: string | null;
  entries: ListEntry[];
  lowEntries: number;
  problems: Problem[];
}

/** Their districts stand where other provinces have cities. */
const MUNICIPALITIES = new Set(["北京市", "天津市", "上海市", "重庆市"]);
/** Stands in the field of the city where there is none between province and county. */
const NO_CITY = new Set(["省直辖县级行政单位", "自治区直辖县级行政单位", "市辖区", "县"]);
const PROBLEMS_MAX = 50;

/**
 * The list in a parsed JSON: `{data: {end_update_time, hcount, mcount, highlist, middlelist}}`, since 21 July 2022 with
 * `lcount` and `lowlist`; each row `{province, city, county, communitys: [...]}`. Null when it is no such list.
 */
export function riskListOf(value: unknown): RiskList | null {
  const data = record(record(value)?.["data"]) ?? record(value);
  if (data === null || !Array.isArray(data["highlist"]) || !Array.isArray(data["middlelist"])) return null;
  const list = new ListBuilder(asOfOf(data["end_update_time"]));
  for (const [name, level, counted] of [
    ["highlist", "high", "hcount"],
    ["middlelist", "medium", "mcount"],
    ["lowlist", null, "lcount"],
  ] as const) {
    const rows: unknown[] = Array.isArray(data[name]) ? data[name] : [];
    let found = 0;
    for (const [index, row] of rows.entries()) found += list.addRow(row, level, `${name}[${index}]`);
    const said = data[counted];
    if (typeof said === "number" && said !== found) {
      list.problem({ where: counted, value: String(said), expected: `${found}, as many as ${name} holds` });
    }
  }
  return list.done();
}

/**
 * The list in a text of lines `level,province,city,county,place`, separated by commas, tabs, bars or spaces; the level is 高, 中, 低
 * (with or without 风险), or stands in a heading of its own. Null when no line is one.
 */
export function riskListInText(text: string): RiskList | null {
  const list = new ListBuilder(asOfOf(/\d{4}[-年]\d{1,2}[-月]\d{1,2}日?\s*\d{1,2}时/.exec(text)?.[0]));
  let level: AreaLevel | null | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const fields = line
      .split(/[,，\t|;；\s\u00a0\u3000]+/)
      .map((field) => field.trim())
      .filter((field) => field !== "");
    const own = levelOf(fields[0] ?? "");
    const rest = own === undefined ? fields : fields.slice(1);
    if (own !== undefined && rest.length === 0) level = own;
    if (rest.length === 0 || rest[0] === "省份" || rest[0] === "省") continue;
    const where = `line ${index + 1}`;
    const as = own === undefined ? level : own;
    const [province, city, county, ...places] = rest;
    if (as === undefined || places.length === 0 || !/[省市区团]$/.test(province ?? "")) {
      if (list.size > 0 || as !== undefined) {
        list.problem({ where, value: line.slice(0, 100), expected: "level, province, city, county, place" });
      }
      continue;
    }
    list.addRow({ province, city, county, communitys: [places.join(" ")] }, as, where);
  }
  return list.size === 0 ? null : list.done();
}

class ListBuilder {
  readonly #asOf: string | null;
  readonly #entries = new Map<string, ListEntry>();
  readonly #problems: Problem[] = [];
  #low = 0;

  constructor(asOf: string | null) {
    this.#asOf = asOf;
  }

  get size(): number {
    return this.#entries.size + this.#low;
  }

  /** Takes a row and answers how many places it names. */
  addRow(row: unknown, level: AreaLevel | null, where: string): number {
    const fields = record(row);
    const places = fields?.["communitys"];
    const [province, city, county] = ["province", "city", "county"].map((name) => textOf(fields?.[name]));
    if (!Array.isArray(places) || province === undefined || province === "") {
      this.problem({ where, value: JSON.stringify(row).slice(0, 100), expected: "province, city, county and places" });
      return 0;
    }
    for (const [index, given] of places.entries()) {
      const place = textOf(given);
      if (place === undefined || place === "") {
        this.problem({ where: `${where}.communitys[${index}]`, value: String(given), expected: "the name of a place" });
      } else if (level === null) this.#low++;
      else this.#add(entryOf(level, province, city ?? "", county ?? "", place));
    }
    return places.length;
  }

  problem(problem: Problem): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(problem);
  }

  done(): RiskList {
    return {
      asOf: this.#asOf,
      entries: [...this.#entries.values()],
      lowEntries: this.#low,
      problems: this.#problems,
    };
  }

  /** A place that stands there twice is one; of two levels the higher counts. */
  #add(entry: ListEntry): void {
    const before = this.#entries.get(entry.key);
    if (before !== undefined && before.level !== entry.level) {
      this.problem({ where: nameOf(entry), value: "high, medium", expected: "one level; the higher is taken" });
    }
    if (before === undefined || entry.level === "high") this.#entries.set(entry.key, entry);
  }
}

function entryOf(level: AreaLevel, province: string, city: string, county: string, place: string): ListEntry {
  const fields = { province, city, county, town: "" };
  if (MUNICIPALITIES.has(province) && city !== province && !NO_CITY.has(city)) {
    // Beijing's rows are shifted by one: the district stands as the city, the street as the county.
    Object.assign(fields, { city: province, county: city, town: county });
  } else if (NO_CITY.has(city) || city === "") fields.city = MUNICIPALITIES.has(province) ? province : county;
  if (fields.town === "") fields.town = townIn(place);
  const key = createHash("sha256")
    .update([province, fields.city, fields.county, place].join("\n"))
    .digest("hex")
    .slice(0, 16);
  return { key: `list-${key}`, level, ...fields, place, kind: kindOf(place), match: null };
}

/** The township or street with which a place's text begins: `绿东村街道白鸽社区…`. */
function townIn(place: string): string {
  return /^[^（(、，0-9]{1,10}?(?:街道办事处|办事处|街道|镇|乡|苏木)(?!村|社区|中心)/.exec(place)?.[0] ?? "";
}

function kindOf(place: string): EntryKind {
  if (/除.+外|其(?:他|它|余)(?:区域|地区|范围)/.test(place)) return "remainder";
  if (
    /[0-9A-Za-z一二三四五六七八九十甲乙丙]+(?:号|#)?(?:楼|栋|幢|单元|室|门|座)|[0-9]+号|宿舍|工地|酒店|宾馆|超市|饭店/.test(
      place,
    )
  ) {
    return "building";
  }
  return /(?:路|街|巷|大道|胡同|弄)(?:以[东南西北]|沿线|沿街)?$/.test(place) ? "road" : "place";
}

/** `2022-05-01 7时` is 07:00 in China. */
function asOfOf(value: unknown): string | null {
  const found = /^(\d{4})[-年](\d{1,2})[-月](\d{1,2})日?\s*(\d{1,2})时/.exec(textOf(value) ?? "");
  if (found === null) return null;
  const [, year, month, day, hour] = found;
  const text = `${year}-${two(month)}-${two(day)}T${two(hour)}:00:00+08:00`;
  return Number.isNaN(Date.parse(text)) ? null : text;
}

/** Undefined when it is no level, null when it is the low one. */
function levelOf(text: string): AreaLevel | null | undefined {
  const found = /^(高|中|低)(?:风险(?:地?区(?:域)?)?)?(?:[(（]?\d*个?[)）]?)?[:：]?$/.exec(text)?.[1];
  return found === undefined ? undefined : found === "高" ? "high" : found === "中" ? "medium" : null;
}

/** The text without blanks around it, of every width. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value.replaceAll(/[\u00a0\u3000]/g, " ").trim() : undefined;
}

function two(digits: string): string {
  return digits.padStart(2, "0");
}

function nameOf({ province, city, county, place }: ListEntry): string {
  return [...new Set([province, city, county])].join("") + place;
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
