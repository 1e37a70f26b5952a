import { toWgs84 } from "../kernel/datum.ts";
import type { Datum } from "../model/area.ts";
import { ABSENT_U16 } from "../model/fix.ts";
import type { RejectedRow } from "./read-tracks.ts";
import type { TrackCollector } from "./recorded-tracks.ts";

/** The columns that a file of fixes has; the first four must be there. */
export const FIX_COLUMNS = ["vehicle", "time", "lon", "lat", "speed", "heading"] as const;
export const REQUIRED_COLUMNS = 4;

const EXPECTED = {
  vehicle: "a name of 1 to 64 characters",
  time: "ISO 8601 with Z or an offset, such as 2022-05-01T08:00:00+08:00, or epoch ms",
  lon: "degrees, -180 to 180",
  lat: "degrees, -90 to 90",
} as const;

const VEHICLE_LENGTH_MAX = 64;
const VALUE_LENGTH_MAX = 100;
/** Years 1970 to 9999. */
const TIME_MS_MAX = 253_402_300_799_999;

/** Takes rows of any file, checks their ranges, converts the datum and hands what is right to the collector. */
export class RowIntake {
  rows = 0;
  rejected = 0;
  readonly #collector: TrackCollector;
  readonly #datum: Datum;
  readonly #onReject: ((row: RejectedRow) => void) | undefined;
  #file = "";

  constructor(collector: TrackCollector, datum: Datum, onReject: ((row: RejectedRow) => void) | undefined) {
    this.#collector = collector;
    this.#datum = datum;
    this.#onReject = onReject;
  }

  startFile(file: string): void {
    this.#file = file;
  }

  reject(line: number, field: string, value: string, expected: string): void {
    this.rejected++;
    const short = value.length > VALUE_LENGTH_MAX ? `${value.slice(0, VALUE_LENGTH_MAX - 1)}…` : value;
    this.#onReject?.({ file: this.#file, line, field, value: short, expected });
  }

  /**
   * One row; `timeMs`, `lon` (degrees) and `lat` are NaN when they could not be read, and `raw` then gives the text of
   * the field at that place in `FIX_COLUMNS`. `speedKmh` and `headingDeg` are NaN when absent or unreadable: they take
   * no part in matching. A position of 0/0 is a fix (that marks itself as not located) and is taken as it is.
   */
  add(
    line: number,
    vehicle: string,
    timeMs: number,
    lon: number,
    lat: number,
    speedKmh: number,
    headingDeg: number,
    raw: (column: number) => string,
  ): void {
    if (vehicle.length === 0 || vehicle.length > VEHICLE_LENGTH_MAX || vehicle.includes("\uFFFD")) {
      return this.reject(line, "vehicle", raw(0), EXPECTED.vehicle);
    }
    if (!(timeMs >= 0 && timeMs <= TIME_MS_MAX)) return this.reject(line, "time", raw(1), EXPECTED.time);
    if (!(lon >= -180 && lon <= 180)) return this.reject(line, "lon", raw(2), EXPECTED.lon);
    if (!(lat >= -90 && lat <= 90)) return this.reject(line, "lat", raw(3), EXPECTED.lat);
    let x = lon;
    let y = lat;
    if (this.#datum !== "wgs84") [x, y] = toWgs84(this.#datum, lon, lat);
    this.rows++;
    const speed = speedKmh >= 0 && speedKmh < 6500 ? Math.round(speedKmh * 10) : ABSENT_U16;
    const heading = headingDeg >= 0 && headingDeg <= 360 ? Math.round(headingDeg) % 360 : ABSENT_U16;
    this.#collector.add(vehicle, timeMs, Math.round(x * 1e6), Math.round(y * 1e6), speed, heading);
  }
}
