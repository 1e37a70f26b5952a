import writeXlsxFile, { type SheetData } from "write-excel-file/node";

export type FileLanguage = "zh" | "en";
type CellValue = string | number | Date | null;

/** A column of a file: its heading, and what it shows of an item. A `Date` is an instant; files show city time. */
export interface ExportColumn<Item> {
  zh: string;
  en: string;
  /** Width in a spreadsheet, characters. */
  width?: number;
  value: (item: Item) => CellValue;
}

/** Excel's own epoch and format take no time zone: an instant goes in as the clock on the wall shows it. */
const XLSX_TIME = "yyyy-mm-dd hh:mm:ss";
/** Without it Excel reads a file as GBK or Windows-1252. */
const BOM = "\uFEFF";

/** One row of CSV (RFC 4180) with its line end. */
export function csvRow(cells: readonly CellValue[], timeZone: string): string {
  return `${cells.map((cell) => csvCell(cell, timeZone)).join(",")}\r\n`;
}

/** The heading of a CSV file for Excel. */
export function csvHead<Item>(columns: readonly ExportColumn<Item>[], lang: FileLanguage): string {
  return BOM + csvRow(headings(columns, lang), "UTC");
}

/** A workbook of one sheet; its heading row stays in view. */
export async function xlsxFile<Item>(
  sheet: string,
  columns: readonly ExportColumn<Item>[],
  items: readonly Item[],
  { lang, timeZone, note }: { lang: FileLanguage; timeZone: string; note: string | null },
): Promise<Buffer> {
  const head = headings(columns, lang).map((value) => ({ value, fontWeight: "bold" as const }));
  const data: SheetData = [head, ...items.map((item) => columns.map(({ value }) => xlsxCell(value(item), timeZone)))];
  if (note !== null) data.push([note]);
  return writeXlsxFile(data, {
    sheet,
    stickyRowsCount: 1,
    columns: columns.map(({ width = 18 }) => ({ width })),
  }).toBuffer();
}

function xlsxCell(value: CellValue, timeZone: string): SheetData[number][number] {
  if (value instanceof Date) return { value: wallClock(value, timeZone), type: Date, format: XLSX_TIME };
  return value;
}

/** `2026-11-24 06:12:04` as the city's clock shows it. */
export function cityTime(instant: Date, timeZone: string): string {
  return wallClock(instant, timeZone).toISOString().slice(0, 19).replace("T", " ");
}

function headings<Item>(columns: readonly ExportColumn<Item>[], lang: FileLanguage): string[] {
  return columns.map((column) => column[lang]);
}

function csvCell(value: CellValue, timeZone: string): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  if (value instanceof Date) return cityTime(value, timeZone);
  // A spreadsheet would run a text that begins like a formula; a leading apostrophe makes it text (OWASP, CSV injection).
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The instant whose UTC reading is what the clock of the zone shows. */
function wallClock(instant: Date, timeZone: string): Date {
  let clock = clocks.get(timeZone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
    clocks.set(timeZone, clock);
  }
  return new Date(`${clock.format(instant).replace(" ", "T")}Z`);
}
