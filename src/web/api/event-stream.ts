/** One event of a text/event-stream (WHATWG HTML, section 9.2.6). */
export interface StreamEvent {
  event: string;
  data: string;
  id: string | null;
}

/** Splits a stream of text into events; the text may be cut anywhere. */
export class EventStreamParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #id: string | null = null;

  /** The events that this piece completes. */
  push(piece: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    this.#rest += piece;
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.#rest);
      if (end === null) return events;
      const line = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      const event = this.#line(line);
      if (event !== null) events.push(event);
    }
  }

  #line(line: string): StreamEvent | null {
    if (line === "") {
      const data = this.#data;
      const event = { event: this.#event === "" ? "message" : this.#event, data: data.join("\n"), id: this.#id };
      this.#event = "";
      this.#data = [];
      return data.length === 0 ? null : event;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id") this.#id = value;
    return null;
  }
}

export interface EventStreamOptions {
  url: string;
  onEvent: (event: StreamEvent) => void;
  /** `open` after every successful connection, `lost` when one ends or cannot be made. */
  onState: (state: "open" | "lost") => void;
  /** A connection that says nothing for this long is given up, ms. */
  silenceMs?: number;
}

const SILENCE_MS = 20_000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 10_000;

/**
 * Reads an event stream for ever, going on after every loss from the last event that carried an id (`Last-Event-ID`).
 * Unlike `EventSource` it also comes back after an error status, and notices a connection that only seems alive.
 * Returns a function that ends it.
 */
export function openEventStream(options: EventStreamOptions): () => void {
  const ending = new AbortController();
  void run(options, ending.signal);
  return () => ending.abort();
}

async function run(options: EventStreamOptions, ending: AbortSignal): Promise<void> {
  let lastId: string | null = null;
  let retryMs = RETRY_FIRST_MS;
  while (!ending.aborted) {
    const giveUp = new AbortController();
    let timer = setTimeout(() => giveUp.abort(), options.silenceMs ?? SILENCE_MS);
    try {
      const response: Response = await fetch(options.url, {
        headers: { accept: "text/event-stream", ...(lastId === null ? {} : { "last-event-id": lastId }) },
        cache: "no-store",
        signal: AbortSignal.any([ending, giveUp.signal]),
      });
      if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
      options.onState("open");
      retryMs = RETRY_FIRST_MS;
      const parser = new EventStreamParser();
      const reader: ReadableStreamDefaultReader<string> = response.body
        .pipeThrough(new TextDecoderStream())
        .getReader();
      for (;;) {
        const { done, value }: ReadableStreamReadResult<string> = await reader.read();
        if (done) break;
        clearTimeout(timer);
        timer = setTimeout(() => giveUp.abort(), options.silenceMs ?? SILENCE_MS);
        for (const event of parser.push(value)) {
          if (event.id !== null) lastId = event.id;
          options.onEvent(event);
        }
      }
    } catch {
      // Lost, refused or silent: all the same to the reader, it tries again.
    } finally {
      clearTimeout(timer);
      giveUp.abort();
    }
    if (ending.aborted) return;
    options.onState("lost");
    await new Promise((resolve) => setTimeout(resolve, retryMs));
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
  }
}
