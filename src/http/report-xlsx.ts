import writeXlsxFile from "write-excel-file/node";
import type { PrintedReport } from "./report-sections.ts";

/** What Excel refuses in the name of a sheet, and how long it may be. */
const FORBIDDEN = /[\\/?*[\]:]/g;
const NAME_MAX = 31;

/** A report as a workbook, a sheet for each part. */
export async function reportXlsx({ title, period, made, sections }: PrintedReport): Promise<Buffer> {
  const sheets = sections.map((section) => ({
    sheet: section.title.split(" · ")[0]!.replace(FORBIDDEN, " ").slice(0, NAME_MAX),
    columns: section.head.map((_, column) => ({ width: column === 0 ? 34 : 16 })),
    data: [
      [{ value: `${title} ${period}`, fontWeight: "bold" as const }],
      [{ value: made }],
      [{ value: section.title }],
      ...(section.note === undefined ? [] : [[{ value: section.note }]]),
      section.head.map((value) => ({ value, fontWeight: "bold" as const })),
      ...(section.rows.length === 0 ? [[{ value: section.empty }]] : section.rows),
    ],
  }));
  return writeXlsxFile(sheets).toBuffer();
}
