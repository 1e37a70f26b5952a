import { useSyncExternalStore } from "react";
import type { LayerGroup } from "./layer-groups.ts";
import { readViewAddress } from "./view-address.ts";

/** What is taken off the map, for this visit. A link may begin with something hidden. */
class HiddenLayers {
  #hidden: readonly LayerGroup[] = readViewAddress(globalThis.location?.search ?? "").hidden;
  readonly #listeners = new Set<() => void>();

  readonly get = (): readonly LayerGroup[] => this.#hidden;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(hidden: readonly LayerGroup[]): void {
    if (hidden.join(",") === this.#hidden.join(",")) return;
    this.#hidden = hidden;
    for (const listener of this.#listeners) listener();
  }

  toggle(group: LayerGroup): void {
    const hidden = this.#hidden.filter((one) => one !== group);
    this.set(hidden.length < this.#hidden.length ? hidden : [...hidden, group]);
  }
}

export const hiddenLayers = new HiddenLayers();

export function useHiddenLayers(): readonly LayerGroup[] {
  return useSyncExternalStore(hiddenLayers.subscribe, hiddenLayers.get);
}
