import type { Kysely } from "kysely";
import type { CaseDesk } from "../../cases/case-desk.ts";
import type { CaseRow } from "../../cases/case-record.ts";
import type { DriverLinks } from "../../cases/driver-link.ts";
import type { Bilingual } from "../../model/case.ts";
import type { DriverDestination, DriverView, PlaceChoice } from "../../model/driver.ts";
import { WuxingError } from "../../model/errors.ts";
import type { Lock } from "../../model/finding.ts";
import type { Rule } from "../../model/rule.ts";
import type { LedgerQueries } from "../../store/ledger.ts";
import type { Tables } from "../../store/tables.ts";
import type { ArrivalRegister } from "./arrivals.ts";
import type { LockCases } from "./lock-cases.ts";
import { plateOf } from "./lock-opening.ts";
import { lockObjection } from "./lock-objection.ts";

export interface DriverDeskOptions {
  kysely: Kysely<Tables>;
  ledger: Pick<LedgerQueries, "lock">;
  desk: CaseDesk;
  lockCases: Pick<LockCases, "contest">;
  links: DriverLinks;
  /** The rule as it was published in a version. */
  ruleOf: (version: number) => Promise<Rule>;
  /** The operator's telephone number. */
  hotline: string | null;
  arrivals: Pick<ArrivalRegister, "declare" | "destinationsOf">;
  /** Places right below one of the city; below the city when none is given. */
  placesBelow: (parent: string | undefined) => PlaceChoice[];
  now: () => number;
}

/** A link holds so long after the lock would have ended by itself, so that its end can still be seen and contested, ms. */
const LINK_AFTER_MS = 30 * 86_400_000;
const WHAT_TO_DO: Record<DriverView["state"], Bilingual> = {
  locked: {
    zh: "请在目的地等候网格工作人员联系和核实；如有异议，可在此页提出，由另一名工作人员复核。",
    en: "Please wait at your destination for the grid's staff, who will call and verify. You can object on this page; another person decides.",
  },
  released: { zh: "锁定已解除，可以正常通行。", en: "The lock is released; you may go on." },
  expired: { zh: "锁定已到期，可以正常通行。", en: "The lock is over; you may go on." },
};

/** What a driver sees of a lock and says to it, by a signed link and without an account. */
export class DriverDesk {
  readonly #options: DriverDeskOptions;

  constructor(options: DriverDeskOptions) {
    this.#options = options;
  }

  /** The token of a lock's case, to be given to its driver. @throws WuxingError CASE_NOT_FOUND */
  async link(caseId: string): Promise<{ token: string; until: string }> {
    const { desk, links, now } = this.#options;
    const row = await desk.get(caseId);
    if (row.lock === null) throw new WuxingError("CASE_NOT_FOUND", `${caseId} is no lock's case`);
    const expires = Date.parse(String(row.body.facts["expiresAt"]));
    const untilMs = (Number.isNaN(expires) ? now() : expires) + LINK_AFTER_MS;
    return { token: links.create(caseId, untilMs), until: new Date(untilMs).toISOString() };
  }

  /** @throws WuxingError LINK_INVALID */
  async view(token: string): Promise<DriverView> {
    const { ledger, hotline, ruleOf } = this.#options;
    const row = await this.#caseOf(token);
    const lock = await ledger.lock(row.lock!);
    const state = lock.state === "released" || lock.state === "expired" ? lock.state : "locked";
    const { facts } = row.body;
    return {
      plate: plateOf(row.subject),
      state,
      lockedAt: lock.lockedAt,
      until: endOf(lock),
      rule: ruleText(await ruleOf(Number(facts["ruleVersion"] ?? 1))),
      exposures: exposuresOf(facts),
      whatToDo: WHAT_TO_DO[state],
      call: hotline,
      objection: await this.#objectionOf(row.id),
      outcome: row.outcome as DriverView["outcome"],
      confirmation: row.confirmation as DriverView["confirmation"],
      destination: await this.#destinationOf(row),
      mayDeclare: mayDeclare(row),
    };
  }

  /**
   * Takes an objection: while the case is open another person decides it; of a closed case its outcome is contested.
   * @throws WuxingError LINK_INVALID, CASE_ACTION_INVALID while an earlier one is not decided
   */
  async contest(token: string, text: string): Promise<DriverView> {
    const { desk, lockCases } = this.#options;
    const row = await this.#caseOf(token);
    if (row.closed_ms === null) await lockCases.contest(row.id, text);
    else await desk.note(row.id, "confirmation", { text }, "contested");
    return this.view(token);
  }

