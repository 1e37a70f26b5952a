/**
 * The slots of each occupied cell: an open hash table of two numbers an entry (cell, first link), and links of two numbers (slot, next link). Both
 * are flat, because a vehicle that drives past an area asks for a cell that no cache holds: a `Map` of arrays has five places to fetch, this has two.
 *
 * Cells are numbered from 0. An entry stays when its cell is free again, without links, until the table grows.
 */

const NONE = -1;
/** Fibonacci hashing: 2^32 over the golden ratio (D. Knuth, The Art of Computer Programming, vol. 3, section 6.4). */
const MULTIPLIER = 0x9e3779b1 | 0;
const SIZE_MIN = 256;

/** Cells with their slots: small numbers that the caller gives. */
export class CellTable {
  /** Cell and first link of each entry; cell `NONE` where there is no entry. */
  #entries = new Int32Array(2 * SIZE_MIN).fill(NONE);
  #sizeBits = Math.log2(SIZE_MIN);
  #used = 0;
  /** Slot and next link. */
  #links = new Int32Array(2 * SIZE_MIN);
  #linksUsed = 0;
  #freeLink = NONE;
  #occupied = 0;

  /** Number of cells with a slot. */
  get size(): number {
    return this.#occupied;
  }

  /** The first link of a cell, or -1. */
  first(cell: number): number {
    return this.#entries[this.#entryOf(cell) + 1];
  }

  slotAt(link: number): number {
    return this.#links[2 * link];
  }

  /** The next link of the same cell, or -1. */
  next(link: number): number {
    return this.#links[2 * link + 1];
  }

  /** Adds a slot, which the cell does not have. */
  add(cell: number, slot: number): void {
    let entry = this.#entryOf(cell);
    if (this.#entries[entry] === NONE) {
      // At most half full, so that an unsuccessful search ends soon.
      if (2 * (this.#used + 1) > this.#entries.length / 2) {
        this.#grow();
        entry = this.#entryOf(cell);
      }
      this.#entries[entry] = cell;
      this.#used++;
    }
    const head = this.#entries[entry + 1];
    if (head === NONE) this.#occupied++;
    const link = this.#takeLink();
    this.#links[2 * link] = slot;
    this.#links[2 * link + 1] = head;
    this.#entries[entry + 1] = link;
  }

  /** Removes a slot, which the cell has. */
  remove(cell: number, slot: number): void {
    const links = this.#links;
    const entry = this.#entryOf(cell);
    let before = NONE;
    let link = this.#entries[entry + 1];
    while (link !== NONE && links[2 * link] !== slot) {
      before = link;
      link = links[2 * link + 1];
    }
    if (link === NONE) return;
    if (before === NONE) this.#entries[entry + 1] = links[2 * link + 1];
    else links[2 * before + 1] = links[2 * link + 1];
    links[2 * link + 1] = this.#freeLink;
    this.#freeLink = link;
    if (this.#entries[entry + 1] === NONE) this.#occupied--;
  }

  /** Where the cell's entry is, or has to be. */
  #entryOf(cell: number): number {
    const entries = this.#entries;
    const last = (1 << this.#sizeBits) - 1;
    let at = Math.imul(cell, MULTIPLIER) >>> (32 - this.#sizeBits);
    while (entries[2 * at] !== cell && entries[2 * at] !== NONE) at = (at + 1) & last;
    return 2 * at;
  }

  #takeLink(): number {
    const link = this.#freeLink;
    if (link !== NONE) {
      this.#freeLink = this.#links[2 * link + 1];
      return link;
    }
    if (2 * this.#linksUsed === this.#links.length) {
      const grown = new Int32Array(2 * this.#links.length);
      grown.set(this.#links);
      this.#links = grown;
    }
    return this.#linksUsed++;
  }

  /** Makes room for twice the occupied cells, and drops the entries of free ones. */
  #grow(): void {
    const before = this.#entries;
    this.#sizeBits = Math.max(Math.log2(SIZE_MIN), Math.ceil(Math.log2(4 * (this.#occupied + 1))));
    this.#entries = new Int32Array(2 << this.#sizeBits).fill(NONE);
    this.#used = 0;
    for (let at = 0; at < before.length; at += 2) {
      if (before[at] === NONE || before[at + 1] === NONE) continue;
      const entry = this.#entryOf(before[at]);
      this.#entries[entry] = before[at];
      this.#entries[entry + 1] = before[at + 1];
      this.#used++;
    }
  }
}
