import type { CaseClock } from "../../model/case.ts";
import { useDesk } from "../desk.tsx";
import { useSlotName } from "../grid/roster-queries.ts";
import { useText } from "../preferences.tsx";
import { roughSpan } from "../show/instant.ts";

/** A case's clocks as bars with the marks at which the ladder tells somebody; over its limit a bar breaks into blocks. */
export function CaseClocks({ clocks }: { clocks: readonly CaseClock[] }) {
  return (
    <ul className="clocks">
      {clocks
        .filter(({ state }) => state !== "stopped")
        .map((each) => (
          <Clock key={each.clock} of={each} />
        ))}
    </ul>
  );
}

function Clock({ of }: { of: CaseClock }) {
  const t = useText();
  const { live } = useDesk();
  const slotName = useSlotName();
  const nowMs = live.cityNowMs();
  const leftMs = of.dueAt === null ? of.limitMs - of.usedMs : Date.parse(of.dueAt) - nowMs;
  const isOver = leftMs < 0;
  // Of the clock's own time; a clock of the wall runs on between two answers.
  const usedMs = of.time === "wall" && of.dueAt !== null ? of.limitMs - leftMs : of.usedMs;
  const lastMs = Math.max(of.limitMs, ...of.marks.map(({ afterMs }) => afterMs));
  const percent = (ms: number): number => Math.min(100, Math.max(0, (ms / lastMs) * 100));
  const textOf = ({ afterMs, slot, does }: CaseClock["marks"][number]): string =>
    t.cases.mark(roughSpan(afterMs, t), slotName(slot), t.cases.does[does]);
  return (
    <li className={isOver ? "limit over" : "limit"}>
      <span className="clock-bar" aria-hidden="true">
        <span className="limit-bar">
          <span style={{ width: `${percent(usedMs)}%` }} />
        </span>
        <i className="clock-limit" style={{ left: `${percent(of.limitMs)}%` }} />
        {of.marks.map((mark) => (
          <i
            key={`${mark.afterMs}${mark.slot}`}
            className={usedMs >= mark.afterMs ? `clock-mark ${mark.does} done` : `clock-mark ${mark.does}`}
            style={{ left: `${percent(mark.afterMs)}%` }}
            title={textOf(mark)}
          />
        ))}
      </span>
      <small>
        {of.label[t.language]} ·{" "}
        {of.state === "paused"
          ? t.cases.paused(of.pausedFor ?? "")
          : isOver
            ? `▲ ${t.cases.over(roughSpan(-leftMs, t))}`
            : t.cases.left(roughSpan(leftMs, t))}
      </small>
      {of.marks.length === 0 ? null : (
        <small className="muted clock-marks">
          {of.marks.map((mark) => `${usedMs >= mark.afterMs ? "◆" : "◇"} ${textOf(mark)}`).join("  ")}
        </small>
      )}
    </li>
  );
}
