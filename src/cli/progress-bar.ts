const WIDTH = 30;
const EVERY_MS = 100;

/** A bar on standard error, drawn only where somebody looks. */
export class ProgressBar {
  readonly #stream: NodeJS.WriteStream;
  #drawnMs = -Infinity;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** `share` 0 to 1. */
  draw(share: number, text: string): void {
    if (!this.#stream.isTTY || Date.now() - this.#drawnMs < EVERY_MS) return;
    this.#drawnMs = Date.now();
    const done = Math.round(WIDTH * Math.min(1, share));
    const percent = String(Math.floor(100 * Math.min(1, share))).padStart(3);
    this.#stream.write(`\r\u001B[K${"█".repeat(done)}${"░".repeat(WIDTH - done)} ${percent} %  ${text}`);
  }

  /** Wipes the line, so that results stand on a clean one. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write("\r\u001B[K");
  }
}
