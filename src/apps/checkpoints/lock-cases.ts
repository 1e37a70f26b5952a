import type { Kysely } from "kysely";
import type { CaseBody, CaseRow } from "../../cases/case-record.ts";
import type { CaseDesk } from "../../cases/case-desk.ts";
import { distanceMeters } from "../../kernel/distance.ts";
import type { FindingEvent, Lock } from "../../model/finding.ts";
import { WuxingError } from "../../model/errors.ts";
import type { LedgerQueries } from "../../store/ledger.ts";
import type { Tables } from "../../store/tables.ts";
import { caseIdOf, openingsOf, plateOf } from "./lock-opening.ts";
import { placeVehicles, type PlacementPorts } from "./lock-placement.ts";
import { lockedVehicle } from "./locked-vehicle.ts";
import { lockObjection } from "./lock-objection.ts";

export interface LockCasesOptions extends PlacementPorts {
  kysely: Kysely<Tables>;
  ledger: Pick<LedgerQueries, "eventsAfter" | "subscribe" | "findExposures" | "area">;
  desk: CaseDesk;
  now: () => number;
  log?: { warn(fields: object, text: string): void } | undefined;
}

const FOLLOWER = "lock-cases";
const EVENTS_AT_ONCE = 500;
/** In one transaction: it holds a database of one connection for some 50 ms. */
const OPENED_AT_ONCE = 100;
/** A look at the vehicles reads so many cases; the next one goes on behind them. */
const LOOKED_AT_ONCE = 2000;
/** A vehicle that moved less within its grid is shown where it was, metres. */
const MOVED_MIN_METERS = 100;
const NOT_NOW_MS = 1000;

/**
 * Opens a case for every lock, lets it follow its vehicle until somebody takes it, and tells it what becomes of the lock. Reads
 * the ledger's events in their order and keeps its place with every step, so that nothing is missed after a stop; read
 * twice they change nothing.
 */
