import type { Map as MapLibreMap } from "maplibre-gl";
import { plateOf } from "../show/measure.ts";
import type { Fleet } from "./fleet.ts";

/** More plates than this at once are a carpet, not an answer. */
const LABELS_MAX = 40;
const LOCKED = 2;
/** From this zoom on locked vehicles carry their plates. */
const PLATES_FROM_ZOOM = 10;

/** The plates beside locked vehicles and the chosen one, moved with them picture by picture. */
export class PlateLabels {
  readonly #parent: HTMLElement;
  readonly #shownFleet: () => Fleet;
  readonly #shown = new Map<number, HTMLElement>();

  constructor(parent: HTMLElement, fleet: () => Fleet) {
    this.#parent = parent;
    this.#shownFleet = fleet;
  }

  get #fleet(): Fleet {
    return this.#shownFleet();
  }

  place(map: MapLibreMap, chosen: string | null): void {
    const nowMs = performance.now();
    const bounds = map.getBounds();
    const locked = map.getZoom() >= PLATES_FROM_ZOOM;
    const chosenNumber = chosen === null ? null : this.#fleet.numberOf(chosen);
    const wanted = new Set<number>();
    for (let number = 0; number < this.#fleet.length && wanted.size < LABELS_MAX; number++) {
      if (number !== chosenNumber && (!locked || this.#fleet.state[number] !== LOCKED)) continue;
      const place = this.#fleet.placeOf(number, nowMs);
      if (place === null || !bounds.contains(place)) continue;
      wanted.add(number);
      const { x, y } = map.project(place);
      const label = this.#shown.get(number) ?? this.#make(number);
      label.classList.toggle("chosen", number === chosenNumber);
      label.style.transform = `translate(${(x + 16).toFixed(1)}px, ${(y - 9).toFixed(1)}px)`;
    }
    for (const [number, label] of this.#shown) {
      if (wanted.has(number)) continue;
      label.remove();
      this.#shown.delete(number);
    }
  }

  clear(): void {
    for (const label of this.#shown.values()) label.remove();
    this.#shown.clear();
  }

  #make(number: number): HTMLElement {
    const label = document.createElement("span");
    label.className = "plate-label";
    label.textContent = plateOf(this.#fleet.idOf(number) ?? "").text;
    this.#parent.append(label);
    this.#shown.set(number, label);
    return label;
  }
}
