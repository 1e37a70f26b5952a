import type { FixBatch } from "../model/fix.ts";
import { withRoom } from "./fix-columns.ts";
import { grown } from "./number-columns.ts";

/** Each block begins with a whole fix, so that any time of a track is found without reading all before it. */
const BLOCK_FIXES = 64;

/**
 * Tracks in memory, some 4 bytes a fix: of each block the first fix is whole; of every other fix stand the step in time less
 * the step before, and the steps in longitude and latitude (1e-6 degree), as numbers of 7 bits a byte, the lowest first,
 * with the sign in the lowest bit.
 */
export class PackedTracks {
  /** Fixes of all tracks. */
  fixes = 0;
  private vehicles = new Uint32Array(256);
  private vehicleCount = 0;
  /** Of each vehicle its first block, and the time of its last fix. */
  private firstBlocks = new Uint32Array(257);
  private lastTimes = new Float64Array(256);
  private blocks = 0;
  /** Of each block its first fix, and where its bytes begin. */
  private blockTimes = new Float64Array(1024);
  private blockLons = new Int32Array(1024);
  private blockLats = new Int32Array(1024);
  private blockStarts = new Uint32Array(1025);
  private bytes = new Uint8Array(65_536);
  private end = 0;

  /** Adds the track of a vehicle behind those of lower numbers; at least one fix, in the order of time. */
  add(
    vehicle: number,
    { length, timeMs, lonE6, latE6 }: Pick<FixBatch, "length" | "timeMs" | "lonE6" | "latE6">,
  ): void {
    this.vehicles = grown(this.vehicles, this.vehicleCount + 1);
    this.lastTimes = grown(this.lastTimes, this.vehicleCount + 1);
    this.firstBlocks = grown(this.firstBlocks, this.vehicleCount + 2);
    this.vehicles[this.vehicleCount] = vehicle;
    this.lastTimes[this.vehicleCount] = timeMs[length - 1];
    let stepMs = 0;
    for (let row = 0; row < length; row++) {
      if (row % BLOCK_FIXES === 0) {
        this.openBlock(timeMs[row], lonE6[row], latE6[row]);
        stepMs = 0;
        continue;
      }
      const nextMs = timeMs[row] - timeMs[row - 1];
      this.put(nextMs - stepMs);
      this.put(lonE6[row] - lonE6[row - 1]);
      this.put(latE6[row] - latE6[row - 1]);
      stepMs = nextMs;
    }
    this.blockStarts[this.blocks] = this.end;
    this.firstBlocks[++this.vehicleCount] = this.blocks;
    this.fixes += length;
  }

  /** Gives room that is not needed back; nothing is added behind it. */
  trim(): void {
    this.vehicles = this.vehicles.slice(0, this.vehicleCount);
    this.firstBlocks = this.firstBlocks.slice(0, this.vehicleCount + 1);
    this.lastTimes = this.lastTimes.slice(0, this.vehicleCount);
    this.blockTimes = this.blockTimes.slice(0, this.blocks);
    this.blockLons = this.blockLons.slice(0, this.blocks);
    this.blockLats = this.blockLats.slice(0, this.blocks);
    this.blockStarts = this.blockStarts.slice(0, this.blocks + 1);
    this.bytes = this.bytes.slice(0, this.end);
  }

  get byteLength(): number {
    const parts = [this.vehicles, this.firstBlocks, this.lastTimes, this.blockTimes, this.blockLons, this.blockLats];
    return [...parts, this.blockStarts, this.bytes].reduce((sum, part) => sum + part.byteLength, 0);
  }

  /** Times of a vehicle's first and last fix; undefined when it has none. */
  spanOf(vehicle: number): { firstMs: number; lastMs: number } | undefined {
    const at = this.find(vehicle);
    if (at < 0) return undefined;
    return { firstMs: this.blockTimes[this.firstBlocks[at]], lastMs: this.lastTimes[at] };
  }

  /** Adds a vehicle's fixes of `[fromMs, toMs]` to a batch, in the order of time; gives the batch, or a larger one. */
  read(vehicle: number, fromMs: number, toMs: number, into: FixBatch): FixBatch {
    const at = this.find(vehicle);
    if (at < 0 || this.lastTimes[at] < fromMs) return into;
    const { blockTimes } = this;
    const endBlock = this.firstBlocks[at + 1];
    let block = this.firstBlocks[at];
    // The last block that begins before `fromMs`: of fixes with the same time some may stand before a block's first.
    for (let end = endBlock; end - block > 1;) {
      const middle = (block + end) >>> 1;
      if (blockTimes[middle] < fromMs) block = middle;
      else end = middle;
    }
    let batch = into;
    for (; block < endBlock && blockTimes[block] <= toMs; block++) {
      batch = withRoom(batch, batch.length + BLOCK_FIXES);
      this.readBlock(block, vehicle, fromMs, toMs, batch);
    }
    return batch;
  }

  private readBlock(block: number, vehicle: number, fromMs: number, toMs: number, batch: FixBatch): void {
    const { bytes } = this;
    const end = this.blockStarts[block + 1];
    let at = this.blockStarts[block];
    let timeMs = this.blockTimes[block];
    let lonE6 = this.blockLons[block];
    let latE6 = this.blockLats[block];
    let stepMs = 0;
    let row = batch.length;
    const next = (): number => {
      let byte = bytes[at++];
      if (byte < 128) return (byte & 1) === 0 ? byte >> 1 : -((byte + 1) >> 1);
      let value = byte & 127;
      for (let scale = 128; byte >= 128; scale *= 128) {
        byte = bytes[at++];
        value += (byte & 127) * scale;
      }
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    };
    for (;;) {
      if (timeMs > toMs) break;
      if (timeMs >= fromMs) {
        batch.vehicle[row] = vehicle;
        batch.timeMs[row] = timeMs;
        batch.lonE6[row] = lonE6;
        batch.latE6[row] = latE6;
        batch.flags[row] = 0;
        row++;
      }
      if (at >= end) break;
      stepMs += next();
      timeMs += stepMs;
      lonE6 += next();
      latE6 += next();
    }
    batch.length = row;
  }

  private openBlock(timeMs: number, lonE6: number, latE6: number): void {
    const block = this.blocks++;
    this.blockTimes = grown(this.blockTimes, this.blocks);
    this.blockLons = grown(this.blockLons, this.blocks);
    this.blockLats = grown(this.blockLats, this.blocks);
    this.blockStarts = grown(this.blockStarts, this.blocks + 1);
    this.blockTimes[block] = timeMs;
    this.blockLons[block] = lonE6;
    this.blockLats[block] = latE6;
    this.blockStarts[block] = this.end;
  }

  private put(number: number): void {
    let value = number >= 0 ? 2 * number : -2 * number - 1;
    this.bytes = grown(this.bytes, this.end + 8);
    for (; value >= 128; value = Math.floor(value / 128)) this.bytes[this.end++] = 128 + (value % 128);
    this.bytes[this.end++] = value;
  }

  private find(vehicle: number): number {
    let [from, to] = [0, this.vehicleCount];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.vehicles[middle] < vehicle) from = middle + 1;
      else to = middle;
    }
    return from < this.vehicleCount && this.vehicles[from] === vehicle ? from : -1;
  }
}
