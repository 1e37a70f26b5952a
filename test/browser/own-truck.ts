import { connect } from "node:net";
import { once } from "node:events";
import { RawTerminal } from "../counterpart/raw-terminal.ts";

type LonLat = readonly [lon: number, lat: number];

/** A truck of the test's own: what it did before is reported at once, and then it stands and reports until it is stopped. */
export interface OwnTruck {
  /** `豫G70001_2` */
  vehicle: string;
  plate: string;
  /** Where it stands, degrees WGS-84. */
  at: LonLat;
  stop: () => void;
}

export interface TruckStory {
  port: number;
  plate: string;
  phone: string;
  /** Within the reach of a risk area, where it stays for a quarter of an hour. */
  near: LonLat;
  /** Where it drives then, on the straight line, and stands. */
  to: LonLat;
  /** The city's clock, ms UTC. */
  cityTimeMs: () => Promise<number>;
}

const STAY_S = 900;
const STEP_S = 30;
const KMH = 80;
const STANDING_REPORT_MS = 10_000;

/** Has a terminal log in and tell the story. Resolves when the platform has acknowledged all of it. */
export async function sendTruck({ port, plate, phone, near, to, cityTimeMs }: TruckStory): Promise<OwnTruck> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const terminal = new RawTerminal(socket, phone, "2019");
  await terminal.logIn({ plate, plateColor: 2, terminalId: phone.slice(-7) });
  const driveS = Math.ceil(metersBetween(near, to) / (KMH / 3.6) / STEP_S) * STEP_S;
  const nowMs = Math.floor((await cityTimeMs()) / 1000) * 1000;
  const startMs = nowMs - (STAY_S + driveS) * 1000;
  const report = ([longitude, latitude]: LonLat, timeMs: number, speedKmh: number): number =>
    terminal.report({ longitude, latitude, timeMs, speedKmh });
  for (let s = 0; s < STAY_S; s += STEP_S) report(near, startMs + s * 1000, 0);
  for (let s = 0; s < driveS; s += STEP_S) {
    const share = s / driveS;
    const at: LonLat = [near[0] + (to[0] - near[0]) * share, near[1] + (to[1] - near[1]) * share];
    report(at, startMs + (STAY_S + s) * 1000, KMH);
  }
  const last = report(to, nowMs, 0);
  if ((await terminal.resultOf(last)) !== 0) throw new Error(`${plate}: its last report was refused`);
  const standing = setInterval(() => {
    void cityTimeMs().then((ms) => terminal.closed || report(to, ms, 0));
  }, STANDING_REPORT_MS);
  return {
    vehicle: `${plate}_2`,
    plate,
    at: to,
    stop: () => {
      clearInterval(standing);
      socket.destroy();
    },
  };
}

function metersBetween([lonA, latA]: LonLat, [lonB, latB]: LonLat): number {
  const east = (lonB - lonA) * Math.cos((latA * Math.PI) / 180);
  return Math.hypot(east, latB - latA) * 111_200;
}
