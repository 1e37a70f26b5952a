/** A stream of pseudo-random numbers: the same seed gives the same numbers on every machine. */
export class Random {
  #state: number;

  /** `seed` and `stream` are 32-bit integers; streams of one seed are independent. */
  constructor(seed: number, stream = 0) {
    this.#state = mix((seed | 0) ^ mix(stream + 0x9e3779b9));
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return (mix(this.#state) >>> 0) / 4_294_967_296;
  }

  /** In [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  /** An integer in [0, count). */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** @throws RangeError for an empty list. */
  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new RangeError("there is nothing to pick from");
    return list[this.below(list.length)]!;
  }

  /** Roughly normal with standard deviation 1 (sum of three), within ±3. */
  normal(): number {
    return (this.next() + this.next() + this.next() - 1.5) * 2;
  }
}

/** The finaliser of MurmurHash3: every bit of the input changes half of the output's. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
