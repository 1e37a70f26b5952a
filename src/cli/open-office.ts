import { join } from "node:path";
import { CASE_TYPES } from "../apps/case-types.ts";
import { lockEffects } from "../apps/checkpoints/lock-effects.ts";
import { ArrivalRegister } from "../apps/checkpoints/arrivals.ts";
import { LockCases } from "../apps/checkpoints/lock-cases.ts";
import { DriverDesk } from "../apps/checkpoints/lock-driver.ts";
import { AccessDesk } from "../access/access-desk.ts";
import { AuditChain } from "../access/audit-chain.ts";
import { OpenId, type OpenIdSettings } from "../access/open-id.ts";
import { Passkeys } from "../access/passkeys.ts";
import { SecondFactor } from "../access/second-factor.ts";
import { SignIn } from "../access/sign-in.ts";
import { FieldCipher } from "../access/field-cipher.ts";
import { PersonRegister } from "../access/person-fields.ts";
import { Attachments } from "../cases/attachments.ts";
import { CaseDesk } from "../cases/case-desk.ts";
import { CaseLists } from "../cases/case-lists.ts";
import { DriverLinks } from "../cases/driver-link.ts";
import { EffectDesk } from "../cases/effects.ts";
import { loadCaseType } from "../cases/load-case-type.ts";
import { placeNotices } from "../cases/place-notices.ts";
import { countBelow, countMoves, rehomeCases, rehomeFrom } from "../cases/place-work.ts";
import type { DutyFinder, PlaceFinder, SubjectPosition } from "../cases/ports.ts";
import { readSourceKeys } from "../gateway/source-keys.ts";
import { textCommand } from "../gateway/command.ts";
import { readNoted, type HttpAccess } from "../http/access-hooks.ts";
import type { CaseOffice } from "../http/case-routes.ts";
import type { PlaceDesk } from "../http/place-routes.ts";
import { principalOf } from "../http/principal.ts";
import type { PlaceNames } from "../http/session-routes.ts";
import type { DemoAccount } from "../http/session-sign-in-routes.ts";
import type { TerminalDesk } from "../http/terminal-routes.ts";
import { WuxingError } from "../model/errors.ts";
import type { Rule } from "../model/rule.ts";
import { TextFlag } from "../wire/jt808/8300-text.ts";
import type { Database } from "../store/database.ts";
import type { Ledger } from "../store/ledger.ts";
import type { TrackStore } from "../tracks/track-store.ts";
import type { Watch } from "../watch/watch.ts";
import { readFieldKeys } from "./field-keys.ts";
import { openNotices } from "./open-notices.ts";
import { tellEmergency, tellTouched } from "./tell-accounts.ts";
import { addDemoPerson, fillDemoAccounts } from "./demo-accounts.ts";
import { fillDemoHomes } from "./demo-homes.ts";

export interface OfficeParts {
  dir: string;
  database: Database;
  ledger: Ledger;
  watch: Watch;
  tracks: TrackStore;
  places: PlaceDesk;
  /** The gateway may open later than the office. */
  terminals: () => Pick<TerminalDesk, "terminalsOf" | "send">;
  /** Of the data folder; signs drivers' links. */
  secret: string;
  ruleOf: (version: number) => Promise<Rule>;
  /** Null when no identity provider is set. */
  openId: OpenIdSettings | null;
  /** Where browsers reach this server, if that was said. */
  publicUrl: string | null;
  isDemo: boolean;
  now: () => number;
  log: { warn(fields: object, text: string): void; info(fields: object, text: string): void };
}

/** Accounts, cases, and what happens between them and the rest of the platform. */
export interface Office {
  access: HttpAccess;
  cases: CaseOffice;
  names: PlaceNames;
  demoAccounts: readonly DemoAccount[];
  close: () => Promise<void>;
}

/** The ladder, the effects and the vehicles of cases are looked at so often, ms. */
const TICK_MS = 1000;
const FOLLOW_EVERY_TICKS = 15;
const REHOME_EVERY_TICKS = 60;
/** A position this much newer than the instant asked for is not the one of that instant, ms. */
const LIVE_SLACK_MS = 5 * 60_000;
const TRACK_BACK_MS = 60 * 60_000;

