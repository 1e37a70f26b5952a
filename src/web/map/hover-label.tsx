import { useAreas } from "../api/queries.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { plateOf } from "../show/measure.ts";
import type { Hit } from "./city-map.ts";
import type { Fleet } from "./fleet.ts";
import { LOST_AFTER_MS } from "./lost.ts";
import { replay } from "./replay.ts";

/** What lies under the pointer, in a line. */
export function HoverLabel({ hit, at, fleet }: { hit: Hit; at: { x: number; y: number }; fleet: Fleet }) {
  const t = useText();
  const { city, clock, live } = useDesk();
  const { data: areas } = useAreas();
  if (hit === null) return null;
  const lines: string[] = [];
  if (hit.kind === "vehicle") {
    const state = fleet.stateOf(hit.number);
    const fixMs = fleet.fixMs[hit.number]!;
    const lost = (replay.get().atMs ?? live.cityNowMs()) - fixMs > LOST_AFTER_MS;
    lines.push(plateOf(hit.id).text);
    lines.push(
      [state === null ? "" : t.state[state], lost ? t.lost : "", t.map.lastFix(clock.second(fixMs))]
        .filter(Boolean)
        .join(" · "),
    );
  } else if (hit.kind === "area") {
    const area = areas?.find(({ id }) => id === hit.id);
    if (area !== undefined) lines.push(area.name, t.level[area.level]);
  } else {
    const gate = city?.gates.find(({ id }) => id === hit.id);
    if (gate !== undefined) lines.push(t.language === "zh" ? gate.name : (gate.nameEn ?? gate.name), gate.road ?? "");
  }
  return (
    <div className="hover-label" style={{ transform: `translate(${at.x + 14}px, ${at.y + 14}px)` }}>
      {lines.filter(Boolean).map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>
  );
}
