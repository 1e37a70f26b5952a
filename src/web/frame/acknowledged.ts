import { useSyncExternalStore } from "react";

const KEY = "wuxing.acknowledged";
/** More than any desk has open; the oldest are forgotten first. */
const KEPT_MAX = 2000;

/**
 * The locks that this desk has taken note of. Kept in this browser: it orders one desk's own cards and decides nothing, so it
 * is no part of the city's record.
 */
class Acknowledged {
  #ids: ReadonlySet<string> = new Set(read());
  readonly #listeners = new Set<() => void>();

  readonly get = (): ReadonlySet<string> => this.#ids;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  toggle(id: string): void {
    const ids = new Set(this.#ids);
    if (!ids.delete(id)) ids.add(id);
    this.#ids = new Set([...ids].slice(-KEPT_MAX));
    try {
      localStorage.setItem(KEY, JSON.stringify([...this.#ids]));
    } catch {
      // A browser that keeps nothing shows the cards as new after a reload.
    }
    for (const listener of this.#listeners) listener();
  }
}

export const acknowledged = new Acknowledged();

export function useAcknowledged(): ReadonlySet<string> {
  return useSyncExternalStore(acknowledged.subscribe, acknowledged.get);
}

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id) => typeof id === "string").slice(-KEPT_MAX) : [];
  } catch {
    return [];
  }
}
