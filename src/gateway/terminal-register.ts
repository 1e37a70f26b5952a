import { mkdir, open, readFile, rename, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { WuxingError } from "../model/errors.ts";
import type { TerminalStatus } from "../model/terminal.ts";
import { vehicleFactsOf } from "./vehicle-facts.ts";

/** A terminal as it registered. */
export interface Terminal {
  /** Its number, digits without leading zeros. */
  phone: string;
  plate: string;
  /** JT/T 415; 0 = no plate, `plate` is then the VIN. */
  plateColour: number;
  terminalId: string;
  terminalModel: string;
  manufacturerId: string;
  /** When it registered last, ms UTC. */
  registeredMs: number;
  /** When it registered first, and so since when it waits, ms UTC; absent where that was not noted yet. */
  firstRegisteredMs?: number;
  /** Where it registered from last; absent where that was not noted yet. */
  address?: string;
  status: TerminalStatus;
  /** Raised to revoke its authentication code. */
  codeGeneration: number;
}

/**
 * The terminals that ever registered, in memory and, when it has a file, on disk: one JSON line a change, appended and
 * synced before `save` resolves. A terminal that reconnects sends only its code, so what it said at its registration has
 * to survive a restart.
 */
export class TerminalRegister {
  readonly #terminals: Map<string, Terminal>;
  readonly #file: FileHandle | undefined;
  /** Phones by vehicle. */
  readonly #ofVehicle = new Map<string, Set<string>>();
  #waitingTerminals = 0;
  /** What is on its way to the disk, the latest of each phone. */
  readonly #underWay = new Map<string, Terminal>();
  #waiting: { line: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  #writing: Promise<void> | undefined;

  constructor(terminals: Map<string, Terminal> = new Map(), file?: FileHandle) {
    this.#terminals = terminals;
    this.#file = file;
    for (const terminal of terminals.values()) this.#note(terminal);
  }

  get size(): number {
    return this.#terminals.size;
  }

  /** How many wait for a person's approval. */
  get waiting(): number {
    return this.#waitingTerminals;
  }

  find(phone: string): Terminal | undefined {
    return this.#terminals.get(phone);
  }

  /** As it will be when all that is being written is on disk: a change builds on that, or it would undo another. */
  findNewest(phone: string): Terminal | undefined {
    return this.#underWay.get(phone) ?? this.#terminals.get(phone);
  }

  /** Terminals that registered for a vehicle, the latest first. */
  ofVehicle(vehicle: string): Terminal[] {
    const phones = [...(this.#ofVehicle.get(vehicle) ?? [])];
    const terminals = phones.flatMap((phone) => this.#terminals.get(phone) ?? []);
    return terminals.toSorted((a, b) => b.registeredMs - a.registeredMs);
  }

  /** In the order in which they became known, which none ever leaves. */
  all(): Iterable<Terminal> {
    return this.#terminals.values();
  }

  /**
   * Keeps a terminal; resolves when it is on disk. Callers at the same time share one write.
   * @throws WuxingError STORE_UNAVAILABLE when it cannot be written; it is then not kept.
   */
  async save(terminal: Terminal): Promise<void> {
    if (this.#file !== undefined) {
      this.#underWay.set(terminal.phone, terminal);
      try {
        await new Promise<void>((resolve, reject) => {
          this.#waiting.push({ line: `${JSON.stringify(terminal)}\n`, resolve, reject });
          this.#writing ??= this.#write(this.#file).finally(() => (this.#writing = undefined));
        });
      } finally {
        if (this.#underWay.get(terminal.phone) === terminal) this.#underWay.delete(terminal.phone);
      }
    }
    const before = this.#terminals.get(terminal.phone);
    if (before !== undefined) {
      this.#ofVehicle.get(vehicleOf(before))?.delete(before.phone);
      if (before.status === "waiting") this.#waitingTerminals--;
    }
    this.#terminals.set(terminal.phone, terminal);
    this.#note(terminal);
  }

  #note(terminal: Terminal): void {
    if (terminal.status === "waiting") this.#waitingTerminals++;
    const vehicle = vehicleOf(terminal);
    const phones = this.#ofVehicle.get(vehicle);
    if (phones === undefined) this.#ofVehicle.set(vehicle, new Set([terminal.phone]));
    else phones.add(terminal.phone);
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
  }

  async #write(file: FileHandle | undefined): Promise<void> {
    while (file !== undefined && this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await file.appendFile(group.map(({ line }) => line).join(""));
        await file.datasync();
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) {
          reject(new WuxingError("STORE_UNAVAILABLE", "the register of terminals", [], { cause: error }));
        }
      }
    }
  }
}

/**
 * Opens the register at `path` (made when absent) and tidies it: one line a terminal, in the order of their first
 * registration. A last line that a crash cut short is left out.
 * @throws WuxingError DATA_UNREADABLE when the file cannot be read or written, or a line in its middle is no terminal.
 */
export async function openTerminalRegister(path: string): Promise<TerminalRegister> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    const { terminals, stale } = parse(text, path);
    if (stale) await rewrite(path, terminals);
    return new TerminalRegister(terminals, await open(path, "a"));
  } catch (error) {
    if (error instanceof WuxingError) throw error;
    throw new WuxingError("DATA_UNREADABLE", path, [], { cause: error });
  }
}

function vehicleOf(terminal: Terminal): string {
  return vehicleFactsOf(terminal.phone, terminal).vehicle;
}

function parse(text: string, path: string): { terminals: Map<string, Terminal>; stale: boolean } {
  const terminals = new Map<string, Terminal>();
  const lines = text.split("\n");
  const unfinished = lines.pop() ?? "";
  for (const [at, line] of lines.entries()) {
    const terminal = parseLine(line);
    if (terminal === undefined) {
      throw new WuxingError("DATA_UNREADABLE", path, [
        { where: `line ${at + 1}`, value: line.slice(0, 100), expected: "a terminal as JSON" },
      ]);
    }
    terminals.set(terminal.phone, terminal);
  }
  return { terminals, stale: unfinished !== "" || lines.length > terminals.size };
}

function parseLine(line: string): Terminal | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isTerminal(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isTerminal(value: unknown): value is Terminal {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map(Object.entries(value));
  const isText = (name: string): boolean => typeof fields.get(name) === "string";
  return isText("phone") && isText("plate") && isText("status") && Number.isInteger(fields.get("codeGeneration"));
}

async function rewrite(path: string, terminals: Map<string, Terminal>): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w");
  try {
    for (const terminal of terminals.values()) await file.write(`${JSON.stringify(terminal)}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
