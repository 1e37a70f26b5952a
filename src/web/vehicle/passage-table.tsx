import { Link } from "react-router";
import type { Passage } from "../../model/finding.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";

/** A vehicle's passages, newest first. */
export function PassageTable({ passages }: { passages: readonly Passage[] }) {
  const t = useText();
  const { clock, city, live } = useDesk();
  const nameOf = (id: string): string => {
    const gate = city?.gates.find((one) => one.id === id);
    return gate === undefined ? id : t.language === "zh" ? gate.name : (gate.nameEn ?? gate.name);
  };
  return (
    <table className="lines">
      <thead>
        <tr>
          <th scope="col">{t.gate.time}</th>
          <th scope="col">{t.gate.direction}</th>
          <th scope="col">{t.gate.title}</th>
        </tr>
      </thead>
      <tbody>
        {passages.map(({ id, gate, direction, time }) => (
          <tr key={id}>
            <td>{clock.full(time, live.cityNowMs())}</td>
            <td>{t.gate[direction]}</td>
            <td>
              <Link to={`/gate/${encodeURIComponent(gate)}`}>{nameOf(gate)}</Link>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