export class LockCases {
  readonly #options: LockCasesOptions;
  readonly #unsubscribe: () => void;
  #running: Promise<void> | null = null;
  #again = false;
  #isClosed = false;
  #lookedUpTo = "";
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LockCasesOptions) {
    this.#options = options;
    this.#unsubscribe = options.ledger.subscribe((events) => {
      if (events.some(({ kind }) => kind === "lock")) this.follow();
    });
    this.follow();
  }

  /** Reads on from where it stopped. */
  follow(): void {
    if (this.#isClosed) return;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#followAll()
      .catch((error: unknown) => {
        this.#options.log?.warn({ error: String(error) }, "cases of locks wait: the database does not take them");
        this.#retry = setTimeout(() => this.follow(), NOT_NOW_MS);
      })
      .finally(() => {
        this.#running = null;
        if (!this.#again) return;
        this.#again = false;
        this.follow();
      });
  }

  /** Resolves when everything that the ledger has is followed. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#unsubscribe();
    await this.idle();
  }

  /** Has the cases that nobody took follow their vehicles, a page of them at a look. @returns how many moved */
  async followVehicles(): Promise<number> {
    const { kysely, desk, now } = this.#options;
    const nowMs = now();
    const open = await kysely
      .selectFrom("work_case")
      .select(["id", "subject", "place", "body"])
      .where("type", "=", lockedVehicle.id)
      .where("closed_ms", "is", null)
      .where("taken_by", "is", null)
      .where("id", ">", this.#lookedUpTo)
      .orderBy("id")
      .limit(LOOKED_AT_ONCE)
      .execute();
    this.#lookedUpTo = open.length < LOOKED_AT_ONCE ? "" : open.at(-1)!.id;
    const asked = open.map(({ subject }) => ({ vehicle: subject, atMs: nowMs }));
    const placements = await placeVehicles(this.#options, asked);
    let moved = 0;
    for (const [i, { id, place, body }] of open.entries()) {
      const { place: at, position, by, says, arrival } = placements[i]!;
      // A vehicle of which nothing is known any more stays where it was.
      if (by === "city" && position === null) continue;
      if (at === place && !isElsewhere((body as CaseBody).position, position)) continue;
      if ((await desk.move(id, at, position, { by, arrival, says })) !== null) moved++;
    }
    return moved;
  }

  /**
   * Takes a driver's objection: the lock's case is noted as contested, and another person decides.
   * @throws WuxingError CASE_NOT_FOUND, CASE_ACTION_INVALID when it is closed or an objection is open
   */
  async contest(id: string, text: string): Promise<CaseRow> {
    const { desk, kysely, now } = this.#options;
    const parent = await desk.get(id);
    if (parent.closed_ms !== null) throw new WuxingError("CASE_ACTION_INVALID", `${id} is closed`);
    const { earlier } = await kysely
      .selectFrom("work_case")
      .select(({ fn }) => fn.countAll<number>().as("earlier"))
      .where("parent", "=", id)
      .executeTakeFirstOrThrow();
    const objection = `${id}:objection-${earlier + 1}`;
    const openOne = await kysely
      .selectFrom("work_case")
      .select("id")
      .where("parent", "=", id)
      .where("closed_ms", "is", null)
      .executeTakeFirst();
    if (openOne !== undefined) throw new WuxingError("CASE_ACTION_INVALID", `${openOne.id} is not decided yet`);
    const child = await desk.open({
      id: objection,
      type: lockObjection.id,
      place: parent.place,
      subject: { kind: "vehicle", id: parent.subject },
      parent: id,
      parentDoers: parent.body.doers,
      title: {
        zh: `${plateOf(parent.subject)} 对锁定有异议`,
        en: `${plateOf(parent.subject)} objects to its lock`,
      },
      position: parent.body.position,
      facts: { ...parent.body.facts, objection: text },
      atMs: now(),
    });
    await desk.note(id, "confirmation", { objection, text }, "contested");
    return child;
  }

  async #followAll(): Promise<void> {
    const { kysely, ledger } = this.#options;
    for (;;) {
      const place = await kysely.selectFrom("follower").select("seq").where("name", "=", FOLLOWER).executeTakeFirst();
      const events = await ledger.eventsAfter(place?.seq ?? 0, EVENTS_AT_ONCE);
      if (events.length === 0 || this.#isClosed) return;
      await this.#takeAll(events.filter(({ kind }) => kind === "lock"));
      const seq = events.at(-1)!.seq;
      await kysely
        .insertInto("follower")
        .values({ name: FOLLOWER, seq })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ seq }))
        .execute();
    }
  }

  /** Locks that begin are opened together; what else becomes of a lock comes after its opening. */
  async #takeAll(events: readonly FindingEvent[]): Promise<void> {
    const begun = new Map<string, FindingEvent>();
    const open = async (): Promise<void> => {
      await this.#open([...begun.values()]);
      begun.clear();
    };
    for (const event of events) {
      const begins = event.change !== "withdrawn" && (event.body as Lock).state === "live";
      if (begins && !begun.has(event.id)) begun.set(event.id, event);
      if (begun.size >= OPENED_AT_ONCE || (!begins && begun.has(event.id))) await open();
      if (!begins) await this.#tell(event);
    }
    await open();
  }

  async #tell({ change, body, id, at, cause }: FindingEvent): Promise<void> {
    const { desk } = this.#options;
    const { state } = body as Lock;
    if (change === "withdrawn" || state === "review")
      await desk.actAsProgram(caseIdOf(id), "lose-ground", { cause }, Date.parse(at));
    else if (state === "expired") await desk.actAsProgram(caseIdOf(id), "expire", { cause }, Date.parse(at));
  }

  async #open(events: readonly FindingEvent[]): Promise<void> {
    if (events.length === 0) return;
    const { desk, kysely } = this.#options;
    const ids = events.map(({ id }) => caseIdOf(id));
    const known = await kysely.selectFrom("work_case").select("id").where("id", "in", ids).execute();
    const before = new Set(known.map(({ id }) => id));
    const fresh = events.filter(({ id }) => !before.has(caseIdOf(id)));
    if (fresh.length > 0) await desk.openMany(await openingsOf(this.#options, fresh));
  }
}

function isElsewhere(before: CaseBody["position"], now: CaseBody["position"]): boolean {
  if (before === null || now === null) return before !== now;
  return distanceMeters(before.lon, before.lat, now.lon, now.lat) >= MOVED_MIN_METERS;
}
