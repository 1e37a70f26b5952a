import { Buffer } from "node:buffer";
import { WuxingError } from "../model/errors.ts";
import { ReplyResult, TERMINAL_REPLY } from "../wire/jt808/0001-general-reply.ts";
import { TERMINAL_ATTRIBUTES } from "../wire/jt808/0107-terminal-attributes.ts";
import { decodeResendParts } from "../wire/jt808/8003-resend-parts.ts";
import { MAX_BODY_BYTES } from "../wire/jt808/header.ts";
import type { Command } from "./command.ts";
import type { CommandJournal, CommandPage, KeptCommand } from "./command-journal.ts";
import { count, type Jt808Counters } from "./counters.ts";
import type { Session } from "./session.ts";

/**
 * `waiting` for the terminal or for the command before it; `sent` and not answered yet; `done`; `refused` by the terminal
 * (its result is in `result`); `unanswered` after the last repetition; `expired` before it could be sent.
 */
export type CommandState = "waiting" | "sent" | "done" | "refused" | "unanswered" | "expired" | "cancelled";

/** A command on its way, as the vehicle's page shows it. */
export interface TrackedCommand {
  readonly id: number;
  readonly terminal: string;
  readonly messageId: number;
  state: CommandState;
  readonly givenMs: number;
  readonly validUntilMs: number;
  sentMs: number | undefined;
  attempts: number;
  /** Result of the terminal's general reply, or 0 with an answer of its own. */
  result: number | undefined;
  /** Body of the answering message, when it is not a general reply. */
  answer: Buffer | undefined;
}

/** Repetition (4.3 of the standard): the n-th wait is the one before it times n. */
export interface Repetition {
  firstWaitMs: number;
  repetitions: number;
}

export const REPETITION: Repetition = { firstWaitMs: 10_000, repetitions: 3 };

const DEFAULT_VALIDITY_MS = 600_000;
/** Finished commands of a terminal that can still be looked at. */
const KEPT_PER_TERMINAL = 16;
const KEPT_TERMINALS = 20_000;

interface Entry {
  tracked: TrackedCommand;
  command: Command;
  body: Uint8Array;
  serial: number;
  parts: number;
  waitMs: number;
  dueMs: number;
  finish: (tracked: TrackedCommand) => void;
  /** Durable: only then is it sent. */
  kept: boolean;
}

/** A command that was taken: it is durable when `kept` resolves. */
export interface SubmittedCommand {
  tracked: TrackedCommand;
  /** When it is done, refused, unanswered, expired or cancelled; never rejects. */
  finished: Promise<TrackedCommand>;
  /** @throws WuxingError STORE_UNAVAILABLE when it could not be kept; it is then cancelled. */
  kept: Promise<void>;
}

/**
 * Commands to terminals: kept for those that are away, sent one after the other, repeated, matched to their answers.
 */
export class CommandDesk {
  readonly #counters: Jt808Counters;
  readonly #limits: { commandsPerTerminal: number; commands: number };
  readonly #sessions: ReadonlyMap<string, Session>;
  readonly #repetition: Repetition;
  readonly #journal: CommandJournal | undefined;
  readonly #queues = new Map<string, Entry[]>();
  readonly #finished = new Map<string, TrackedCommand[]>();
  #waiting = 0;
  #lastId = 0;

  constructor(
    sessions: ReadonlyMap<string, Session>,
    counters: Jt808Counters,
    limits: { commandsPerTerminal: number; commands: number },
    repetition: Repetition,
    journal?: CommandJournal,
  ) {
    this.#sessions = sessions;
    this.#counters = counters;
    this.#limits = limits;
    this.#repetition = repetition;
    this.#journal = journal;
  }

  /** Takes up what an earlier run left: commands without an end wait for their terminals. */
  restore({ lastId, unfinished }: { lastId: number; unfinished: readonly KeptCommand[] }): void {
    this.#lastId = lastId;
    for (const kept of unfinished) {
      const { id, terminal, messageId, answerId, givenMs, validUntilMs, sentMs, attempts } = kept;
      const [narrow, wide] = [Buffer.from(kept.narrowBody, "hex"), Buffer.from(kept.wideBody, "hex")];
      const command: Command = { messageId, answerId, validUntilMs, body: (isWide) => (isWide ? wide : narrow) };
      const tracked: TrackedCommand = {
        id,
        terminal,
        messageId,
        state: "waiting",
        givenMs,
        validUntilMs,
        sentMs: sentMs ?? undefined,
        attempts,
        result: undefined,
        answer: undefined,
      };
      this.#enqueue(tracked, command, true, () => {});
    }
  }

