import type { PlaceBox } from "./place-box.ts";

/**
 * Fixes of vehicles that stay near an area, put aside.
 *
 * Most trucks near an area rest or creep. As long as one stays within its free box (`free-box.ts`) a fix only lengthens its stays, and may lower their least distance: nobody
 * has to know until it is asked for. So each has a place here, four lines of the cache: the box, until when it is good, and up to 14 fixes. To put one there
 * takes two lines; to add it to the stays took dozens, of the areas' edges among them, which are now fetched once for all that wait.
 */

/** Words of a place; the instant is the first two, as one 64-bit number. Fixes follow: time (two words), longitude, latitude; the first is taken already. */
const PLACE_BITS = 6;
const WEST = 2;
const SOUTH = 3;
const WIDTH = 4;
const HEIGHT = 5;
const COUNT = 6;
const FIRST = 8;
const FIX_WORDS = 4;
const LON = 2;
const LAT = 3;
const FIXES_MAX = ((1 << PLACE_BITS) - FIRST) / FIX_WORDS;

/** Who takes what has waited: each fix changes nothing but the length of what is going on. */
interface FixTaker {
  follow(timeMs: number, lonE6: number, latE6: number): void;
}

/** Places numbered from 1. Times are ms UTC, coordinates 1e-6 degree. */
export class WaitingFixes {
  #words = new Int32Array(64 << PLACE_BITS);
  /** The same memory. */
  #times = new Float64Array(this.#words.buffer);
  #used = 1;
  readonly #given: number[] = [];
  readonly #maxGapMs: number;
  readonly #plainE6PerMs: number;

  /** `plainE6PerMs`: what is surely not too far in a millisecond, as the sum of both coordinates' differences. */
  constructor(maxGapMs: number, plainE6PerMs: number) {
    this.#maxGapMs = maxGapMs;
    this.#plainE6PerMs = plainE6PerMs;
  }

  /** A place for one more vehicle, where nothing may wait yet. */
  open(): number {
    const place = this.#given.pop() ?? this.#used++;
    if (place << PLACE_BITS === this.#words.length) {
      const grown = new Int32Array(2 * this.#words.length);
      grown.set(this.#words);
      this.#words = grown;
      this.#times = new Float64Array(grown.buffer);
    }
    this.#empty(place);
    return place;
  }

  /** The place is somebody else's from now on; what waits there is forgotten. */
  close(place: number): void {
    this.#given.push(place);
  }

  /** From its last accepted fix on the vehicle's fixes may wait, within the box and before `untilMs`. */
  begin(place: number, box: PlaceBox, untilMs: number, timeMs: number, lonE6: number, latE6: number): void {
    const words = this.#words;
    const at = place << PLACE_BITS;
    this.#times[at >> 1] = untilMs;
    words[at + WEST] = box.west;
    words[at + SOUTH] = box.south;
    words[at + WIDTH] = box.width;
    words[at + HEIGHT] = box.height;
    words[at + COUNT] = 1;
    this.#times[(at + FIRST) >> 1] = timeMs;
    words[at + FIRST + LON] = lonE6;
    words[at + FIRST + LAT] = latE6;
  }

  /** Puts a fix aside; false when it may not wait, or there is no room. */
  put(place: number, timeMs: number, lonE6: number, latE6: number): boolean {
    const words = this.#words;
    const times = this.#times;
    const at = place << PLACE_BITS;
    const east = lonE6 - words[at + WEST];
    const north = latE6 - words[at + SOUTH];
    if (!(east >= 0 && east < words[at + WIDTH] && north >= 0 && north < words[at + HEIGHT])) return false;
    const count = words[at + COUNT];
    const next = at + FIRST + FIX_WORDS * count;
    const last = next - FIX_WORDS;
    const gapMs = timeMs - times[last >> 1];
    if (count === FIXES_MAX || !(gapMs > 0) || gapMs > this.#maxGapMs || timeMs >= times[at >> 1]) return false;
    const stepE6 = Math.abs(lonE6 - words[last + LON]) + Math.abs(latE6 - words[last + LAT]);
    if (stepE6 > this.#plainE6PerMs * gapMs) return false;
    times[next >> 1] = timeMs;
    words[next + LON] = lonE6;
    words[next + LAT] = latE6;
    words[at + COUNT] = count + 1;
    return true;
  }

  /** Hands over what waits, in order. None may wait until `begin`. */
  release(place: number, taker: FixTaker): void {
    const words = this.#words;
    const at = place << PLACE_BITS;
    const end = at + FIRST + FIX_WORDS * words[at + COUNT];
    for (let fix = at + FIRST + FIX_WORDS; fix < end; fix += FIX_WORDS) {
      taker.follow(this.#times[fix >> 1], words[fix + LON], words[fix + LAT]);
    }
    this.#empty(place);
  }

  /** No box is good any more. What waits does so until it is released. */
  endBoxes(): void {
    for (let place = 1; place < this.#used; place++) this.#words[(place << PLACE_BITS) + WIDTH] = 0;
  }

  #empty(place: number): void {
    this.#words[(place << PLACE_BITS) + COUNT] = 0;
    this.#words[(place << PLACE_BITS) + WIDTH] = 0;
  }
}
