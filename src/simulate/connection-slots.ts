import type { Terminal } from "./terminal.ts";

/**
 * Lets at most `count` terminals be connected at once, each on a connection of its own. One that has something to send
 * connects when there is room; when there is none it waits until another has everything acknowledged, which then logs
 * out.
 */
export class ConnectionSlots {
  readonly #count: number;
  readonly #connected = new Set<Terminal>();
  /** Connected, with everything acknowledged; the longest idle first. */
  readonly #idle = new Set<Terminal>();
  readonly #waiting = new Set<Terminal>();
  #leaving = 0;
  #closed = false;

  constructor(count: number) {
    this.#count = count;
  }

  /** To be called when a terminal has got something to send. */
  wanted(terminal: Terminal): void {
    this.#idle.delete(terminal);
    if (this.#connected.has(terminal)) return;
    this.#waiting.add(terminal);
    this.#makeRoom();
    this.#fill();
  }

  /** To be called when a terminal has nothing pending any more. */
  settled(terminal: Terminal): void {
    if (!this.#connected.has(terminal)) return;
    this.#idle.add(terminal);
    this.#makeRoom();
  }

  /** Logs all out; nobody connects any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.clear();
    await Promise.all([...this.#connected].map((terminal) => terminal.stop()));
  }

  #fill(): void {
    for (const terminal of this.#waiting) {
      if (this.#closed || this.#connected.size + this.#leaving >= this.#count) return;
      this.#waiting.delete(terminal);
      this.#connected.add(terminal);
      terminal.start();
    }
  }

  /** Sends idle terminals away for those that wait. */
  #makeRoom(): void {
    for (const terminal of this.#idle) {
      const isRoom = this.#waiting.size <= this.#count - this.#connected.size;
      if (this.#closed || isRoom) return;
      this.#idle.delete(terminal);
      this.#connected.delete(terminal);
      void this.#replace(terminal);
    }
  }

  async #replace(terminal: Terminal): Promise<void> {
    this.#leaving++;
    await terminal.stop();
    this.#leaving--;
    this.#fill();
  }
}
