import { WuxingError } from "../model/errors.ts";
import type { Addressee, DutyFinder } from "./ports.ts";

/**
 * Who is addressed by work for a slot of the place with this path. A place that an operation has just ended is no place any more
 * until its work has found another home: meanwhile whoever serves above it is addressed.
 * @param up so many places above it; beyond the top it is the top
 */
export function addresseeOf(
  duties: Pick<DutyFinder, "find">,
  path: string,
  slot: string,
  atMs: number,
  up = 0,
): Addressee {
  const places = path.slice(0, -1).split("/");
  for (let at = Math.max(0, places.length - 1 - up); ; at--) {
    try {
      return duties.find(places[at]!, slot, atMs);
    } catch (error) {
      if (at === 0 || !(error instanceof WuxingError) || error.code !== "PLACE_NOT_FOUND") throw error;
    }
  }
}
