import type { FixBatch } from "../model/fix.ts";
import type { Span } from "./fix-source.ts";
import { grown } from "./number-columns.ts";
import { cellAt, cellRanges, ROW_CELLS, UNKNOWN_EDGE_MS, CELL_LAT, CELL_LON, type BoxE6 } from "./visits.ts";

/** A visit as `PackedVisits.each` gives it; times in integer ms UTC. */
export interface PackedVisit {
  cell: number;
  vehicle: number;
  firstMs: number;
  lastMs: number;
  /** The fix before it and the fix behind it; 6 h further where the file has none. */
  fromMs: number;
  toMs: number;
}

/** The visits of one file in memory, in the order of cells, 28 bytes each. Times count from `baseMs`, below 2^32. */
export class PackedVisits {
  length = 0;
  private readonly baseMs: number;
  private cells = new Uint32Array(1024);
  private vehicles = new Uint32Array(1024);
  private firsts = new Uint32Array(1024);
  private lasted = new Uint32Array(1024);
  private before = new Uint32Array(1024);
  private after = new Uint32Array(1024);
  /** Bounds in the cell: from its south-western corner, 1e-6 degree. */
  private west = new Uint16Array(1024);
  private south = new Uint16Array(1024);
  private east = new Uint16Array(1024);
  private north = new Uint16Array(1024);
  /** Behind `finish`: where the visits of each of `cells` begin. */
  private starts = new Uint32Array(0);

  constructor(baseMs: number) {
    this.baseMs = baseMs;
  }

  /** Adds the visits of a vehicle's track, which is in the order of time. */
  add(
    vehicle: number,
    { length, timeMs, lonE6, latE6 }: Pick<FixBatch, "length" | "timeMs" | "lonE6" | "latE6">,
  ): void {
    let previousMs = Number.NaN;
    let open = -1;
    for (let row = 0; row < length; row++) {
      if (Math.abs(lonE6[row]) > 180e6 || Math.abs(latE6[row]) > 90e6) continue;
      const cell = cellAt(lonE6[row], latE6[row]);
      if (open < 0 || this.cells[open] !== cell) {
        if (open >= 0) this.after[open] = timeMs[row] - previousMs;
        open = this.length++;
        this.makeRoom();
        this.cells[open] = cell;
        this.vehicles[open] = vehicle;
        this.firsts[open] = timeMs[row] - this.baseMs;
        this.lasted[open] = 0;
        this.before[open] = Number.isNaN(previousMs) ? UNKNOWN_EDGE_MS : timeMs[row] - previousMs;
        this.after[open] = UNKNOWN_EDGE_MS;
        this.west[open] = this.south[open] = 65_535;
        this.east[open] = this.north[open] = 0;
      }
      const [lon, lat] = [(lonE6[row] + 180e6) % CELL_LON, (latE6[row] + 90e6) % CELL_LAT];
      if (lon < this.west[open]) this.west[open] = lon;
      if (lon > this.east[open]) this.east[open] = lon;
      if (lat < this.south[open]) this.south[open] = lat;
      if (lat > this.north[open]) this.north[open] = lat;
      this.lasted[open] = timeMs[row] - this.baseMs - this.firsts[open];
      previousMs = timeMs[row];
    }
  }

  /** Brings the visits into the order of cells, with which they can be asked for; nothing is added behind it. */
  finish(): void {
    const { length } = this;
    const counts = new Map<number, number>();
    for (let row = 0; row < length; row++) counts.set(this.cells[row], (counts.get(this.cells[row]) ?? 0) + 1);
    const cells = Uint32Array.from(counts.keys()).sort();
    const starts = new Uint32Array(cells.length + 1);
    // Where the next visit of each cell goes.
    const next = counts;
    for (const [at, cell] of cells.entries()) {
      starts[at + 1] = starts[at] + counts.get(cell)!;
      next.set(cell, starts[at]);
    }
    const order = new Uint32Array(length);
    for (let row = 0; row < length; row++) {
      const at = next.get(this.cells[row])!;
      order[at] = row;
      next.set(this.cells[row], at + 1);
    }
    this.cells = cells;
    this.starts = starts;
    const inOrder = <T extends Uint32Array | Uint16Array>(values: T, sorted: T): T => {
      for (let row = 0; row < length; row++) sorted[row] = values[order[row]];
      return sorted;
    };
    this.vehicles = inOrder(this.vehicles, new Uint32Array(length));
    this.firsts = inOrder(this.firsts, new Uint32Array(length));
    this.lasted = inOrder(this.lasted, new Uint32Array(length));
    this.before = inOrder(this.before, new Uint32Array(length));
    this.after = inOrder(this.after, new Uint32Array(length));
    this.west = inOrder(this.west, new Uint16Array(length));
    this.south = inOrder(this.south, new Uint16Array(length));
    this.east = inOrder(this.east, new Uint16Array(length));
    this.north = inOrder(this.north, new Uint16Array(length));
  }

  get byteLength(): number {
    return this.cells.byteLength + this.starts.byteLength + 28 * this.length;
  }

  /** Calls `found` for each visit that touches the box and the span. */
  each([west, south, east, north]: BoxE6, { fromMs, toMs }: Span, found: (visit: PackedVisit) => void): void {
    const { cells, baseMs } = this;
    for (const [first, last] of cellRanges([west, south, east, north])) {
      for (let at = lowerBound(cells, first); at < cells.length && cells[at] <= last; at++) {
        const lonE6 = (cells[at] % ROW_CELLS) * CELL_LON - 180e6;
        const latE6 = Math.floor(cells[at] / ROW_CELLS) * CELL_LAT - 90e6;
        for (let row = this.starts[at]; row < this.starts[at + 1]; row++) {
          if (this.west[row] + lonE6 > east || this.east[row] + lonE6 < west) continue;
          if (this.south[row] + latE6 > north || this.north[row] + latE6 < south) continue;
          const firstMs = baseMs + this.firsts[row];
          const lastMs = firstMs + this.lasted[row];
          if (firstMs >= toMs || lastMs < fromMs) continue;
          found({
            cell: cells[at],
            vehicle: this.vehicles[row],
            firstMs,
            lastMs,
            fromMs: firstMs - this.before[row],
            toMs: lastMs + this.after[row],
          });
        }
      }
    }
  }

  private makeRoom(): void {
    const { length } = this;
    this.cells = grown(this.cells, length);
    this.vehicles = grown(this.vehicles, length);
    this.firsts = grown(this.firsts, length);
    this.lasted = grown(this.lasted, length);
    this.before = grown(this.before, length);
    this.after = grown(this.after, length);
    this.west = grown(this.west, length);
    this.south = grown(this.south, length);
    this.east = grown(this.east, length);
    this.north = grown(this.north, length);
  }
}

/** The first place at which sorted numbers are not below `value`. */
function lowerBound(sorted: Uint32Array, value: number): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}
