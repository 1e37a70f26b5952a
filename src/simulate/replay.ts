import { WuxingError } from "../model/errors.ts";
import { ABSENT_U16 } from "../model/fix.ts";
import type { RecordedTrack } from "../tracks/recorded-tracks.ts";
import { LocationStatus, type LocationReportInput } from "../wire/jt808/0200-location-report.ts";
import { ConnectionSlots } from "./connection-slots.ts";
import { Terminal } from "./terminal.ts";
import { inTimeOrder, type TimeOrder } from "./time-order.ts";

export interface Replay {
  /** Recorded tracks, WGS-84. */
  tracks: readonly RecordedTrack[];
  host: string;
  port: number;
  /** How many times as fast as they were recorded; above 0, Infinity is as fast as the platform takes them. */
  speed: number;
  /**
   * Connections at once; one a vehicle, up to 2,000, when not given. With fewer, vehicles log in and out in turn and
   * what they have meanwhile is sent late.
   */
  connections?: number | undefined;
  signal: AbortSignal;
  /** Called about twice a second, and at the end. */
  onProgress?: (progress: ReplayProgress) => void;
  /** How long an acknowledgement may take before a report is sent again, ms; 15 s when not given. */
  ackTimeoutMs?: number;
  /** A platform that acknowledges nothing for so long is given up, ms; a minute when not given. */
  silenceMs?: number;
}

export interface ReplayProgress {
  total: number;
  sent: number;
  acknowledged: number;
  /** Recorded time that has been reached, ms UTC. */
  timeMs: number;
  /** Positions that could not be one (0/0, out of range): sent as unlocated. */
  unlocated: number;
  /** Times with a fraction of a second: the protocol has whole seconds, the fraction is dropped. */
  fractional: number;
  /** Reports that the platform refused for good. */
  refused: number;
}

/** Frames without an acknowledgement that a vehicle may have, and reports that it may have waiting. */
const WINDOW = 1000;
const WAITING_MAX = 2000;
const SILENCE_MS = 60_000;
/** The same when no connection stands. */
const UNREACHABLE_MS = 10_000;
const PROGRESS_MS = 500;
const CONNECTIONS_DEFAULT_MAX = 2000;
/** What a platform may take of a vehicle's id in the field of the plate (0x0100). */
const VEHICLE_CHARACTERS_MAX = 32;

/**
 * Sends recorded tracks as real terminals: each vehicle registers with colour 0 and its id as VIN, so that the platform
 * knows it under the recorded id. Fixes go out in the order of their times across all vehicles, `speed` times as fast as
 * they were recorded, each with its recorded time (GMT+8, whole seconds). Resolves when everything is acknowledged or
 * `signal` aborts.
 * @throws WuxingError CONFIG_INVALID for a speed or a number of connections out of range, INPUT_INVALID for times outside
 * 2000 to 2099 or an id that no terminal could register, PLATFORM_UNREACHABLE when the platform cannot be reached or
 * falls silent.
 */
export async function replayTracks(replay: Replay): Promise<ReplayProgress> {
  check(replay);
  return new ReplayRun(replay).run();
}

class ReplayRun {
  readonly #replay: Replay;
  readonly #order: TimeOrder;
  readonly #slots: ConnectionSlots;
  readonly #terminals: Terminal[];
  readonly #progress: ReplayProgress;
  readonly #guard = new AbortController();
  readonly #stopped: AbortSignal;
  /** Since when something is unacknowledged and nothing was acknowledged, ms of wall time. */
  #silentSinceMs = 0;
  #onSettled: (() => void) | undefined;
  #endPause: (() => void) | undefined;

