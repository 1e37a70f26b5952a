import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { startJt809Forwarder, type Jt809Forwarder } from "../gateway/jt809-forwarder.ts";
import type { ForwardedTerminal } from "../gateway/jt809-forward-source.ts";
import type { GatewayLog } from "../gateway/limited-log.ts";
import type { Terminal } from "../gateway/terminal-register.ts";
import { WuxingError } from "../model/errors.ts";
import type { TrackStore } from "../tracks/track-store.ts";
import { agreementFields, readPlatforms } from "./lower-platforms.ts";

/** `forward.json` in the data folder: the platforms that get a copy of every fix over JT/T 809. */
const upperPlatformsSchema = z.array(
  z.strictObject({
    ...agreementFields,
    host: z.string().min(1),
    port: z.int().min(1).max(65_535),
    /** Identifies this platform in what is sent. */
    platformId: z.string().min(1).max(11),
    /** The address and port that the login states, where the upper platform can dial back. */
    subLink: z.strictObject({ address: z.string().min(1).max(32), port: z.int().min(0).max(65_535) }),
  }),
);

const SAVE_MS = 1000;

/**
 * Forwards every fix to the platforms in `forward.json` of the data folder, each from where it came to the last time (a new one from now
 * on). `findTerminal` knows the terminals that registered here. Resolves with what ends it.
 * @throws WuxingError CONFIG_INVALID, DATA_UNREADABLE, PORT_IN_USE
 */
export async function forwardToUpperPlatforms(
  dir: string,
  tracks: Pick<TrackStore, "replay" | "health" | "vehicles">,
  findTerminal: (phone: string) => Terminal | undefined,
  log: GatewayLog,
): Promise<{ forwarders: readonly Jt809Forwarder[]; close: () => Promise<void> }> {
  const platforms = await readPlatforms(join(dir, "forward.json"), upperPlatformsSchema);
  const closers: (() => Promise<void>)[] = [];
  const forwarders: Jt809Forwarder[] = [];
  const close = async (): Promise<void> => {
    for (const end of closers.toReversed()) await end();
  };
  try {
    for (const { host, port, platformId, subLink, cipher, ...agreement } of platforms) {
      const mark = new ForwardMark(join(dir, `forwarded-${agreement.accessCode}`));
      const from = Math.min((await mark.read()) ?? Infinity, tracks.health().position);
      const forwarder = await startJt809Forwarder({
        host,
        port,
        agreement: { ...agreement, ...(cipher === undefined ? {} : { cipher }) },
        subLink,
        platformId,
        source: {
          replay: (position, onBatch) => tracks.replay(position, onBatch),
          plateOf: (vehicle) => plateOf(tracks, vehicle),
          terminalOf: (vehicle) => terminalOf(findTerminal(tracks.vehicles.factsOf(vehicle)?.terminal ?? "")),
        },
        from,
        onForwarded: (position) => mark.set(position),
        pollMs: 500,
        log,
      });
      forwarders.push(forwarder);
      mark.start(from, log);
      closers.push(async () => {
        await forwarder.close();
        await mark.stop();
      });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { forwarders, close };
}

/** How far a platform has been told; written once a second, so that a crash repeats a second and loses nothing. */
class ForwardMark {
  readonly #path: string;
  #position = 0;
  #saved = 0;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<number | undefined> {
    try {
      const position = Number(await readFile(this.#path, "utf8"));
      if (Number.isInteger(position) && position >= 0) return position;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new WuxingError("DATA_UNREADABLE", this.#path, [], { cause: error });
    }
    throw new WuxingError("DATA_UNREADABLE", this.#path, [{ where: this.#path, expected: "a position in the log" }]);
  }

  set(position: number): void {
    this.#position = position;
  }

  start(from: number, log: GatewayLog): void {
    this.#position = from;
    this.#saved = -1;
    this.#timer = setInterval(() => {
      this.#saving = this.#saving
        .then(() => this.#save())
        .catch((error: unknown) => log.warn({ error }, "how far was forwarded could not be written"));
    }, SAVE_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#saving;
    await this.#save();
  }

  async #save(): Promise<void> {
    const position = this.#position;
    if (position === this.#saved) return;
    await writeFile(`${this.#path}.new`, String(position));
    await rename(`${this.#path}.new`, this.#path);
    this.#saved = position;
  }
}

function plateOf(
  { vehicles }: Pick<TrackStore, "vehicles">,
  vehicle: number,
): { plate: string; plateColour: number } | undefined {
  const facts = vehicles.factsOf(vehicle);
  if (facts === null || facts.plate === null || facts.plateColour === null) return undefined;
  return { plate: facts.plate, plateColour: facts.plateColour };
}

function terminalOf(terminal: Terminal | undefined): ForwardedTerminal | undefined {
  if (terminal === undefined) return undefined;
  const { manufacturerId: producerId, terminalModel, terminalId, phone: simCode } = terminal;
  return { producerId, terminalModel, terminalId, simCode };
}
