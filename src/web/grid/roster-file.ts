/** A line of a roster that is read in. */
export interface RosterRow {
  place: string;
  slot: string;
  person: string;
  name?: string;
}

/** What a roster's file holds; `missing`: columns that it has not. */
export interface RosterFile {
  rows: RosterRow[];
  /** Lines without a person: slots that nobody holds. */
  empty: number;
  missing: string[];
}

/** Headings by which a column is known: the API's own, and those of a file that was exported in Chinese. */
const HEADINGS = {
  place: ["place", "网格编号"],
  slot: ["slot", "岗位"],
  person: ["person", "人员编号"],
  name: ["name", "姓名"],
} as const;

/** Reads a roster's CSV (RFC 4180, UTF-8 with or without its mark), its columns in any order, more of them left out. */
export function readRoster(text: string): RosterFile {
  const [head = [], ...lines] = csvRows(text.replace(/^\uFEFF/, ""));
  const columnOf = (name: keyof typeof HEADINGS): number =>
    head.findIndex((heading) => (HEADINGS[name] as readonly string[]).includes(heading.trim()));
  const missing = (["place", "slot", "person"] as const).filter((name) => columnOf(name) < 0);
  if (missing.length > 0) return { rows: [], empty: 0, missing };
  const rows: RosterRow[] = [];
  let empty = 0;
  for (const line of lines) {
    const cell = (name: keyof typeof HEADINGS): string => line[columnOf(name)]?.trim() ?? "";
    if (line.every((each) => each.trim() === "")) continue;
    if (cell("person") === "") {
      empty++;
      continue;
    }
    const name = cell("name");
    rows.push({ place: cell("place"), slot: cell("slot"), person: cell("person"), ...(name === "" ? {} : { name }) });
  }
  return { rows, empty, missing: [] };
}

/**
 * file = row { newline row } ; row = field { "," field } ; field = quoted | plain ; quoted = '"' { char | '""' } '"'
 */
function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null) break;
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === ",") {
      // A comma at the very end has an empty field behind it.
      if (field.lastIndex === text.length) row.push("");
      continue;
    }
    rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}
