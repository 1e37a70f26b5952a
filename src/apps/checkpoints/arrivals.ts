import { isDeepStrictEqual } from "node:util";
import { sql, type Kysely, type Selectable } from "kysely";
import type { PlaceFinder } from "../../cases/ports.ts";
import { MoveTally, type BoundMove, type Reshaping } from "../../city/reshaping.ts";
import { toWgs84 } from "../../kernel/datum.ts";
import type { Arrival, ArrivalInput, ArrivalSource } from "../../model/arrival.ts";
import type { Bilingual } from "../../model/case.ts";
import { WuxingError } from "../../model/errors.ts";
import type { ArrivalTables } from "../../store/arrival-tables.ts";
import { newestFirst } from "../../store/cursor.ts";
import type { Tables } from "../../store/tables.ts";
import type { DeclaredDestination, DestinationFinder } from "./lock-placement.ts";

/** What keeps a telephone number unreadable in the database. */
interface ContactCipher {
  encrypt: (text: string, where: string) => string;
  decrypt: (kept: string, where: string) => string;
}

export interface ArrivalRegisterOptions {
  kysely: Kysely<Tables>;
  cipher: ContactCipher;
  places: PlaceFinder;
  /** Destinations outside the city are seen from here. */
  cityPlace: string;
  /** The city's clock, ms UTC. */
  now: () => number;
}

/** A declaration is about so much time before and after the arrival that it names, ms. */
const VALID_AROUND_MS = 24 * 3_600_000;
/** Nobody declares further ahead, ms. */
const AHEAD_MAX_MS = 30 * 24 * 3_600_000;

interface Said<Value> {
  value: Value;
  source: ArrivalSource;
  at: string;
}

/** Beside the columns. */
interface ArrivalBody {
  destination: Said<ArrivalInput["destination"]>;
  arriveAt: Said<string>;
  cargo: Said<string> | null;
  contact: Said<boolean> | null;
}

type ArrivalRow = Selectable<ArrivalTables["arrival"]>;
const SHOWN = ["id", "vehicle", "place", "from_ms", "to_ms", "declared_ms", "body"] as const;

/** Declared arrivals, each value with who said it and when, as long as they are about something. */
export class ArrivalRegister {
  readonly #options: ArrivalRegisterOptions;

  constructor(options: ArrivalRegisterOptions) {
    this.#options = options;
  }

  /**
   * Takes a declaration. From the same source again, what is different in it is changed and stamped anew.
   * @param vehicle its identity, where it is not made of a plate
   * @throws WuxingError INPUT_INVALID with what does not fit, FORBIDDEN when another source has declared under this id
   */
  async declare(
    input: ArrivalInput,
    source: ArrivalSource,
    vehicle = `${input.plate}_${input.plateColour}`,
  ): Promise<{ isNew: boolean; place: string | null }> {
    const { kysely } = this.#options;
    const nowMs = this.#options.now();
    const arriveMs = Date.parse(input.arriveAt);
    if (arriveMs + VALID_AROUND_MS <= nowMs || arriveMs > nowMs + AHEAD_MAX_MS)
      throw new WuxingError("INPUT_INVALID", input.id, [
        { where: "arriveAt", value: input.arriveAt, expected: "from a day ago to 30 days ahead" },
      ]);
    const { place, path } = this.#placeOf(input.destination, nowMs);
    const key = `${source.kind} ${source.name}`;
    return kysely.transaction().execute(async (transaction) => {
      // Two that send the same id at once are taken one after the other.
      await sql`select pg_advisory_xact_lock(hashtext(${`arrival ${input.id}`}))`.execute(transaction);
      const before = await transaction.selectFrom("arrival").selectAll().where("id", "=", input.id).executeTakeFirst();
      if (before !== undefined && before.source !== key)
        throw new WuxingError("FORBIDDEN", `${input.id} was declared by another source`);
      const known = before?.contact == null ? null : this.#options.cipher.decrypt(before.contact, whereOf(input.id));
      const isContactNew = input.contact !== undefined && input.contact !== known;
      const body = stamped(input, isContactNew, before?.body as ArrivalBody | undefined, source, nowMs);
      if (before !== undefined && isDeepStrictEqual(body, before.body)) return { isNew: false, place: before.place };
      const row = {
        id: input.id,
        vehicle,
        place,
        path,
        from_ms: arriveMs - VALID_AROUND_MS,
        to_ms: arriveMs + VALID_AROUND_MS,
        declared_ms: nowMs,
        source: key,
        body: JSON.stringify(body),
        contact: isContactNew
          ? this.#options.cipher.encrypt(input.contact!, whereOf(input.id))
          : (before?.contact ?? null),
      };
      await transaction
        .insertInto("arrival")
        .values(row)
        .onConflict((conflict) => conflict.column("id").doUpdateSet(row))
        .execute();
      return { isNew: true, place };
    });
  }

