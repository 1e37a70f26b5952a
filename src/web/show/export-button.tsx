import "./export-button.css";
import { useText } from "../preferences.tsx";

interface ExportButtonProps {
  /** The list's path under the API, `/locks`. */
  path: string;
  /** The filters of the list as it is shown. */
  query?: Record<string, string | number | null | undefined>;
}

/** Links that save the whole list behind a table, with its filters, as a file. The server writes it, page by page. */
const ALL: NonNullable<ExportButtonProps["query"]> = {};

export function ExportButton({ path, query = ALL }: ExportButtonProps) {
  const t = useText();
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const address = (format: string): string => {
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    search.set("format", format);
    search.set("lang", t.language);
    return `/api/v1${path}?${search.toString()}`;
  };
  return (
    <span className="export" role="group" aria-label={t.exporting.label}>
      <a href={address("csv")} download title={t.exporting.csvHint}>
        CSV
      </a>
      <a href={address("xlsx")} download title={t.exporting.xlsxHint}>
        XLSX
      </a>
    </span>
  );
}
