import { WuxingError } from "../model/errors.ts";
import type { CommandState } from "./command-desk.ts";

/** A command as it is kept. Instants are ms UTC; bodies and answer hexadecimal. */
export interface KeptCommand {
  id: number;
  terminal: string;
  messageId: number;
  answerId: number;
  state: CommandState;
  givenMs: number;
  validUntilMs: number;
  sentMs: number | null;
  attempts: number;
  result: number | null;
  answer: string | null;
  narrowBody: string;
  wideBody: string;
}

export interface CommandPage {
  items: KeptCommand[];
  next: string | null;
}

/** Where commands are kept; `store/command-store.ts` is one. */
export interface CommandLog {
  begin(): Promise<{ lastId: number; unfinished: KeptCommand[] }>;
  /** Durable when it resolves. */
  save(commands: readonly KeptCommand[]): Promise<void>;
  page(
    terminals: readonly string[],
    page: { limit?: number | undefined; cursor?: string | undefined },
  ): Promise<CommandPage>;
}

interface Note {
  command: KeptCommand;
  resolve: () => void;
  reject: (error: Error) => void;
}

const RETRY_MS = 1000;

/**
 * Writes commands down as they change: one write at a time, with everything that changed since. A new command that
 * cannot be written is refused; a change of one that is written already is tried again until it is.
 */
export class CommandJournal {
  readonly #log: CommandLog;
  readonly #fresh = new Map<number, Note>();
  readonly #changed = new Map<number, KeptCommand>();
  #writing: Promise<void> | undefined;
  #closing = false;

  constructor(log: CommandLog) {
    this.#log = log;
  }

  /** Resolves when a new command is durable. @throws WuxingError STORE_UNAVAILABLE */
  add(command: KeptCommand): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#fresh.set(command.id, { command, resolve, reject });
      this.#wake();
    });
  }

  /** A command has another state now. */
  change(command: KeptCommand): void {
    this.#changed.set(command.id, command);
    this.#wake();
  }

  /** A page of what was ever told to the terminals, as it stands now. */
  async page(terminals: readonly string[], page: Parameters<CommandLog["page"]>[1]): Promise<CommandPage> {
    await this.#writing;
    return this.#log.page(terminals, page);
  }

  /** Writes what is left, once. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#writing;
    if (this.#changed.size > 0) await this.#log.save([...this.#changed.values()]).catch(() => {});
  }

  #wake(): void {
    if (this.#closing) return;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#fresh.size > 0) this.#wake();
    });
  }

  async #write(): Promise<void> {
    while (this.#fresh.size + this.#changed.size > 0) {
      const fresh = [...this.#fresh.values()];
      const changed = [...this.#changed.values()];
      this.#fresh.clear();
      this.#changed.clear();
      try {
        await this.#log.save([...fresh.map(({ command }) => command), ...changed]);
        for (const { resolve } of fresh) resolve();
      } catch (error) {
        const refusal = new WuxingError("STORE_UNAVAILABLE", "commands", [], { cause: error });
        for (const { reject } of fresh) reject(refusal);
        for (const command of changed) if (!this.#changed.has(command.id)) this.#changed.set(command.id, command);
        if (this.#changed.size > 0) setTimeout(() => this.#wake(), RETRY_MS).unref();
        return;
      }
    }
  }
}
