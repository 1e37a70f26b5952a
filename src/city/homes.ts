import type { Kysely } from "kysely";
import { toWgs84 } from "../kernel/datum.ts";
import type { Problem } from "../model/errors.ts";
import type { HomeInput, HomeKind, HomeReceipt } from "../model/home.ts";
import { deleteHomes, homesIn, writeHomes, type HomeTables } from "../store/home-store.ts";
import type { Tables } from "../store/tables.ts";
import { boxOf } from "./partition.ts";
import type { PlaceHistory } from "./place-history.ts";
import { MoveTally, type BoundMove, type Reshaping } from "./reshaping.ts";

/**
 * Where residents and devices are at home. Only the point is kept: the place follows from it, as of any date, so that an operation on
 * places, one of the future and one that is taken back leave nothing to be mended.
 */
export class Homes {
  readonly #kysely: Kysely<Tables>;
  readonly #places: () => PlaceHistory;
  readonly #now: () => number;

  constructor(kysely: Kysely<Tables>, places: () => PlaceHistory, now: () => number) {
    this.#kysely = kysely;
    this.#places = places;
    this.#now = now;
  }

  /** Sets or removes homes, each judged by itself; of several about the same one the last counts. */
  async put(inputs: readonly HomeInput[], account: string | null = null): Promise<HomeReceipt> {
    const nowMs = this.#now();
    const problems: Problem[] = [];
    const set = new Map<string, HomeTables["home"]>();
    const gone = new Map<string, Pick<HomeTables["home"], "kind" | "id">>();
    for (const [i, input] of inputs.entries()) {
      const { kind, id } = input;
      const key = `${kind} ${id}`;
      if ("gone" in input) {
        set.delete(key);
        gone.set(key, { kind, id });
        continue;
      }
      const [lon, lat] = toWgs84(input.datum, input.lon, input.lat);
      const lonE6 = Math.round(lon * 1e6);
      const latE6 = Math.round(lat * 1e6);
      if (this.#places().findLeafAt("civil", lonE6 / 1e6, latE6 / 1e6, nowMs) === undefined) {
        problems.push({ where: `homes[${i}]`, value: `${input.lon} ${input.lat}`, expected: "a point in the city" });
        continue;
      }
      gone.delete(key);
      set.set(key, { kind, id, lon_e6: lonE6, lat_e6: latE6, recorded_ms: nowMs, account });
    }
    const accepted = await writeHomes(this.#kysely, [...set.values()]);
    const removed = gone.size === 0 ? 0 : await deleteHomes(this.#kysely, [...gone.values()]);
    return {
      accepted,
      unchanged: set.size - accepted,
      gone: removed,
      rejected: problems.length,
      problems,
    };
  }

  /** How many are at home in a place at an instant. @throws WuxingError PLACE_NOT_FOUND */
  async countAt(place: string, atMs: number): Promise<Record<HomeKind, number>> {
    const history = this.#places();
    const { shape, path, tree } = history.getVersion(place, atMs);
    const counts: Record<HomeKind, number> = { resident: 0, device: 0 };
    for (const { kind, lonE6, latE6, count } of await homesIn(this.#kysely, boxOf(shape.geometry))) {
      const leaf = history.findLeafAt(tree, lonE6 / 1e6, latE6 / 1e6, atMs);
      if (leaf !== undefined && history.getVersion(leaf, atMs).path.startsWith(path)) counts[kind] += count;
    }
    return counts;
  }

  /** Who is at home in other leaves with an operation than without it. */
  async moves({ places, box, trees, leafBefore, leafAfter }: Reshaping): Promise<BoundMove[]> {
    if (places.length === 0) return [];
    const ended = new Set(places);
    const tally = new MoveTally();
    for (const { kind, lonE6, latE6, count } of await homesIn(this.#kysely, box)) {
      for (const tree of trees) {
        const [lon, lat] = [lonE6 / 1e6, latE6 / 1e6];
        const from = leafBefore(tree, lon, lat);
        if (from === undefined || !ended.has(from)) continue;
        const to = leafAfter(tree, lon, lat) ?? null;
        if (to !== from) tally.add(kind, from, to, count);
      }
    }
    return tally.all();
  }
}