  /** Takes that the driver agrees with how it ended. @throws WuxingError LINK_INVALID, CASE_ACTION_INVALID before the end */
  async confirm(token: string): Promise<DriverView> {
    const row = await this.#caseOf(token);
    if (row.closed_ms === null) throw new WuxingError("CASE_ACTION_INVALID", "there is no outcome to confirm yet");
    if (row.confirmation !== "confirmed") await this.#options.desk.note(row.id, "confirmation", {}, "confirmed");
    return this.view(token);
  }

  /**
   * Takes where the driver goes, as of now. What others declared stays; what was said last counts.
   * @throws WuxingError LINK_INVALID, INPUT_INVALID, CASE_ACTION_INVALID when somebody has taken the case
   */
  async declare(token: string, destination: DriverDestination): Promise<DriverView> {
    const row = await this.#caseOf(token);
    if (!mayDeclare(row)) throw new WuxingError("CASE_ACTION_INVALID", `${row.id} stays where it is now`);
    const { arrivals, now } = this.#options;
    const plate = plateOf(row.subject);
    await arrivals.declare(
      {
        id: `driver-${row.id}`,
        plate,
        plateColour: Number(row.subject.slice(plate.length + 1)),
        destination: "place" in destination ? destination : { ...destination, datum: "wgs84" },
        arriveAt: new Date(now()).toISOString(),
      },
      { kind: "driver", name: row.id },
      row.subject,
    );
    return this.view(token);
  }

  /** @throws WuxingError LINK_INVALID, PLACE_NOT_FOUND */
  async places(token: string, parent: string | undefined): Promise<PlaceChoice[]> {
    await this.#caseOf(token);
    return this.#options.placesBelow(parent);
  }

  async #destinationOf({ subject }: CaseRow): Promise<DriverView["destination"]> {
    const { arrivals, now } = this.#options;
    const declared = (await arrivals.destinationsOf([subject])).get(subject) ?? [];
    const present = declared.find(({ fromMs, toMs }) => fromMs <= now() && now() < toMs);
    return present === undefined
      ? null
      : { text: present.text, by: present.source, at: new Date(present.saidMs).toISOString() };
  }

  async #caseOf(token: string): Promise<CaseRow> {
    const { links, desk, now } = this.#options;
    const row = await desk.get(links.read(token, now()));
    if (row.lock === null) throw new WuxingError("LINK_INVALID");
    return row;
  }

  async #objectionOf(caseId: string): Promise<DriverView["objection"]> {
    const { kysely, desk } = this.#options;
    const latest = await kysely
      .selectFrom("work_case")
      .select("id")
      .where("parent", "=", caseId)
      .where("type", "=", lockObjection.id)
      .orderBy("opened_ms", "desc")
      .orderBy("id", "desc")
      .limit(1)
      .executeTakeFirst();
    if (latest === undefined) return null;
    const { state, opened_ms: openedMs, body } = await desk.get(latest.id);
    return {
      state: state as "open" | "upheld" | "rejected",
      text: String(body.facts["objection"]),
      at: new Date(openedMs).toISOString(),
    };
  }
}

function mayDeclare({ closed_ms: closedMs, taken_by: takenBy }: CaseRow): boolean {
  return closedMs === null && takenBy === null;
}

function endOf(lock: Lock): string {
  return lock.release?.at ?? lock.expiresAt;
}

function exposuresOf(facts: Record<string, unknown>): DriverView["exposures"] {
  const exposures = (facts["exposures"] ?? []) as DriverView["exposures"];
  return exposures.map(({ areaName, start, end, minutes, minDistanceM, certainty }) => ({
    areaName,
    start,
    end,
    minutes,
    minDistanceM,
    certainty,
  }));
}

function ruleText({ version, radiusMeters, dwellMs, lookbackMs }: Rule): Bilingual {
  const minutes = dwellMs / 60_000;
  const days = lookbackMs / 86_400_000;
  return {
    zh: `规则第 ${version} 版：在风险区 ${radiusMeters} 米范围内停留 ${minutes} 分钟以上，并在其后 ${days} 天内进入本市的车辆，锁定待核实。`,
    en: `Rule, version ${version}: a vehicle that stayed within ${radiusMeters} m of a risk area for ${minutes} minutes or longer and enters the city within ${days} days is locked until it is verified.`,
  };
}
