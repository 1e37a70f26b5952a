import type { PlacePreview } from "../../model/place.ts";
import { useText } from "../preferences.tsx";
import { count } from "../show/measure.ts";

const SHOWN_MAX = 40;
const KINDS = ["case", "arrival", "resident", "device"] as const;

/** How many of what get another home by an operation on places. */
export function RehomedTotals({ of: { rehomed } }: { of: PlacePreview }) {
  const t = useText();
  return (
    <dl className="totals">
      {KINDS.map((kind) => {
        const moving = rehomed.filter(({ what }) => what === kind).reduce((sum, each) => sum + each.count, 0);
        return (
          <div key={kind}>
            <dt>{t.recut.bound[kind]}</dt>
            <dd>{count(moving)}</dd>
          </div>
        );
      })}
    </dl>
  );
}

/** From which place to which, with who heads either then: who loses, who gains. */
export function RehomedFlows({ of: { rehomed, balance, closed, created, changed } }: { of: PlacePreview }) {
  const t = useText();
  if (rehomed.length === 0) return null;
  const names = new Map([...closed, ...created, ...changed].map(({ id, name }) => [id, name]));
  const rows = new Map(balance.map((row) => [row.place, row]));
  const flows = [...Map.groupBy(rehomed, ({ from, to }) => JSON.stringify([from, to]))].map(([key, moves]) => {
    const [from, to] = JSON.parse(key) as [string, string | null];
    return { key, from, to, moves };
  });
  const sayPlace = (place: string | null) => {
    if (place === null) return <span>{t.recut.nowhere}</span>;
    const row = rows.get(place);
    const persons = row?.persons.map(({ name }) => name).join("、") ?? "";
    return (
      <span>
        {row?.name ?? names.get(place) ?? place}
        <small className="muted">{persons === "" ? t.recut.nobodyHeads : persons}</small>
      </span>
    );
  };
  return (
    <table className="recut-flows">
      <caption>{t.recut.flows}</caption>
      <thead>
        <tr>
          <th scope="col">{t.recut.loses}</th>
          <th scope="col">{t.recut.gains}</th>
          {KINDS.map((kind) => (
            <th scope="col" key={kind}>
              {t.recut.bound[kind]}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {flows.slice(0, SHOWN_MAX).map(({ key, from, to, moves }) => (
          <tr key={key}>
            <td>{sayPlace(from)}</td>
            <td>{sayPlace(to)}</td>
            {KINDS.map((kind) => {
              const move = moves.find(({ what }) => what === kind);
              return <td key={kind}>{move === undefined ? "–" : count(move.count)}</td>;
            })}
          </tr>
        ))}
      </tbody>
      {flows.length <= SHOWN_MAX ? null : (
        <tfoot>
          <tr>
            <td colSpan={2 + KINDS.length}>{t.recut.moreFlows(flows.length - SHOWN_MAX)}</td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}