  /**
   * Takes a command for a terminal, and sends it once it is durable.
   * @throws WuxingError OVERLOADED when too many commands wait for this terminal or for all.
   */
  submit(terminal: string, command: Command, nowMs: number): SubmittedCommand {
    const queue = this.#queues.get(terminal) ?? [];
    if (queue.length >= this.#limits.commandsPerTerminal || this.#waiting >= this.#limits.commands) {
      throw new WuxingError("OVERLOADED", `commands that wait for terminal ${terminal}: ${queue.length}`);
    }
    const tracked: TrackedCommand = {
      id: ++this.#lastId,
      terminal,
      messageId: command.messageId,
      state: "waiting",
      givenMs: nowMs,
      validUntilMs: command.validUntilMs ?? nowMs + DEFAULT_VALIDITY_MS,
      sentMs: undefined,
      attempts: 0,
      result: undefined,
      answer: undefined,
    };
    const { promise, resolve } = Promise.withResolvers<TrackedCommand>();
    const journal = this.#journal;
    const entry = this.#enqueue(tracked, command, journal === undefined, resolve);
    if (journal === undefined) this.#sendNow(terminal, nowMs);
    const kept = journal === undefined ? Promise.resolve() : this.#keep(journal, entry, nowMs);
    // Not everybody waits for it.
    kept.catch(() => {});
    return { tracked, finished: promise, kept };
  }

