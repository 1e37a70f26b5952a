import { useSyncExternalStore } from "react";
import type { Positions } from "../../model/vehicle.ts";
import { get } from "../api/client.ts";
import { Fleet } from "./fleet.ts";

export const REPLAY_PACES = ["60", "300", "900"] as const;
export type ReplayPace = (typeof REPLAY_PACES)[number];

export interface ReplayState {
  /** The instant that the map shows, ms UTC; null while it shows now. */
  atMs: number | null;
  playing: boolean;
  pace: ReplayPace;
  /** Vehicles at that instant; null before the first answer. */
  vehicles: number | null;
  complete: boolean;
  loading: boolean;
  failed: unknown;
}

/** A picture is asked for so often while it plays, ms; in between vehicles move along a straight line. */
const STEP_MS = 1000;

interface PositionsAt extends Positions {
  complete: boolean;
}

/** The city at an instant of the past: the same map with the positions of then. One question is under way at a time; the newest wish wins. */
class Replay {
  readonly fleet = new Fleet();
  #state: ReplayState = {
    atMs: null,
    playing: false,
    pace: "300",
    vehicles: null,
    complete: true,
    loading: false,
    failed: null,
  };
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | null = null;
  #asking = false;
  #wanted: number | null = null;
  /** Now, beyond which nothing can be played. */
  #nowMs: () => number = Date.now;

  readonly get = (): ReplayState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Shows an instant; at or beyond now it goes back to now. */
  seek(atMs: number, nowMs: () => number): void {
    this.#nowMs = nowMs;
    if (atMs >= nowMs()) return this.end();
    this.#set({ atMs });
    void this.#ask(atMs);
  }

  play(playing: boolean): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = playing ? setInterval(() => this.#step(), STEP_MS) : null;
    this.#set({ playing });
  }

  setPace(pace: ReplayPace): void {
    this.#set({ pace });
  }

  end(): void {
    this.play(false);
    this.#wanted = null;
    this.#set({ atMs: null, vehicles: null, loading: false, failed: null });
  }

  #step(): void {
    const { atMs, pace } = this.#state;
    // A server that is slower than the pace is waited for, not overrun.
    if (atMs === null || this.#asking) return;
    this.seek(atMs + Number(pace) * STEP_MS, this.#nowMs);
  }

  async #ask(atMs: number): Promise<void> {
    this.#wanted = atMs;
    if (this.#asking) return;
    this.#asking = true;
    this.#set({ loading: true });
    while (this.#wanted !== null) {
      const asked: number = this.#wanted;
      this.#wanted = null;
      try {
        const positions = await get<PositionsAt>("/positions", { at: new Date(asked).toISOString() });
        if (this.#state.atMs === null) break;
        this.fleet.apply(positions, performance.now(), true);
        this.#set({ vehicles: positions.number.length, complete: positions.complete, failed: null });
      } catch (error) {
        this.play(false);
        this.#set({ failed: error });
      }
    }
    this.#asking = false;
    this.#set({ loading: false });
  }

  #set(change: Partial<ReplayState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

export const replay = new Replay();

export function useReplay(): ReplayState {
  return useSyncExternalStore(replay.subscribe, replay.get);
}
