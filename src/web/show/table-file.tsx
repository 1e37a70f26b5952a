import "./export-button.css";
import { useText } from "../preferences.tsx";
import { csvText, type FileCell } from "./table-text.ts";

interface TableFileProps {
  /** Of the file and of the sheet in it, without its ending. */
  name: string;
  head: readonly string[];
  /** Made when they are asked for: the rows as they are shown, numbers as numbers. */
  rows: () => readonly (readonly FileCell[])[];
}

/** Saves a table whose rows are all on the page as a file; lists that the server pages have `ExportButton`. */
export function TableFile({ name, head, rows }: TableFileProps) {
  const t = useText();
  const asCsv = (): void => save(`${name}.csv`, new Blob([csvText(head, rows())], { type: "text/csv;charset=utf-8" }));
  const asXlsx = async (): Promise<void> => {
    const { default: writeXlsxFile } = await import("write-excel-file/browser");
    const data = [head.map((value) => ({ value, fontWeight: "bold" as const })), ...rows().map((row) => [...row])];
    const columns = head.map(() => ({ width: COLUMN_CHARS }));
    save(`${name}.xlsx`, await writeXlsxFile(data, { sheet: sheetOf(name), stickyRowsCount: 1, columns }).toBlob());
  };
  return (
    <span className="export" role="group" aria-label={`${t.exporting.label} ${name}`}>
      <button type="button" title={t.exporting.csvHint} onClick={asCsv}>
        CSV
      </button>
      <button type="button" title={t.exporting.xlsxHint} onClick={() => void asXlsx()}>
        XLSX
      </button>
    </span>
  );
}

const COLUMN_CHARS = 20;

/** Excel takes no such letters in a sheet's name, and 31 at most. */
function sheetOf(name: string): string {
  return name.replaceAll(/[\\/*?:[\]]/g, " ").slice(0, 31);
}

function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name.replaceAll(/[\\/:*?"<>|]/g, " ");
  link.click();
  // A browser that is still reading it loses it otherwise.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