export async function openOffice(parts: OfficeParts): Promise<Office> {
  const { dir, database, ledger, watch, places, isDemo, now, log } = parts;
  const { kysely } = database;
  const desks = places.places;
  const cipher = new FieldCipher(await readFieldKeys(dir));
  const persons = new PersonRegister(kysely, cipher);
  const { desk: notices, hotline } = await openNotices(dir, kysely, (person) => persons.get(person));
  const finder = placeFinder(places);
  const positionOf = subjectPosition(parts);
  const duties: DutyFinder = {
    slots: () => desks.duties.slots(),
    find: (place, slot, atMs) => desks.duties.find(place, slot, atMs),
    dutiesOf: (person, atMs) => desks.duties.index.dutiesOf(person, atMs),
  };
  const options = {
    kysely,
    types: CASE_TYPES.map((type) => loadCaseType(type, desks.duties.slots())),
    places: finder,
    duties,
    working: places.calendar,
    positionOf,
    channels: notices.channels,
    now,
  };
  const desk = new CaseDesk(options);
  const lists = new CaseLists(options);
  const cityPlace = cityPlaceOf(places, now());
  const arrivals = new ArrivalRegister({ kysely, cipher, places: finder, cityPlace, now });
  const lockCases = new LockCases({
    kysely,
    ledger,
    desk,
    places: finder,
    positionOf,
    destinationsOf: arrivals.destinationsOf,
    cityPlace,
    now,
    log,
  });
  const effects = new EffectDesk(
    kysely,
    lockEffects({
      desk,
      releaseLock: (lock, input) => watch.releaseLock(lock, input),
      textDriver: async (vehicle, text) => {
        const [terminal] = parts.terminals().terminalsOf(vehicle);
        if (terminal === undefined) throw new Error(`${vehicle} has no terminal`);
        parts.terminals().send(terminal, textCommand({ flags: TextFlag.display | TextFlag.readOut, text }));
      },
    }),
  );
  places.work = { countBelow: (paths) => countBelow(kysely, paths, now()) };
  const tellOfPlaces = placeNotices({ duties, channels: notices.channels, now });
  /** Operations of which the work has not found its new home yet. */
  const rehomeAtMs: number[] = [];
  desks.addDependents({
    count: (reshaping) => countMoves(kysely, reshaping),
    rehome: async (transaction, rehoming) => {
      await tellOfPlaces.rehome(transaction, rehoming);
      await rehomeFrom(transaction, rehoming.effectiveMs);
      rehomeAtMs.push(rehoming.effectiveMs);
    },
    undo: tellOfPlaces.undo,
  });
  desks.addDependents({ count: (reshaping) => arrivals.moves(reshaping) });
  const names: PlaceNames = {
    nameOf: finder.nameOf,
    kindOf: (place) => desks.history.versionsOf(place).at(-1)?.kind ?? "",
  };
  const factors = new SecondFactor(kysely, cipher);
  const passkeys = new Passkeys(kysely);
  const access: HttpAccess = {
    desk: new AccessDesk({
      kysely,
      duties: {
        dutiesOf: duties.dutiesOf,
        getPath: finder.getPath,
        kindOf: names.kindOf,
      },
      cityNow: now,
      onBreakGlass: tellEmergency(kysely, duties, notices.channels, now),
      onTouched: tellTouched(kysely, notices.channels, now),
    }),
    signIn: new SignIn({
      kysely,
      factors,
      passkeys,
      ...(isDemo ? { beforeSignIn: (account) => addDemoPerson(kysely, account) } : {}),
    }),
    factors,
    passkeys,
    openId: parts.openId === null ? null : new OpenId(kysely, parts.openId),
    publicUrl: parts.publicUrl,
    audit: new AuditChain(kysely),
    persons,
    kysely,
    demo: null,
  };
  const demoAccounts = isDemo ? await fillDemoAccounts(access.desk, places, now()) : [];
  if (isDemo) await fillDemoHomes(places, now());
  const [first] = demoAccounts;
  if (isDemo && first !== undefined) access.demo = { account: first.account, purpose: null };
  const ticking = tick(TICK_MS, log, async (count) => {
    await desk.fireLadder(now());
    // Leases and waits are about networks: they go by the wall clock, however fast the city's runs.
    await effects.perform(Date.now());
    await notices.deliver(Date.now());
    if (count % FOLLOW_EVERY_TICKS === 0) await lockCases.followVehicles();
    const isHomeless = rehomeAtMs.some((ms) => ms <= now());
    if (isHomeless || count % REHOME_EVERY_TICKS === 0) {
      rehomeAtMs.splice(0, Infinity, ...rehomeAtMs.filter((ms) => ms > now()));
      const recutBetween = (afterMs: number, upToMs: number): string[] => desks.history.recutBetween(afterMs, upToMs);
      await rehomeCases(kysely, desk, { ...finder, recutBetween }, now());
      await arrivals.rehome();
      const shape = "arrivals whose span is over are deleted";
      const deleted = await arrivals.prune();
      const note = {
        account: null,
        purpose: null,
        kind: "write" as const,
        subject: null,
        shape,
        count: deleted,
        status: 200,
      };
      if (deleted > 0) await access.audit.append(note);
    }
  });
  return {
    access,
    cases: {
      desk,
      lists,
      kysely,
      now,
      attachments: new Attachments(join(dir, "attachments"), kysely),
      drivers: new DriverDesk({
        kysely,
        ledger,
        desk,
        lockCases,
        links: new DriverLinks(parts.secret),
        ruleOf: parts.ruleOf,
        hotline,
        arrivals,
        placesBelow: (parent) =>
          desks.history.childrenAt(parent ?? cityPlace, now()).map(({ id, name }) => {
            return { id, name, hasBelow: !desks.history.isLeafAt(id, now()) };
          }),
        now,
      }),
      arrivals: { register: arrivals, sources: await readSourceKeys(join(dir, "sources.json")), audit: access.audit },
      caseOfLock: async (lock) => {
        const row = await kysely.selectFrom("work_case").select("id").where("lock", "=", lock).executeTakeFirst();
        return row?.id ?? null;
      },
      readAs: (request, run) => readNoted(kysely, principalOf(request), request, run),
    },
    names,
    demoAccounts,
    close: async () => {
      notices.close();
      await ticking.end();
      await lockCases.close();
    },
  };
}

