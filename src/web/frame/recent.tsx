import { Link } from "react-router";
import type { Area } from "../../model/area.ts";
import type { GateFinding } from "../../model/etc.ts";
import type { FenceEvent, FindingEvent, Lock, Passage } from "../../model/finding.ts";
import type { VehicleState } from "../../model/vehicle.ts";
import { useDesk, useLive } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { Plate } from "../show/plate.tsx";
import { GateMark, FenceMark, VehicleMark, AreaMark } from "../show/symbols.tsx";
import type { Text } from "../text/zh.ts";

const SHOWN = 30;

/** What just became known, newest first. */
export function Recent() {
  const t = useText();
  const { recent } = useLive();
  return (
    <section className="recent" aria-label={t.rail.recent}>
      <h2>{t.rail.recent}</h2>
      {recent.length === 0 ? (
        <p className="recent-empty">{t.rail.recentEmpty}</p>
      ) : (
        <ol>
          {recent.slice(0, SHOWN).map((event) => (
            <Line key={event.seq} event={event} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Line({ event }: { event: FindingEvent }) {
  const t = useText();
  const { clock, city } = useDesk();
  const gateName = (id: string): string => {
    const gate = city?.gates.find((one) => one.id === id);
    return gate === undefined ? id : t.language === "zh" ? gate.name : (gate.nameEn ?? gate.name);
  };
  const to =
    event.kind === "area"
      ? `/area/${encodeURIComponent(event.id)}`
      : event.kind === "lock"
        ? `/lock/${encodeURIComponent(event.id)}`
        : `/vehicle/${encodeURIComponent(event.vehicle ?? "")}`;
  return (
    <li>
      <Link to={to}>
        <time>{clock.second(instantOf(event))}</time>
        <Mark event={event} />
        {event.kind === "area" ? <span>{(event.body as Area).name}</span> : <Plate vehicle={event.vehicle ?? ""} />}
        <span className="recent-text">{sentence(event, t, gateName)}</span>
      </Link>
    </li>
  );
}

/** When it happened; when it became known for what has no instant of its own. */
function instantOf(event: FindingEvent): string {
  if (event.kind === "passage" || event.kind === "gate") return (event.body as Passage | GateFinding).time;
  if (event.kind === "fence") return (event.body as FenceEvent).time ?? (event.body as FenceEvent).notAfter;
  if (event.kind === "lock" && event.change === "opened") return (event.body as Lock).lockedAt;
  return event.at;
}

function Mark({ event }: { event: FindingEvent }) {
  const states: Partial<Record<FindingEvent["kind"], VehicleState>> = { lock: "locked", exposure: "exposed" };
  const state = event.kind === "lock" && (event.body as Lock).state === "released" ? "released" : states[event.kind];
  if (state !== undefined) return <VehicleMark state={state} size={14} />;
  if (event.kind === "passage" || event.kind === "gate") return <GateMark size={14} />;
  return event.kind === "area" ? <AreaMark level={(event.body as Area).level} size={14} /> : <FenceMark size={14} />;
}

function sentence(event: FindingEvent, t: Text, gateName: (id: string) => string): string {
  const r = t.recent;
  switch (event.kind) {
    case "lock": {
      const { state } = event.body as Lock;
      if (state === "released") return r.lockReleased;
      if (state === "expired") return r.lockExpired;
      if (state === "review") return r.lockReview;
      return event.change === "opened" ? r.lockOpened : r.lockRevised;
    }
    case "exposure":
      return event.change === "withdrawn"
        ? r.exposureWithdrawn
        : event.change === "closed"
          ? r.exposureClosed
          : r.exposureOpened;
    case "passage": {
      const { direction, gate } = event.body as Passage;
      return r.passage(direction === "inbound" ? t.gate.inbound : t.gate.outbound, gateName(gate));
    }
    case "fence":
      return (event.body as FenceEvent).kind === "entry" ? r.entry : r.exit;
    case "gate": {
      const { kind, gate } = event.body as GateFinding;
      return r.gate(kind, gateName(gate));
    }
    case "area":
      return event.cause === "area-withdrawn"
        ? r.areaWithdrawn
        : event.change === "opened"
          ? r.areaOpened
          : r.areaRevised;
  }
}
