import type { Gate } from "../model/city.ts";
import type { Problem } from "../model/errors.ts";
import type { TollEntry } from "../model/etc.ts";

/** Adds what is wrong with a city's `toll.json` to `problems`: gates that are none, entries that can never count. */
export function checkToll(
  file: string,
  places: readonly TollEntry[],
  gates: readonly Gate[],
  problems: Problem[],
): void {
  const ids = new Set(gates.map(({ id }) => id));
  for (const [at, place] of places.entries()) {
    const where = `${file}: places[${at}]`;
    if (!ids.has(place.gate))
      problems.push({ where: `${where}.gate`, value: place.gate, expected: "a gate of the city" });
    const earlier = places.slice(0, at).findIndex((other) => includes(other, place));
    if (earlier >= 0) {
      const expected = `something that places[${earlier}] does not take already (the first entry that fits counts)`;
      problems.push({ where, value: place.station ?? place.gantry ?? "", expected });
    }
  }
}

/** Everything that fits `inner` fits `outer` too. */
function includes(outer: TollEntry, inner: TollEntry): boolean {
  if (outer.station !== inner.station || outer.gantry !== inner.gantry) return false;
  if (outer.direction !== undefined && outer.direction !== inner.direction) return false;
  return (
    outer.lanes === undefined || (inner.lanes !== undefined && inner.lanes.every((lane) => outer.lanes!.includes(lane)))
  );
}