function placeFinder({ places }: PlaceDesk): PlaceFinder {
  return {
    findGridAt: (lon, lat, atMs) => places.findGridAt(lon, lat, atMs),
    getPath: (place, atMs) => places.getPath(place, atMs),
    nameOf: (place) => places.history.versionsOf(place).at(-1)?.name ?? place,
  };
}

/** @throws WuxingError CITY_INVALID when the city has no places yet */
function cityPlaceOf({ places }: PlaceDesk, atMs: number): string {
  const top = places.history.topsAt("civil", atMs)[0];
  if (top === undefined)
    throw new WuxingError("CITY_INVALID", "no places", [
      { where: "places", expected: "a civil tree of places (docs/places.md)" },
    ]);
  return top.id;
}

/** Where a vehicle was: its live position, or, of an instant that is past, the last fix before it. */
function subjectPosition({ tracks, watch }: OfficeParts): SubjectPosition {
  return async ({ kind, id }, atMs) => {
    const vehicle = kind === "vehicle" ? tracks.vehicles.find(id) : undefined;
    if (vehicle === undefined || vehicle >= watch.live.count) return null;
    const timeMs = watch.live.timeMs[vehicle]!;
    if (timeMs === -Infinity) return null;
    if (timeMs <= atMs + LIVE_SLACK_MS)
      return { lon: watch.live.lonE6[vehicle]! / 1e6, lat: watch.live.latE6[vehicle]! / 1e6, timeMs };
    const track = await tracks.track(vehicle, atMs - TRACK_BACK_MS, atMs);
    const last = track.length - 1;
    if (last < 0) return null;
    return { lon: track.lonE6[last]! / 1e6, lat: track.latE6[last]! / 1e6, timeMs: track.timeMs[last]! };
  };
}

/** Does something again and again, never twice at once; what fails is said and tried again. */
function tick(
  everyMs: number,
  log: OfficeParts["log"],
  run: (count: number) => Promise<void>,
): { end: () => Promise<void> } {
  let running: Promise<void> | null = null;
  let count = 0;
  const timer = setInterval(() => {
    running ??= run(count++)
      .catch((error: unknown) => log.warn({ error: String(error) }, "the cases' clock could not be wound"))
      .finally(() => {
        running = null;
      });
  }, everyMs);
  return {
    end: async () => {
      clearInterval(timer);
      await running;
    },
  };
}