  async #keep(journal: CommandJournal, entry: Entry, nowMs: number): Promise<void> {
    const { terminal } = entry.tracked;
    try {
      await journal.add(keptOf(entry));
      entry.kept = true;
      this.#sendNow(terminal, nowMs);
    } catch (error) {
      this.#end(terminal, entry, "cancelled");
      throw error;
    }
  }

  #enqueue(tracked: TrackedCommand, command: Command, kept: boolean, finish: Entry["finish"]): Entry {
    const queue = this.#queues.get(tracked.terminal) ?? [];
    const blank = { body: new Uint8Array(0), serial: 0, parts: 0, waitMs: 0, dueMs: 0 };
    const entry = { tracked, command, ...blank, kept, finish };
    queue.push(entry);
    this.#queues.set(tracked.terminal, queue);
    this.#counters.waitingCommands = ++this.#waiting;
    return entry;
  }

  #sendNow(terminal: string, nowMs: number): void {
    const session = this.#sessions.get(terminal);
    if (session?.live !== true) return;
    this.#sendNext(session, nowMs);
    session.flushAnswers();
  }

  /** What the terminals were ever told, newest first; without a journal only what is kept in memory, as one page. */
  async history(terminals: readonly string[], page: Parameters<CommandJournal["page"]>[1]): Promise<CommandPage> {
    if (this.#journal !== undefined) return this.#journal.page(terminals, page);
    const items = terminals.flatMap((terminal) => this.of(terminal).map((tracked) => keptOf({ tracked })));
    return { items: items.toSorted((a, b) => b.givenMs - a.givenMs || b.id - a.id), next: null };
  }

  /** Commands of a terminal, unfinished ones first, then the latest finished ones. */
  of(terminal: string): TrackedCommand[] {
    const unfinished = (this.#queues.get(terminal) ?? []).map(({ tracked }) => tracked);
    return unfinished.concat((this.#finished.get(terminal) ?? []).toReversed());
  }

  /** What waits for a terminal is sent now that it is here. */
  loggedIn(session: Session, nowMs: number): void {
    this.#sendNext(session, nowMs);
  }

  /** The terminal went away: a command under way waits for its return. */
  loggedOut(session: Session): void {
    const first = this.#queues.get(session.phone)?.[0];
    if (first?.tracked.state !== "sent") return;
    first.tracked.state = "waiting";
    this.#journal?.change(keptOf(first));
  }

  /** The terminal's general reply to one of ours. */
  replied(session: Session, replySerial: number, replyId: number, result: number, nowMs: number): void {
    const entry = this.#underWay(session, replySerial);
    if (entry === undefined || entry.command.messageId !== replyId) return;
    entry.tracked.result = result;
    if (result !== ReplyResult.ok) this.#end(session.phone, entry, "refused");
    else if (entry.command.answerId === TERMINAL_REPLY) this.#end(session.phone, entry, "done");
    else return;
    this.#sendNext(session, nowMs);
  }

  /** A message that carries what a command asked for; `replySerial` undefined: it names none, as 0x0201 of 2011. Nor does 0x0107. */
  answered(session: Session, messageId: number, replySerial: number | undefined, body: Buffer, nowMs: number): void {
    const nameless = replySerial === undefined || messageId === TERMINAL_ATTRIBUTES;
    const entry = nameless ? this.#queues.get(session.phone)?.[0] : this.#underWay(session, replySerial);
    if (entry?.tracked.state !== "sent" || entry.command.answerId !== messageId) return;
    entry.tracked.result = ReplyResult.ok;
    entry.tracked.answer = Buffer.from(body);
    this.#end(session.phone, entry, "done");
    this.#sendNext(session, nowMs);
  }

  /** 0x0005: the terminal misses parts of a command. The whole is sent again, with the same serials. */
  sendAgain(session: Session, body: Buffer): void {
    const { firstSerial } = decodeResendParts(body);
    const entry = this.#underWay(session, firstSerial);
    if (entry !== undefined) session.encodeAgain(entry.command.messageId, entry.body, entry.serial);
  }

  /** Repeats what is overdue, gives up what was repeated often enough or is no longer valid. */
  sweep(nowMs: number): void {
    for (const [terminal, queue] of this.#queues) {
      const session = this.#sessions.get(terminal);
      for (const entry of queue.slice()) {
        const { tracked } = entry;
        if (tracked.state === "waiting" && nowMs >= tracked.validUntilMs) this.#end(terminal, entry, "expired");
        else if (tracked.state === "sent" && nowMs >= entry.dueMs) this.#repeat(terminal, entry, session, nowMs);
      }
      if (session?.live === true) {
        this.#sendNext(session, nowMs);
        session.flushAnswers();
      }
    }
  }

  /** Ends everything that is not finished; what a journal keeps goes on at the next start. */
  async close(): Promise<void> {
    if (this.#journal === undefined) {
      for (const [terminal, queue] of this.#queues) {
        for (const entry of queue.slice()) this.#end(terminal, entry, "cancelled");
      }
      return;
    }
    await this.#journal.close();
    for (const queue of this.#queues.values()) for (const { tracked, finish } of queue) finish(tracked);
    this.#queues.clear();
  }

  #underWay(session: Session, serial: number): Entry | undefined {
    const entry = this.#queues.get(session.phone)?.[0];
    if (entry?.tracked.state !== "sent") return undefined;
    // The answer to a command in parts may name any of them; some terminals name the last.
    return ((serial - entry.serial) & 0xffff) < entry.parts ? entry : undefined;
  }

  #sendNext(session: Session, nowMs: number): void {
    const entry = this.#queues.get(session.phone)?.[0];
    if (entry === undefined || entry.tracked.state !== "waiting" || !entry.kept) return;
    if (nowMs >= entry.tracked.validUntilMs) {
      this.#end(session.phone, entry, "expired");
      this.#sendNext(session, nowMs);
      return;
    }
    entry.body = entry.command.body(session.wideHeader);
    entry.parts = Math.max(1, Math.ceil(entry.body.length / MAX_BODY_BYTES));
    entry.serial = session.encode(entry.command.messageId, entry.body);
    entry.waitMs = this.#repetition.firstWaitMs;
    entry.dueMs = nowMs + entry.waitMs;
    entry.tracked.state = "sent";
    entry.tracked.sentMs ??= nowMs;
    entry.tracked.attempts = 1;
    this.#journal?.change(keptOf(entry));
    count(this.#counters.commands, "sent");
  }

  #repeat(terminal: string, entry: Entry, session: Session | undefined, nowMs: number): void {
    if (entry.tracked.attempts > this.#repetition.repetitions || session?.live !== true) {
      this.#end(terminal, entry, "unanswered");
      return;
    }
    entry.tracked.attempts++;
    entry.waitMs *= entry.tracked.attempts;
    entry.dueMs = nowMs + entry.waitMs;
    session.encodeAgain(entry.command.messageId, entry.body, entry.serial);
    this.#journal?.change(keptOf(entry));
    count(this.#counters.commands, "repeated");
  }

  #end(terminal: string, entry: Entry, state: CommandState): void {
    entry.tracked.state = state;
    if (entry.kept) this.#journal?.change(keptOf(entry));
    count(this.#counters.commands, state);
    const queue = (this.#queues.get(terminal) ?? []).filter((other) => other !== entry);
    if (queue.length === 0) this.#queues.delete(terminal);
    else this.#queues.set(terminal, queue);
    this.#counters.waitingCommands = --this.#waiting;
    const finished = this.#finished.get(terminal) ?? [];
    finished.push(entry.tracked);
    if (finished.length > KEPT_PER_TERMINAL) finished.shift();
    this.#finished.delete(terminal);
    this.#finished.set(terminal, finished);
    if (this.#finished.size > KEPT_TERMINALS) {
      const oldest = this.#finished.keys().next().value;
      if (oldest !== undefined) this.#finished.delete(oldest);
    }
    entry.finish(entry.tracked);
  }
}

/** A command as it stands, to be kept; without `command` its bodies are left out. */
export function keptOf({ tracked, command }: { tracked: TrackedCommand; command?: Command }): KeptCommand {
  const { id, terminal, messageId, state, givenMs, validUntilMs, sentMs, attempts, result, answer } = tracked;
  const bodyOf = (wide: boolean): string => Buffer.from(command?.body(wide) ?? []).toString("hex");
  return {
    id,
    terminal,
    messageId,
    answerId: command?.answerId ?? 0,
    state,
    givenMs,
    validUntilMs,
    sentMs: sentMs ?? null,
    attempts,
    result: result ?? null,
    answer: answer?.toString("hex") ?? null,
    narrowBody: bodyOf(false),
    wideBody: bodyOf(true),
  };
}
