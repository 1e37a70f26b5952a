import type { DuckDBAppender, DuckDBConnection } from "@duckdb/node-api";
import { WuxingError } from "../model/errors.ts";

/** What a terminal said about its vehicle when it registered. */
export interface VehicleFacts {
  plate: string | null;
  /** JT/T 697.7 plate colour, null when not given. */
  plateColour: number | null;
  /** Terminal phone number or id. */
  terminal: string | null;
}

/**
 * Vehicle id (as in the protocols and the API, e.g. `豫G12345_2`) ↔ dense number from 0, as in the columns of a
 * `FixBatch`. A number never changes and is never given to another vehicle; it is durable before, or together with,
 * the first fix that uses it.
 */
export interface VehicleDictionary {
  readonly count: number;
  /**
   * The vehicle's number; a new one when the id is not known yet. Facts that differ from the known ones replace them,
   * all three together (three nulls say nothing and change nothing), and are made durable with the next commit. From memory, safe for every frame.
   *
   * @throws WuxingError INPUT_INVALID when the id is empty or longer than 64 characters.
   * @throws WuxingError OVERLOADED when 4,000,000 vehicles are known.
   */
  numberOf(id: string, facts?: VehicleFacts): number;
  /** The number of a known vehicle, undefined otherwise. */
  find(id: string): number | undefined;
  /** @throws WuxingError VEHICLE_NOT_FOUND */
  idOf(vehicle: number): string;
  /** Null when nothing was said. @throws WuxingError VEHICLE_NOT_FOUND */
  factsOf(vehicle: number): VehicleFacts | null;
}

/** One row of the dictionary as it is stored; of several rows with one number the last one counts. */
export interface VehicleRow {
  vehicle: number;
  id: string;
  facts: VehicleFacts | null;
}

const ID_LENGTH_MAX = 64;
const VEHICLES_MAX = 4_000_000;

/** The dictionary in memory, with the rows that still have to be made durable. */
export class StoredVehicles implements VehicleDictionary {
  private readonly numbers = new Map<string, number>();
  private readonly ids: string[] = [];
  private readonly facts: (VehicleFacts | null)[] = [];
  /** Numbers whose row is new or has changed since it was taken last. */
  private changed = new Set<number>();
  private readonly onChange: () => void;

  /** `rows` in the order in which they were stored; `onChange` is called when there is something to store. */
  constructor(rows: Iterable<VehicleRow>, onChange: () => void) {
    this.onChange = onChange;
    for (const { vehicle, id, facts } of rows) {
      this.numbers.set(id, vehicle);
      this.ids[vehicle] = id;
      this.facts[vehicle] = facts;
    }
  }

  get count(): number {
    return this.ids.length;
  }

  numberOf(id: string, facts?: VehicleFacts): number {
    let vehicle = this.numbers.get(id);
    const said = facts !== undefined && (facts.plate !== null || facts.plateColour !== null || facts.terminal !== null);
    if (vehicle === undefined) {
      vehicle = this.add(id);
    } else if (!said || sameFacts(this.facts[vehicle], facts)) {
      return vehicle;
    }
    if (said) {
      this.facts[vehicle] = { plate: facts.plate, plateColour: facts.plateColour, terminal: facts.terminal };
    }
    this.changed.add(vehicle);
    this.onChange();
    return vehicle;
  }

  find(id: string): number | undefined {
    return this.numbers.get(id);
  }

  idOf(vehicle: number): string {
    const id = this.ids[vehicle];
    if (id === undefined) throw new WuxingError("VEHICLE_NOT_FOUND", `number ${vehicle} of ${this.ids.length}`);
    return id;
  }

  factsOf(vehicle: number): VehicleFacts | null {
    this.idOf(vehicle);
    return this.facts[vehicle];
  }

  get hasChanges(): boolean {
    return this.changed.size > 0;
  }

  /** The rows to store next, in ascending order of their numbers; give them back when they could not be stored. */
  takeChanges(): VehicleRow[] {
    const vehicles = [...this.changed].toSorted((a, b) => a - b);
    this.changed = new Set();
    return vehicles.map((vehicle) => ({ vehicle, id: this.ids[vehicle], facts: this.facts[vehicle] }));
  }

  giveBack(rows: readonly VehicleRow[]): void {
    for (const { vehicle } of rows) this.changed.add(vehicle);
  }

  private add(id: string): number {
    if (id.length === 0 || id.length > ID_LENGTH_MAX) {
      throw new WuxingError("INPUT_INVALID", "vehicle id", [
        { where: "vehicle", value: id.slice(0, 100), expected: `1 to ${ID_LENGTH_MAX} characters` },
      ]);
    }
    const vehicle = this.ids.length;
    if (vehicle >= VEHICLES_MAX) throw new WuxingError("OVERLOADED", `${VEHICLES_MAX} vehicles are known already`);
    this.numbers.set(id, vehicle);
    this.ids.push(id);
    this.facts.push(null);
    return vehicle;
  }
}

function sameFacts(a: VehicleFacts | null, b: VehicleFacts): boolean {
  return a !== null && a.plate === b.plate && a.plateColour === b.plateColour && a.terminal === b.terminal;
}

/** Adds rows to the table of vehicles, in the caller's transaction. */
export async function storeVehicles(connection: DuckDBConnection, rows: readonly VehicleRow[]): Promise<void> {
  if (rows.length === 0) return;
  const appender = await connection.createAppender("vehicle");
  for (const { vehicle, id, facts } of rows) {
    appender.appendUInteger(vehicle);
    appender.appendVarchar(id);
    appendOrNull(appender, facts?.plate, (text) => appender.appendVarchar(text));
    appendOrNull(appender, facts?.plateColour, (colour) => appender.appendInteger(colour));
    appendOrNull(appender, facts?.terminal, (text) => appender.appendVarchar(text));
    appender.endRow();
  }
  appender.closeSync();
}

/** The rows of all vehicles, ascending by number. */
export async function loadVehicles(connection: DuckDBConnection): Promise<VehicleRow[]> {
  const result = await connection.runAndReadAll(
    `SELECT vehicle, id, plate, plate_colour, terminal FROM vehicle
     QUALIFY row_number() OVER (PARTITION BY vehicle ORDER BY rowid DESC) = 1 ORDER BY vehicle`,
  );
  const rows = result.getRows() as [number, string, string | null, number | null, string | null][];
  return rows.map(([vehicle, id, plate, plateColour, terminal]) => {
    const said = plate !== null || plateColour !== null || terminal !== null;
    return { vehicle, id, facts: said ? { plate, plateColour, terminal } : null };
  });
}

function appendOrNull<T>(appender: DuckDBAppender, value: T | null | undefined, append: (value: T) => void): void {
  if (value === null || value === undefined) appender.appendNull();
  else append(value);
}
