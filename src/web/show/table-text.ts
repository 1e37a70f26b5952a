export type FileCell = string | number | null;

/** Without it Excel reads a file as GBK or Windows-1252. */
const BOM = "\uFEFF";

/** A table as CSV (RFC 4180) that Excel opens as it is; a text that begins like a formula stays a text (OWASP, CSV injection). */
export function csvText(head: readonly string[], rows: readonly (readonly FileCell[])[]): string {
  return BOM + [head, ...rows].map((row) => `${row.map(cellText).join(",")}\r\n`).join("");
}

function cellText(value: FileCell): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