  /** What is declared, the latest said first; asked in the connection that is given, with its rights. */
  async list(
    database: Kysely<Tables>,
    page: { vehicle?: string | undefined; limit?: number | undefined; cursor?: string | undefined },
  ): Promise<{ items: Arrival[]; next: string | null }> {
    let query = database.selectFrom("arrival").select(SHOWN).where("to_ms", ">", this.#options.now());
    if (page.vehicle !== undefined) query = query.where("vehicle", "=", page.vehicle);
    const { rows, next } = await newestFirst(query, { ms: "declared_ms", id: "id" }, page, (row) => {
      return { ms: row.declared_ms, id: row.id };
    });
    return { items: rows.map((row) => this.#viewOf(row)), next };
  }

  /** The telephone number of a declaration that may be seen in the connection. @throws WuxingError ARRIVAL_NOT_FOUND */
  async contact(
    readAs: (run: (database: Kysely<Tables>) => Promise<boolean>) => Promise<boolean>,
    id: string,
  ): Promise<string | null> {
    const isSeen = await readAs(
      async (database) =>
        (await database.selectFrom("arrival").select("id").where("id", "=", id).executeTakeFirst()) !== undefined,
    );
    const row = isSeen
      ? await this.#options.kysely.selectFrom("arrival").select("contact").where("id", "=", id).executeTakeFirst()
      : undefined;
    if (row === undefined) throw new WuxingError("ARRIVAL_NOT_FOUND", id);
    return row.contact === null ? null : this.#options.cipher.decrypt(row.contact, whereOf(id));
  }

  /** Where vehicles are declared to go, for the cases of their locks; a point is looked up as the grids are now. */
  readonly destinationsOf: DestinationFinder = async (vehicles) => {
    const found = new Map<string, DeclaredDestination[]>();
    if (vehicles.length === 0) return found;
    const nowMs = this.#options.now();
    const rows = await this.#options.kysely
      .selectFrom("arrival")
      .selectAll()
      .where("vehicle", "in", vehicles)
      .orderBy("declared_ms", "desc")
      .orderBy("id")
      .execute();
    for (const row of rows) {
      const { destination } = row.body as ArrivalBody;
      const declared: DeclaredDestination = {
        arrival: row.id,
        place: this.#placeOf(destination.value, nowMs, false).place,
        text: this.#textOf(destination.value),
        source: sourceLabel(destination.source),
        saidMs: Date.parse(destination.at),
        fromMs: row.from_ms,
        toMs: row.to_ms,
      };
      found.set(row.vehicle, [...(found.get(row.vehicle) ?? []), declared]);
    }
    return found;
  };

  /** Where declared arrivals lead to with an operation on places instead, for its preview. */
  async moves({ places, leafAfter, pathAfter }: Reshaping): Promise<BoundMove[]> {
    if (places.length === 0) return [];
    const rows = await this.#options.kysely
      .selectFrom("arrival")
      .select(["place", "body"])
      .where("place", "in", places)
      .where("to_ms", ">", this.#options.now())
      .execute();
    const tally = new MoveTally();
    for (const { place: from, body } of rows) {
      const destination = (body as ArrivalBody).destination.value;
      const to =
        "place" in destination
          ? pathAfter(destination.place) === undefined
            ? null
            : destination.place
          : (leafAfter("civil", ...toWgs84(destination.datum, destination.lon, destination.lat)) ?? null);
      if (from !== null && to !== from) tally.add("arrival", from, to);
    }
    return tally.all();
  }

  /** Looks up anew what is declared to go to places that are not there any more or lie elsewhere. @returns how many moved */
  async rehome(): Promise<number> {
    const { kysely, now } = this.#options;
    const nowMs = now();
    const rows = await kysely.selectFrom("arrival").select(["id", "place", "path", "body"]).execute();
    let moved = 0;
    for (const { id, place, path, body } of rows) {
      const home = this.#placeOf((body as ArrivalBody).destination.value, nowMs, false);
      if (home.place === place && home.path === path) continue;
      await kysely.updateTable("arrival").set(home).where("id", "=", id).execute();
      moved++;
    }
    return moved;
  }

  /** Deletes what is about nothing any more. @returns how many were */
  async prune(): Promise<number> {
    const { numDeletedRows } = await this.#options.kysely
      .deleteFrom("arrival")
      .where("to_ms", "<=", this.#options.now())
      .executeTakeFirst();
    return Number(numDeletedRows);
  }

  /** @throws WuxingError INPUT_INVALID for a place that does not exist, when it `mustExist` */
  #placeOf(
    destination: ArrivalInput["destination"],
    atMs: number,
    mustExist = true,
  ): { place: string | null; path: string } {
    const { places, cityPlace } = this.#options;
    const cityPath = places.getPath(cityPlace, atMs);
    const outside = { place: null, path: cityPath };
    if ("place" in destination) {
      try {
        const path = places.getPath(destination.place, atMs);
        // Police and school districts are no places of cases.
        if (path.startsWith(cityPath)) return { place: destination.place, path };
      } catch (error) {
        if (!(error instanceof WuxingError)) throw error;
      }
      if (!mustExist) return outside;
      const expected = "a place of the city";
      throw new WuxingError("INPUT_INVALID", undefined, [
        { where: "destination.place", value: destination.place, expected },
      ]);
    }
    const [lon, lat] = toWgs84(destination.datum, destination.lon, destination.lat);
    const grid = places.findGridAt(lon, lat, atMs);
    return grid === undefined ? outside : { place: grid, path: places.getPath(grid, atMs) };
  }

  #textOf(destination: ArrivalInput["destination"]): string {
    return destination.address ?? ("place" in destination ? this.#options.places.nameOf(destination.place) : "");
  }

  #viewOf(row: Pick<ArrivalRow, (typeof SHOWN)[number]>): Arrival {
    const { id, vehicle, place, from_ms: fromMs, to_ms: toMs, body } = row;
    return {
      id,
      vehicle,
      place,
      placeName: place === null ? null : this.#options.places.nameOf(place),
      ...(body as ArrivalBody),
      validFrom: new Date(fromMs).toISOString(),
      validTo: new Date(toMs).toISOString(),
    };
  }
}

/** The values with their stamps: what is as it was keeps its own, what is not said any more stays. */
function stamped(
  input: ArrivalInput,
  isContactNew: boolean,
  old: ArrivalBody | undefined,
  source: ArrivalSource,
  nowMs: number,
): ArrivalBody {
  const at = new Date(nowMs).toISOString();
  const stamp = <Value>(value: Value, was: Said<Value> | null | undefined): Said<Value> =>
    was != null && isDeepStrictEqual(was.value, value) ? was : { value, source, at };
  return {
    destination: stamp(input.destination, old?.destination),
    arriveAt: stamp(new Date(input.arriveAt).toISOString(), old?.arriveAt),
    cargo: input.cargo === undefined ? (old?.cargo ?? null) : stamp(input.cargo, old?.cargo),
    contact: isContactNew ? { value: true, source, at } : (old?.contact ?? null),
  };
}

function whereOf(id: string): string {
  return `arrival ${id} contact`;
}

function sourceLabel({ kind, name }: ArrivalSource): Bilingual {
  return kind === "driver" ? { zh: "司机本人", en: "the driver" } : { zh: name, en: name };
}
