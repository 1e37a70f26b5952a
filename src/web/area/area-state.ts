import type { Area } from "../../model/area.ts";

/** Where an area stands in its life at an instant of city time. */
export type AreaPhase = "inForce" | "notYet" | "ended" | "withdrawn";

export function phaseOf(area: Pick<Area, "state" | "from" | "to">, nowMs: number): AreaPhase {
  if (area.state === "withdrawn") return "withdrawn";
  if (area.from !== null && nowMs < Date.parse(area.from)) return "notYet";
  return area.to !== null && nowMs >= Date.parse(area.to) ? "ended" : "inForce";
}
