import { useEffect, useRef, useSyncExternalStore } from "react";
import type { Lock } from "../../model/finding.ts";
import { useText } from "../preferences.tsx";
import { plateOf } from "../show/measure.ts";
import { Beeper } from "./beeper.ts";

const SOUND_KEY = "wuxing.alert.sound";
const NOTICE_KEY = "wuxing.alert.notice";

export interface AlertChoice {
  sound: boolean;
  notice: boolean;
  /** The browser does not let the sound out before somebody has touched the page. */
  asleep: boolean;
  /** The browser forbids notifications. */
  denied: boolean;
}

/** How this desk wants to be told of a new lock. Off by default, remembered in this browser. */
class Alerts {
  #choice: AlertChoice = {
    sound: kept(SOUND_KEY),
    notice: kept(NOTICE_KEY) && isAllowed(),
    asleep: false,
    denied: false,
  };
  readonly #beeper = new Beeper((asleep) => this.#set({ asleep }));
  readonly #listeners = new Set<() => void>();

  readonly get = (): AlertChoice => this.#choice;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  toggleSound(): void {
    const sound = !this.#choice.sound;
    keep(SOUND_KEY, sound);
    this.#set({ sound });
    // Whoever turns it on hears what it will be.
    if (sound) this.#beeper.beep();
  }

  async toggleNotice(): Promise<void> {
    if (this.#choice.notice) return this.#notice(false, false);
    const allowed = "Notification" in globalThis && (await Notification.requestPermission()) === "granted";
    this.#notice(allowed, !allowed);
  }

  /** Tells of something new in the ways that were chosen. */
  tell(title: string, body: string): void {
    if (this.#choice.sound) this.#beeper.beep();
    if (this.#choice.notice && isAllowed()) new Notification(title, { body, tag: "wuxing-lock" });
  }

  #notice(notice: boolean, denied: boolean): void {
    keep(NOTICE_KEY, notice);
    this.#set({ notice, denied });
  }

  #set(change: Partial<AlertChoice>): void {
    this.#choice = { ...this.#choice, ...change };
    for (const listener of this.#listeners) listener();
  }
}

export const alerts = new Alerts();

export function useAlertChoice(): AlertChoice {
  return useSyncExternalStore(alerts.subscribe, alerts.get);
}

/** Tells of locks that were not there when the list was read last. What the page begins with is not new. */
export function useLockAlerts(locks: readonly Lock[] | undefined): void {
  const t = useText();
  const known = useRef<Set<string> | null>(null);
  useEffect(() => {
    if (locks === undefined) return;
    const live = locks.filter(({ state }) => state === "live");
    const fresh = known.current === null ? [] : live.filter(({ id }) => !known.current!.has(id));
    known.current = new Set([...(known.current ?? []), ...live.map(({ id }) => id)]);
    const [first] = fresh;
    if (first === undefined) return;
    const body = fresh.length > 1 ? t.alert.several(fresh.length) : t.alert.body(plateOf(first.vehicle).text);
    alerts.tell(`${t.productName} · ${t.rail.fresh}`, body);
  }, [locks, t]);
}

function isAllowed(): boolean {
  return "Notification" in globalThis && Notification.permission === "granted";
}

function kept(key: string): boolean {
  try {
    return localStorage.getItem(key) === "on";
  } catch {
    return false;
  }
}

function keep(key: string, on: boolean): void {
  try {
    localStorage.setItem(key, on ? "on" : "off");
  } catch {
    // A browser that keeps nothing asks again after a reload.
  }
}
