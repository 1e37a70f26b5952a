import type { Kysely } from "kysely";
import type { CaseRow } from "../../cases/case-record.ts";
import type { CaseDesk } from "../../cases/case-desk.ts";
import type { PlaceFinder, SubjectPosition } from "../../cases/ports.ts";
import type { Exposure, FindingEvent, Lock } from "../../model/finding.ts";
import { WuxingError } from "../../model/errors.ts";
import type { LedgerQueries } from "../../store/ledger.ts";
import type { Tables } from "../../store/tables.ts";
import { lockedVehicle, lockObjection } from "./locked-vehicle.ts";

export interface LockCasesOptions {
  kysely: Kysely<Tables>;
  ledger: Pick<LedgerQueries, "eventsAfter" | "subscribe" | "lock" | "findExposures" | "area">;
  desk: CaseDesk;
  places: PlaceFinder;
  positionOf: SubjectPosition;
  /** Where the vehicle is declared to go, as a grid; undefined when nothing is declared. */
  destinationOf: (vehicle: string, atMs: number) => Promise<string | undefined>;
  /** Where a case stands whose vehicle is nowhere in the city: its top place. */
  cityPlace: string;
  now: () => number;
  log?: { warn(fields: object, text: string): void } | undefined;
}

const FOLLOWER = "lock-cases";
const EVENTS_AT_ONCE = 500;
const MOVED_AT_ONCE = 1000;
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

  /** Has the cases that nobody took follow their vehicles. @returns how many moved */
  async followVehicles(): Promise<number> {
    const { kysely, desk, now } = this.#options;
    const open = await kysely
      .selectFrom("work_case")
      .select(["id", "subject", "place"])
      .where("type", "=", lockedVehicle.id)
      .where("closed_ms", "is", null)
      .where("taken_by", "is", null)
      .limit(MOVED_AT_ONCE)
      .execute();
    let moved = 0;
    for (const { id, subject, place } of open) {
      const { place: at, position } = await this.#placeOf(subject, now());
      if (position === null) continue;
      if ((await desk.move(id, at, position, "the vehicle moved")) !== null && at !== place) moved++;
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
      for (const event of events) if (event.kind === "lock") await this.#take(event);
      const seq = events.at(-1)!.seq;
      await kysely
        .insertInto("follower")
        .values({ name: FOLLOWER, seq })
        .onConflict((conflict) => conflict.column("name").doUpdateSet({ seq }))
        .execute();
    }
  }

  async #take({ change, body, id, at, cause }: FindingEvent): Promise<void> {
    const { desk } = this.#options;
    const lock = body as Lock;
    const caseId = caseIdOf(id);
    // Event time decides: a case is as old as its lock, not as the day on which it is read.
    if (change === "withdrawn") {
      await desk.actAsProgram(caseId, "lose-ground", { cause }, Date.parse(at));
      return;
    }
    if (lock.state === "live") await this.#open(lock, caseId, at);
    else if (lock.state === "review") await desk.actAsProgram(caseId, "lose-ground", { cause }, Date.parse(at));
    else if (lock.state === "expired") await desk.actAsProgram(caseId, "expire", { cause }, Date.parse(at));
  }

  async #open(lock: Lock, caseId: string, at: string): Promise<void> {
    const { desk, ledger, kysely } = this.#options;
    const known = await kysely.selectFrom("work_case").select("id").where("id", "=", caseId).executeTakeFirst();
    if (known !== undefined) return;
    const learntMs = Date.parse(lock.learntAt);
    const exposures = await ledger.findExposures(lock.exposures);
    const evidence = await Promise.all(exposures.map((exposure) => this.#evidenceOf(exposure)));
    const first = evidence[0];
    const plate = plateOf(lock.vehicle);
    const { place, position } = await this.#placeOf(lock.vehicle, learntMs);
    await desk.open({
      id: caseId,
      type: lockedVehicle.id,
      place,
      subject: { kind: "vehicle", id: lock.vehicle },
      lock: lock.id,
      title:
        first === undefined
          ? { zh: `${plate} 已锁定`, en: `${plate} is locked` }
          : {
              zh: `${plate} 曾在${first.areaName}附近停留 ${first.minutes} 分钟，已进入本市`,
              en: `${plate} was ${first.minutes} min near ${first.areaName} and entered the city`,
            },
      position,
      facts: {
        rule: exposures[0]?.rule ?? null,
        ruleVersion: exposures[0]?.ruleVersion ?? null,
        lockedAt: lock.lockedAt,
        expiresAt: lock.expiresAt,
        exposures: evidence,
      },
      atMs: Math.min(Date.parse(at), learntMs),
    });
  }

  async #evidenceOf(exposure: Exposure): Promise<Record<string, unknown> & { areaName: string; minutes: number }> {
    const area = await this.#options.ledger.area(exposure.area);
    const { id, start, end, exposedAt, durationS, minDistanceM, certainty } = exposure;
    const minutes = Math.floor(durationS / 60);
    const areaName = area.name ?? area.id;
    return { id, area: area.id, areaName, start, end, exposedAt, minutes, minDistanceM, certainty };
  }

  /** The grid of the declared destination, else of the present position, else the whole city. */
  async #placeOf(vehicle: string, atMs: number): Promise<{ place: string; position: CaseRow["body"]["position"] }> {
    const { positionOf, destinationOf, places, cityPlace } = this.#options;
    const [known, declared] = await Promise.all([
      positionOf({ kind: "vehicle", id: vehicle }, atMs),
      destinationOf(vehicle, atMs),
    ]);
    const grid = known === null ? undefined : places.findGridAt(known.lon, known.lat, atMs);
    const position =
      known === null ? null : { lon: known.lon, lat: known.lat, time: new Date(known.timeMs).toISOString() };
    return { place: declared ?? grid ?? cityPlace, position };
  }
}

/** A lock has one case; its identity follows from the lock's. */
function caseIdOf(lock: string): string {
  return `case-${lock}`;
}

/** The plate of a vehicle's id (`豫G12345_2`), as people say it. */
function plateOf(vehicle: string): string {
  return vehicle.replace(/_\d+$/, "");
}