  constructor(replay: Replay) {
    const { tracks, signal, connections = CONNECTIONS_DEFAULT_MAX } = replay;
    this.#replay = replay;
    this.#order = inTimeOrder(tracks);
    this.#slots = new ConnectionSlots(Math.min(tracks.length, connections));
    this.#terminals = tracks.map(({ vehicle }, i) => this.#terminalOf(vehicle, i));
    this.#stopped = AbortSignal.any([signal, this.#guard.signal]);
    this.#progress = {
      total: this.#order.length,
      sent: 0,
      acknowledged: 0,
      timeMs: this.#order.timeMs[0] ?? 0,
      unlocated: 0,
      fractional: 0,
      refused: 0,
    };
  }

  async run(): Promise<ReplayProgress> {
    const stop = (): void => {
      this.#onSettled?.();
      this.#endPause?.();
    };
    this.#stopped.addEventListener("abort", stop);
    const watcher = setInterval(() => this.#watch(), PROGRESS_MS);
    try {
      await this.#sendAll();
      await this.#until(() => this.#open === 0);
    } finally {
      clearInterval(watcher);
      await this.#slots.close();
      this.#stopped.removeEventListener("abort", stop);
    }
    this.#guard.signal.throwIfAborted();
    this.#replay.onProgress?.({ ...this.#progress });
    return this.#progress;
  }

  /** Sent and neither acknowledged nor refused. */
  get #open(): number {
    return this.#progress.sent - this.#progress.acknowledged - this.#progress.refused;
  }

  async #sendAll(): Promise<void> {
    const { tracks, speed } = this.#replay;
    const order = this.#order;
    const wallStartMs = Date.now();
    const firstMs = this.#progress.timeMs;
    for (let n = 0; n < order.length && !this.#stopped.aborted; n++) {
      const timeMs = order.timeMs[n]!;
      // In steps of 5 ms of wall time: timers are no finer.
      const earlyMs = wallStartMs + (timeMs - firstMs) / speed - Date.now();
      if (earlyMs > 5) await this.#pause(earlyMs);
      else if (n % 512 === 511) await new Promise((resolve) => setImmediate(resolve));
      const terminal = this.#terminals[order.vehicle[n]!]!;
      if (terminal.pending >= WAITING_MAX) await this.#until(() => terminal.pending < WAITING_MAX);
      if (this.#stopped.aborted) return;
      this.#send(terminal, reportOf(tracks[order.vehicle[n]!]!, order.row[n]!));
    }
  }

  #send(terminal: Terminal, report: LocationReportInput): void {
    const progress = this.#progress;
    if (this.#open === 0) this.#silentSinceMs = Date.now();
    if (report.timeMs % 1000 !== 0) progress.fractional++;
    if (((report.statusFlags ?? 0) & LocationStatus.fixed) === 0) progress.unlocated++;
    progress.timeMs = report.timeMs;
    progress.sent++;
    terminal.report(report);
    this.#slots.wanted(terminal);
  }

  #watch(): void {
    this.#replay.onProgress?.({ ...this.#progress });
    if (this.#open === 0) return;
    const silenceMs = Date.now() - this.#silentSinceMs;
    const isConnected = this.#terminals.some((terminal) => terminal.isConnected);
    const { host, port, silenceMs: silenceMaxMs = SILENCE_MS } = this.#replay;
    if (silenceMs <= (isConnected ? silenceMaxMs : Math.min(silenceMaxMs, UNREACHABLE_MS))) return;
    const failed = this.#terminals.find(({ lastError }) => lastError !== undefined);
    const reason = failed?.lastError?.message ?? "it is connected";
    const detail = `${host}:${port} has acknowledged nothing for ${Math.round(silenceMs / 1000)} s (${reason})`;
    this.#guard.abort(new WuxingError("PLATFORM_UNREACHABLE", detail));
  }

  #terminalOf(vehicle: string, index: number): Terminal {
    const { host, port, ackTimeoutMs } = this.#replay;
    const terminal = new Terminal({
      platform: { host, port },
      // 0142 is not given out to anybody: nobody's number is sent.
      phone: String(14_200_000_000 + index + 1),
      version: "2013",
      registration: {
        provinceId: 0,
        cityId: 0,
        manufacturerId: "WXREP",
        terminalModel: "WX-REPLAY",
        terminalId: String(index + 1).padStart(7, "0"),
        plateColor: 0,
        plate: vehicle,
      },
      window: WINDOW,
      capacity: WAITING_MAX + 1,
      batches: false,
      ...(ackTimeoutMs !== undefined && { ackTimeoutMs }),
      onSettled: (acknowledged, refused) => {
        this.#progress.acknowledged += acknowledged;
        this.#progress.refused += refused;
        this.#silentSinceMs = Date.now();
        if (terminal.pending === 0) this.#slots.settled(terminal);
        this.#onSettled?.();
      },
    });
    return terminal;
  }

  /** Waits for acknowledgements until `isTrue`, or until the replay is stopped. */
  async #until(isTrue: () => boolean): Promise<void> {
    while (!this.#stopped.aborted && !isTrue()) await new Promise<void>((resolve) => (this.#onSettled = resolve));
  }

  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#endPause = resolve;
      timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
  }
}

function check({ tracks, speed, connections }: Replay): void {
  if (!(speed > 0)) throw setting("speed", speed, "a number above 0");
  if (connections !== undefined && !(Number.isInteger(connections) && connections >= 1)) {
    throw setting("connections", connections, "a whole number from 1");
  }
  for (const { vehicle } of tracks) {
    if (vehicle.length <= VEHICLE_CHARACTERS_MAX && !/[\p{C}\s]/u.test(vehicle)) continue;
    const expected = `1 to ${VEHICLE_CHARACTERS_MAX} characters without blanks`;
    throw new WuxingError("INPUT_INVALID", "a vehicle cannot register", [
      { where: "vehicle", value: vehicle, expected },
    ]);
  }
}

function setting(where: string, value: number, expected: string): WuxingError {
  return new WuxingError("CONFIG_INVALID", "the replay cannot start", [{ where, value: String(value), expected }]);
}

function reportOf(track: RecordedTrack, row: number): LocationReportInput {
  const [lonE6, latE6] = [track.lonE6[row]!, track.latE6[row]!];
  const isPlace = Math.abs(lonE6) <= 180e6 && Math.abs(latE6) <= 90e6 && (lonE6 !== 0 || latE6 !== 0);
  const [speed, heading] = [track.speedKmh10[row]!, track.headingDeg[row]!];
  return {
    timeMs: track.timeMs[row]!,
    longitude: isPlace ? lonE6 / 1e6 : 0,
    latitude: isPlace ? latE6 / 1e6 : 0,
    speedKmh: speed === ABSENT_U16 ? 0 : speed / 10,
    direction: heading === ABSENT_U16 ? 0 : heading,
    statusFlags: LocationStatus.accOn | (isPlace ? LocationStatus.fixed : 0),
  };
}
