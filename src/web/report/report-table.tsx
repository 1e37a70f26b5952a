import type { ReactNode } from "react";
import { count } from "../show/measure.ts";

interface ReportTableProps {
  label: string;
  head: readonly string[];
  rows: readonly { key: string; cells: readonly ReactNode[] }[];
  foot?: readonly ReactNode[];
  empty: string;
}

/** A small table of figures; numbers stand at the right. The first cell names its row. */
export function ReportTable({ label, head, rows, foot, empty }: ReportTableProps) {
  if (rows.length === 0) return <p className="muted report-line">{empty}</p>;
  const first = rows[0]!.cells;
  const cell = (value: ReactNode): ReactNode => (typeof value === "number" ? count(value) : value);
  const side = (column: number): string | undefined => (typeof first[column] === "number" ? "num" : undefined);
  return (
    <table className="report-table" aria-label={label}>
      <thead>
        <tr>
          {head.map((name, column) => (
            <th key={name} scope="col" className={side(column)}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, cells }) => (
          <tr key={key}>
            <th scope="row">{cell(cells[0])}</th>
            {cells.slice(1).map((value, column) => (
              <td key={head[column + 1]} className={side(column + 1)}>
                {cell(value)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
      {foot === undefined ? null : (
        <tfoot>
          <tr>
            <th scope="row">{cell(foot[0])}</th>
            {foot.slice(1).map((value, column) => (
              <td key={head[column + 1]} className={side(column + 1)}>
                {cell(value)}
              </td>
            ))}
          </tr>
        </tfoot>
      )}
    </table>
  );
}
