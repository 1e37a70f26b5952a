import type { Area, AreaInput } from "../model/area.ts";
import { WuxingError } from "../model/errors.ts";
import { areaOf } from "./area-input.ts";
import type { Cause } from "./ledger-port.ts";

export type AreaCause = Extract<Cause, `area-${string}`>;

export interface AreaDeskOptions {
  /** All areas of the ledger, withdrawn ones too. */
  areas: readonly Area[];
  now: () => number;
  /** Writes the area as it has to stand; when it rejects, nothing has changed. */
  write(area: Area, cause: AreaCause): Promise<void>;
  /** Told after it is written; matching uses it from then on. */
  onChange(area: Area, cause: AreaCause): void;
}

/** The areas as they stand, and the three things that can be done with them, one after the other. */
export class AreaDesk {
  readonly #options: AreaDeskOptions;
  readonly #areas: Map<string, Area>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AreaDeskOptions) {
    this.#options = options;
    this.#areas = new Map(options.areas.map((area) => [area.id, area]));
  }

  /** @throws AREA_INVALID with every problem, AREA_EXISTS */
  publish(input: AreaInput): Promise<Area> {
    return this.#inTurn(() => {
      if (input.id !== undefined && this.#areas.has(input.id)) throw new WuxingError("AREA_EXISTS", input.id);
      return this.#put(areaOf(input, null, this.#options.now()), "area-published");
    });
  }

  /** @throws AREA_INVALID, AREA_NOT_FOUND, AREA_WITHDRAWN */
  edit(id: string, input: AreaInput): Promise<Area> {
    return this.#inTurn(() => this.#put(areaOf(input, this.#published(id), this.#options.now()), "area-edited"));
  }

  /** @throws AREA_NOT_FOUND, AREA_WITHDRAWN */
  withdraw(id: string): Promise<Area> {
    return this.#inTurn(() => {
      const before = this.#published(id);
      return this.#put({ ...before, version: before.version + 1, state: "withdrawn" }, "area-withdrawn");
    });
  }

  #published(id: string): Area {
    const area = this.#areas.get(id);
    if (!area) throw new WuxingError("AREA_NOT_FOUND", id);
    if (area.state === "withdrawn") throw new WuxingError("AREA_WITHDRAWN", id);
    return area;
  }

  async #put(area: Area, cause: AreaCause): Promise<Area> {
    await this.#options.write(area, cause);
    this.#areas.set(area.id, area);
    this.#options.onChange(area, cause);
    return area;
  }

  #inTurn(run: () => Promise<Area>): Promise<Area> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
