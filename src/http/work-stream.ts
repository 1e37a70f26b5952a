import type { Writable } from "node:stream";
import type { Kysely } from "kysely";
import type { Principal } from "../access/principal.ts";
import type { CaseRow } from "../cases/case-record.ts";
import type { Tables } from "../store/tables.ts";
import { eventText } from "./event-text.ts";

/** Asks the database with the rights of a reader. */
export type ReadOf = <T>(run: (database: Kysely<Tables>) => Promise<T>) => Promise<T>;

export interface WorkStreamLimits {
  readers: number;
  /** Changes are told this often, ms. */
  tickMs: number;
  /** A stream ends by itself after this and is opened again with the rights of then, ms. */
  lastsMs: number;
}

const LIMITS: WorkStreamLimits = { readers: 1500, tickMs: 1000, lastsMs: 5 * 60_000 };
/** Bytes that may wait for a reader; one that is further behind is ended and asks anew. */
const WAITING_BYTES_MAX = 64 * 1024;
/** A connection that nothing passes is taken for dead on the way. */
const SIGN_OF_LIFE_TICKS = 10;

interface Reader {
  out: Writable;
  principal: Pick<Principal, "paths" | "person">;
  read: ReadOf;
  isAsking: boolean;
  endsMs: number;
}

/** Where a case was and is, and with whom: who could see it at either end is told. */
interface Change {
  paths: Set<string>;
  takers: Set<string>;
}

/**
 * The live stream of a grid's people: that a case changed, to whoever may see it now (`case`), and that it is gone, to whoever
 * could before (`gone`). Nothing of vehicles, nothing of other places. What may be seen is asked of the database in the
 * reader's own role, with the predicate of the lists; what is remembered here only spares it questions whose answer is no.
 */
export class WorkStream {
  readonly #limits: WorkStreamLimits;
  readonly #readers = new Set<Reader>();
  readonly #unsubscribe: () => void;
  readonly #timer: NodeJS.Timeout;
  #changes = new Map<string, Change>();
  #ticks = 0;

  constructor(
    desk: { subscribe: (listener: (row: CaseRow, before: CaseRow | null) => void) => () => void },
    limits: Partial<WorkStreamLimits> = {},
  ) {
    this.#limits = { ...LIMITS, ...limits };
    this.#unsubscribe = desk.subscribe((row, before) => this.#note(row, before));
    this.#timer = setInterval(() => this.#tick(), this.#limits.tickMs).unref();
  }

  get full(): boolean {
    return this.#readers.size >= this.#limits.readers;
  }

  /** Begins to tell; `hello` says that whatever changed before has to be asked for. */
  add(out: Writable, principal: Reader["principal"], read: ReadOf): void {
    out.write(`retry: 2000\n\n${eventText("hello", {})}`);
    const endsMs = performance.now() + this.#limits.lastsMs;
    const reader: Reader = { out, principal, read, isAsking: false, endsMs };
    this.#readers.add(reader);
    out.on("close", () => this.#readers.delete(reader));
    out.on("error", () => out.destroy());
  }

  close(): void {
    clearInterval(this.#timer);
    this.#unsubscribe();
    for (const reader of this.#readers) this.#end(reader, "shutdown");
  }

  #note(row: CaseRow, before: CaseRow | null): void {
    if (this.#readers.size === 0) return;
    const change = this.#changes.get(row.id) ?? { paths: new Set(), takers: new Set() };
    for (const each of [row, before]) {
      if (each === null) continue;
      change.paths.add(each.path);
      if (each.taken_by !== null) change.takers.add(each.taken_by);
    }
    this.#changes.set(row.id, change);
  }

  #tick(): void {
    const changes = this.#changes;
    this.#changes = new Map();
    const nowMs = performance.now();
    const isSign = ++this.#ticks % SIGN_OF_LIFE_TICKS === 0;
    for (const reader of this.#readers) {
      if (nowMs >= reader.endsMs) this.#end(reader, "renew");
      else if (reader.out.writableLength > WAITING_BYTES_MAX) this.#end(reader, "slow");
      else {
        const ids = [...changes].filter(([, change]) => concerns(change, reader.principal)).map(([id]) => id);
        if (ids.length > 0) void this.#tell(reader, ids);
        else if (isSign) reader.out.write(": \n\n");
      }
    }
  }

  async #tell(reader: Reader, ids: readonly string[]): Promise<void> {
    // One question of a reader at a time; who has to wait asks for everything when it comes back.
    if (reader.isAsking) {
      this.#end(reader, "slow");
      return;
    }
    reader.isAsking = true;
    try {
      const seen = await reader.read((database) =>
        database.selectFrom("work_case").select(["id", "state", "version"]).where("id", "in", ids).execute(),
      );
      const visible = new Map(seen.map((row) => [row.id, row]));
      for (const id of ids) {
        const row = visible.get(id);
        reader.out.write(row === undefined ? eventText("gone", { id }) : eventText("case", row));
      }
    } catch {
      this.#end(reader, "unavailable");
    } finally {
      reader.isAsking = false;
    }
  }

  #end(reader: Reader, reason: string): void {
    this.#readers.delete(reader);
    reader.out.end(eventText("end", { reason }));
  }
}

function concerns({ paths, takers }: Change, { paths: mine, person }: Reader["principal"]): boolean {
  if (person !== null && takers.has(person)) return true;
  for (const path of paths) if (mine.some((each) => path.startsWith(each))) return true;
  return false;
}
