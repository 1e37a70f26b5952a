import type { FixBatch } from "../model/fix.ts";
import type { PlaceTrack } from "../tracks/track-store.ts";

/** Usable fixes of one vehicle that arrive while its history is being read. */
export class LateFixes {
  private readonly timeMs: number[] = [];
  private readonly lonE6: number[] = [];
  private readonly latE6: number[] = [];

  add(batch: FixBatch, row: number): void {
    this.timeMs.push(batch.timeMs[row]);
    this.lonE6.push(batch.lonE6[row]);
    this.latE6.push(batch.latE6[row]);
  }

  /** The history with these fixes behind it, in no order; `track` itself when there are none. Repetitions stay. */
  behind(track: PlaceTrack | null): PlaceTrack {
    const before = track?.length ?? 0;
    if (track && this.timeMs.length === 0) return track;
    const length = before + this.timeMs.length;
    const joined: PlaceTrack = {
      length,
      timeMs: new Float64Array(length),
      lonE6: new Int32Array(length),
      latE6: new Int32Array(length),
      flags: new Uint8Array(length),
    };
    if (track) {
      joined.timeMs.set(track.timeMs.subarray(0, before));
      joined.lonE6.set(track.lonE6.subarray(0, before));
      joined.latE6.set(track.latE6.subarray(0, before));
      joined.flags.set(track.flags.subarray(0, before));
    }
    joined.timeMs.set(this.timeMs, before);
    joined.lonE6.set(this.lonE6, before);
    joined.latE6.set(this.latE6, before);
    return joined;
  }
}
