import { toWgs84 } from "../kernel/datum.ts";
import type { Problem } from "../model/errors.ts";
import type { ReadItem } from "./position-formats.ts";
import type { PositionIntake } from "./position-intake.ts";
import type { Source } from "./source-keys.ts";

/** How many are durable, and what was wrong with each of the others. */
export interface TakenItems {
  accepted: number;
  rejected: ({ index: number } & Problem)[];
}

/**
 * Takes what is right of a source's items, converted once from its datum; resolves when that is durable.
 * @throws WuxingError STORE_UNAVAILABLE when it could not be made durable; nothing of it may be acknowledged. OVERLOADED when
 *   too much waits for the disk; nothing of it was taken.
 */
export async function takeItems(
  intake: PositionIntake,
  source: Source,
  items: readonly ReadItem[],
): Promise<TakenItems> {
  intake.checkRoom(items.length);
  const receivedMs = Date.now();
  const rejected: TakenItems["rejected"] = [];
  const stored: Promise<void>[] = [];
  for (const [index, item] of items.entries()) {
    if ("problem" in item) {
      rejected.push({ index, ...item.problem });
      continue;
    }
    const { vehicle, position } = item;
    const [longitude, latitude] = toWgs84(source.datum, position.longitude, position.latitude);
    const facts = { vehicle, plate: null, plateColour: null, terminal: `source-${source.name}` };
    stored.push(intake.take(facts, [{ ...position, longitude, latitude }], receivedMs));
  }
  await Promise.all(stored);
  return { accepted: stored.length, rejected };
}
