import { ABSENT_U16 } from "../model/fix.ts";
import type { RecordedTrack } from "../tracks/recorded-tracks.ts";
import { LocationStatus, type LocationReportInput } from "../wire/jt808/0200-location-report.ts";
import { Link } from "./link.ts";
import { Terminal } from "./terminal.ts";

export interface Replay {
  /** Recorded tracks, WGS-84. */
  tracks: readonly RecordedTrack[];
  host: string;
  port: number;
  /** How many times as fast as they were recorded. */
  speed: number;
  /** TCP connections; one a vehicle when not given. With fewer, vehicles share them as behind a forwarder. */
  connections?: number;
  signal: AbortSignal;
  /** Called about twice a second, and at the end. */
  onProgress?: (progress: ReplayProgress) => void;
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
const WINDOW = 64;
const WAITING_MAX = 256;
/** A platform that acknowledges nothing for so long is given up, ms; the shorter one when no connection stands. */
const SILENCE_MAX_MS = 60_000;
const UNREACHABLE_MAX_MS = 10_000;
const PROGRESS_MS = 500;
const CONNECTIONS_MAX = 10_000;
/** The protocol's time has two digits of a year. */
const FIRST_MS = Date.UTC(2000, 0, 1);
const LAST_MS = Date.UTC(2100, 0, 1);

/**
 * Sends recorded tracks as real terminals: each vehicle registers with colour 0 and its id as VIN, so that the platform
 * knows it under the recorded id. Fixes go out in the order of their times across all vehicles, `speed` times as fast as
 * they were recorded, each with its recorded time (GMT+8, whole seconds), as 0x0200 reports. Resolves when everything is
 * acknowledged or `signal` aborts.
 * @throws RangeError for times outside 2000 to 2099, or connections out of range.
 * @throws Error when the platform cannot be reached or falls silent for a minute.
 */
export async function replayTracks(replay: Replay): Promise<ReplayProgress> {
  const { tracks, speed, signal } = replay;
  const count = Math.min(tracks.length, replay.connections ?? tracks.length);
  if (tracks.length > 0 && (count < 1 || count > CONNECTIONS_MAX)) {
    throw new RangeError(`connections ${count}: expected 1 to ${CONNECTIONS_MAX}`);
  }
  const order = inTimeOrder(tracks);
  const progress: ReplayProgress = {
    total: order.length,
    sent: 0,
    acknowledged: 0,
    timeMs: order.length > 0 ? order.timeMs(0) : 0,
    unlocated: 0,
    fractional: 0,
    refused: 0,
  };
  const links = Array.from({ length: count }, () => new Link({ host: replay.host, port: replay.port }));
  let lastAcknowledgedMs = Date.now();
  const terminals = tracks.map(({ vehicle }, i) => {
    return terminalOf(vehicle, i, replay, links[i % count]!, (reports) => {
      progress.acknowledged += reports;
      lastAcknowledgedMs = Date.now();
    });
  });

  const guard = new AbortController();
  const stopped = AbortSignal.any([signal, guard.signal]);
  const watcher = setInterval(() => {
    replay.onProgress?.({ ...progress });
    const open = progress.sent - progress.acknowledged - progress.refused;
    const silenceMs = Date.now() - lastAcknowledgedMs;
    if (open > 0 && silenceMs > (links.some(({ isUp }) => isUp) ? SILENCE_MAX_MS : UNREACHABLE_MAX_MS)) {
      const reason = links.find(({ lastError }) => lastError !== undefined)?.lastError?.message ?? "it is connected";
      const seconds = Math.round(silenceMs / 1000);
      guard.abort(new Error(`${replay.host}:${replay.port} has acknowledged nothing for ${seconds} s (${reason})`));
    }
  }, PROGRESS_MS);
  try {
    for (const terminal of terminals) terminal.start();
    await sendAll(order, tracks, terminals, speed, stopped, progress);
    for (const terminal of terminals) {
      if (!stopped.aborted) await orStopped(terminal.whenPendingBelow(1), stopped);
      progress.refused += terminal.lost.refused;
    }
  } finally {
    clearInterval(watcher);
    await Promise.all(terminals.map((terminal) => terminal.stop()));
    await Promise.all(links.map((link) => link.close()));
  }
  guard.signal.throwIfAborted();
  replay.onProgress?.({ ...progress });
  return progress;
}

async function sendAll(
  order: TimeOrder,
  tracks: readonly RecordedTrack[],
  terminals: readonly Terminal[],
  speed: number,
  stopped: AbortSignal,
  progress: ReplayProgress,
): Promise<void> {
  const wallStartMs = Date.now();
  const firstMs = progress.timeMs;
  for (let n = 0; n < order.length && !stopped.aborted; n++) {
    const timeMs = order.timeMs(n);
    // In steps of 5 ms of wall time: timers are no finer.
    const earlyMs = wallStartMs + (timeMs - firstMs) / speed - Date.now();
    if (earlyMs > 5) await pause(earlyMs, stopped);
    else if (n % 512 === 511) await new Promise((resolve) => setImmediate(resolve));
    const [v, row] = [order.vehicle[n]!, order.row[n]!];
    const terminal = terminals[v]!;
    if (terminal.pending >= WAITING_MAX) await orStopped(terminal.whenPendingBelow(WAITING_MAX), stopped);
    if (stopped.aborted) return;
    if (timeMs % 1000 !== 0) progress.fractional++;
    const report = reportOf(tracks[v]!, row);
    if (report.statusFlags === LocationStatus.accOn) progress.unlocated++;
    progress.timeMs = timeMs;
    progress.sent++;
    terminal.report(report);
  }
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

interface TimeOrder {
  length: number;
  /** Number of the track and row in it, by place in the order. */
  vehicle: Uint32Array;
  row: Uint32Array;
  timeMs(place: number): number;
}

/** All fixes by time; those of one vehicle at one time stay in the order of the file. */
function inTimeOrder(tracks: readonly RecordedTrack[]): TimeOrder {
  const length = tracks.reduce((sum, track) => sum + track.length, 0);
  const vehicle = new Uint32Array(length);
  const row = new Uint32Array(length);
  const times = new Float64Array(length);
  let at = 0;
  for (const [v, track] of tracks.entries()) {
    for (let r = 0; r < track.length; r++, at++) {
      const timeMs = track.timeMs[r]!;
      if (!(timeMs >= FIRST_MS && timeMs < LAST_MS)) {
        throw new RangeError(`${track.vehicle}, fix ${r + 1}: time ${timeMs}: expected a year from 2000 to 2099`);
      }
      vehicle[at] = v;
      row[at] = r;
      times[at] = timeMs;
    }
  }
  const places = new Uint32Array(length).map((_, i) => i).toSorted((a, b) => times[a]! - times[b]! || a - b);
  return {
    length,
    vehicle: places.map((place) => vehicle[place]!),
    row: places.map((place) => row[place]!),
    timeMs: (place) => times[places[place]!]!,
  };
}

function terminalOf(
  vehicle: string,
  index: number,
  { host, port }: Replay,
  link: Link,
  onAcknowledged: (reports: number) => void,
): Terminal {
  return new Terminal({
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
    batches: false,
    link,
    onAcknowledged,
  });
}

async function pause(ms: number, stopped: AbortSignal): Promise<void> {
  if (stopped.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    stopped.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      stopped.removeEventListener("abort", done);
      resolve();
    }
  });
}

async function orStopped(wait: Promise<void>, stopped: AbortSignal): Promise<void> {
  if (stopped.aborted) return;
  let stop = (): void => {};
  const abort = new Promise<void>((resolve) => {
    stop = resolve;
    stopped.addEventListener("abort", stop, { once: true });
  });
  await Promise.race([wait, abort]);
  stopped.removeEventListener("abort", stop);
}
