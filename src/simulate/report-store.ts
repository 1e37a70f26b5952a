import type { LocationReportInput } from "../wire/jt808/0200-location-report.ts";

/** A report that its terminal keeps. */
export interface KeptReport {
  report: LocationReportInput;
  /** It could not be sent when it was made, or not be acknowledged. */
  stored: boolean;
}

/** A terminal's own store: first in, first out, bounded; when it is full the oldest report is lost. */
export class ReportStore {
  readonly #capacity: number;
  #reports: KeptReport[] = [];
  /** Reports before this place have been taken. */
  #head = 0;
  #lost = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#reports.length - this.#head;
  }

  /** Reports lost because the store was full. */
  get lost(): number {
    return this.#lost;
  }

  push(kept: KeptReport): void {
    if (this.length >= this.#capacity) {
      this.#head++;
      this.#lost++;
    }
    this.#reports.push(kept);
    this.#compact();
  }

  /** Puts reports back in front, in their order; the oldest are lost when there is no room for all. */
  putBack(reports: readonly KeptReport[]): void {
    const room = Math.max(0, this.#capacity - this.length);
    const first = Math.max(0, reports.length - room);
    this.#lost += first;
    this.#reports = [...reports.slice(first), ...this.#reports.slice(this.#head)];
    this.#head = 0;
  }

  /**
   * Takes what one message shall carry: up to `max` stored reports in a row, or one that is not stored. Nothing from an
   * empty store.
   */
  take(max: number): KeptReport[] {
    const from = this.#head;
    while (this.#head < this.#reports.length && this.#head - from < max && this.#reports[this.#head]!.stored)
      this.#head++;
    if (this.#head === from && this.#head < this.#reports.length) this.#head++;
    const taken = this.#reports.slice(from, this.#head);
    this.#compact();
    return taken;
  }

  /** Moves the rest to the front once more than half has been taken: constant work a report. */
  #compact(): void {
    if (this.#head < 64 || this.#head * 2 < this.#reports.length) return;
    this.#reports = this.#reports.slice(this.#head);
    this.#head = 0;
  }
}
