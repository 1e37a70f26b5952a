import type { CommandState, TrackedCommand } from "./command-desk.ts";
import { trackingCommand, type Command } from "./command.ts";

/** Who passes commands on to terminals; a `Jt808Server` is one. */
export interface TrackingDesk {
  terminalsOf(vehicle: string): string[];
  /** @throws WuxingError OVERLOADED */
  send(terminal: string, command: Command): { tracked: TrackedCommand; finished: Promise<TrackedCommand> };
}

export interface LockedTrackingOptions {
  /** A locked vehicle reports every so many seconds. */
  intervalSec?: number;
  /** What its terminal is told at a time; renewed a minute before it ends, as long as the vehicle is locked. */
  validitySec?: number;
  sweepMs?: number;
  nowMs?: () => number;
}

interface Follow {
  /** When its terminal is told again. */
  dueMs: number;
  terminal: string | undefined;
  /** The command under way; its outcome sets `dueMs`. */
  underWay: boolean;
}

const RENEW_EARLY_MS = 60_000;
/** Wait after a command that did not come through. */
const AGAIN_MS = 300_000;
/** Commands of one sweep: many locked vehicles at a start are told bit by bit. */
const SWEEP_COMMANDS = 500;

/**
 * Asks the terminals of locked vehicles for a report every few seconds (0x8202), renews it while they are locked, and
 * stops it when they are no longer. A terminal that is away is told at its next log-in.
 */
export class LockedTracking {
  readonly #desk: TrackingDesk;
  readonly #intervalSec: number;
  readonly #validitySec: number;
  readonly #nowMs: () => number;
  readonly #follows = new Map<string, Follow>();
  readonly #timer: NodeJS.Timeout;

  constructor(desk: TrackingDesk, options: LockedTrackingOptions = {}) {
    this.#desk = desk;
    this.#intervalSec = options.intervalSec ?? 5;
    this.#validitySec = options.validitySec ?? 3600;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#timer = setInterval(() => this.sweep(), options.sweepMs ?? 5000).unref();
  }

  /** Vehicles that are followed. */
  get size(): number {
    return this.#follows.size;
  }

  /** A vehicle is locked, or no longer. Saying the same again changes nothing. */
  setLocked(vehicle: string, locked: boolean): void {
    const follow = this.#follows.get(vehicle);
    if (locked && follow === undefined) {
      this.#follows.set(vehicle, { dueMs: 0, terminal: undefined, underWay: false });
    } else if (!locked && follow !== undefined) {
      this.#follows.delete(vehicle);
      if (follow.terminal !== undefined) void this.#tell(follow.terminal, { intervalSec: 0 });
    }
  }

  /** Tells the terminals that are due. */
  sweep(): void {
    const nowMs = this.#nowMs();
    let left = SWEEP_COMMANDS;
    for (const [vehicle, follow] of this.#follows) {
      if (follow.underWay || nowMs < follow.dueMs) continue;
      if (left-- === 0) return;
      const [terminal] = this.#desk.terminalsOf(vehicle);
      follow.dueMs = nowMs + AGAIN_MS;
      if (terminal !== undefined) void this.#follow(follow, terminal);
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#follows.clear();
  }

  async #follow(follow: Follow, terminal: string): Promise<void> {
    const finished = this.#tell(terminal, { intervalSec: this.#intervalSec, validitySec: this.#validitySec });
    if (finished === undefined) return;
    follow.terminal = terminal;
    follow.underWay = true;
    const { state } = await finished;
    follow.underWay = false;
    follow.dueMs = this.#nowMs() + (CAME_THROUGH.has(state) ? this.#validitySec * 1000 - RENEW_EARLY_MS : AGAIN_MS);
  }

  /** Undefined when there are too many commands already. */
  #tell(
    terminal: string,
    tracking: { intervalSec: number; validitySec?: number },
  ): Promise<TrackedCommand> | undefined {
    const validUntilMs = this.#nowMs() + this.#validitySec * 1000;
    try {
      return this.#desk.send(terminal, { ...trackingCommand(tracking), validUntilMs }).finished;
    } catch {
      return undefined;
    }
  }
}

/** A terminal that refuses is not asked before the next renewal. */
const CAME_THROUGH: ReadonlySet<CommandState> = new Set<CommandState>(["done", "refused"]);
