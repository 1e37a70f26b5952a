import { ABSENT_U16 } from "../model/fix.ts";
import type { Positions } from "../model/vehicle.ts";
import type { VehicleDictionary } from "../tracks/vehicle-dictionary.ts";
import type { LivePositions } from "../watch/live-positions.ts";
import { eventText } from "./event-text.ts";

/** A `positions` event of the given vehicles; names those for which `isNew` holds. */
export function positionsText(
  live: LivePositions,
  vehicles: readonly number[],
  dictionary: Pick<VehicleDictionary, "idOf">,
  isNew: (vehicle: number) => boolean,
): string {
  const positions: Positions = {
    number: [],
    timeMs: [],
    lonE6: [],
    latE6: [],
    headingDeg: [],
    state: [],
    vehicles: {},
  };
  const { timeMs, lonE6, latE6, headingDeg, state } = live;
  for (const vehicle of vehicles) {
    positions.number.push(vehicle);
    positions.timeMs.push(timeMs[vehicle]!);
    positions.lonE6.push(lonE6[vehicle]!);
    positions.latE6.push(latE6[vehicle]!);
    positions.headingDeg.push(headingDeg[vehicle] === ABSENT_U16 ? -1 : headingDeg[vehicle]!);
    positions.state.push(state[vehicle]!);
    if (isNew(vehicle)) positions.vehicles[vehicle] = dictionary.idOf(vehicle);
  }
  return eventText("positions", positions);
}
