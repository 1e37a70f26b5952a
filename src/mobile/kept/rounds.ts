/** Does one round after the other, never two at once: who asks while one is under way gets another one behind it. */
export class Rounds {
  readonly #round: () => Promise<void>;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(round: () => Promise<void>) {
    this.#round = round;
  }

  /** Resolves when a round that began after this was asked is over. */
  run(): Promise<void> {
    if (this.#running === null) {
      this.#running = this.#round().finally(() => {
        this.#running = null;
      });
      return this.#running;
    }
    this.#next ??= this.#running.then(() => {
      this.#next = null;
      return this.run();
    });
    return this.#next;
  }
}
