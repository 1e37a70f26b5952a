import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { WuxingError } from "../model/errors.ts";
import { syncPath } from "./run-writer.ts";
import { messageOf } from "./track-database.ts";
import type { TrackStep } from "./track-port.ts";

export interface Snapshot {
  /** All of the log before it is in the state; `replay(position)` gives the rest. */
  position: number;
  state: Uint8Array;
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** The newest, and one before it for the case that the newest turns out to be damaged. */
const KEPT = 2;
const DIGEST_BYTES = 32;

/** Files `NAME-POSITION.snapshot`: a SHA-256 of the state, then the state. */
export class Snapshots {
  private readonly dir: string;
  private readonly onStep: (step: TrackStep) => void;
  /** Saves stand in a line: each sees the files of the one before. */
  private saving: Promise<unknown> = Promise.resolve();

  constructor(dir: string, onStep: (step: TrackStep) => void) {
    this.dir = dir;
    this.onStep = onStep;
  }

  /**
   * Resolves when the state is on disk. The one before the last of this name is kept, older ones are removed.
   *
   * @param name lower-case letters, digits and hyphens, at most 32
   * @throws WuxingError STORE_UNAVAILABLE when it could not be written: the ones before it stand.
   */
  save(name: string, { position, state }: Snapshot): Promise<void> {
    checkName(name);
    const saved = this.saving.then(() => this.write(name, position, state));
    this.saving = saved.catch(() => {});
    return saved;
  }

  /** The newest undamaged one of a name, null when there is none. */
  async load(name: string): Promise<Snapshot | null> {
    checkName(name);
    for (const { file, position } of await this.filesOf(name)) {
      const content = await readFile(join(this.dir, file));
      const state = content.subarray(DIGEST_BYTES);
      if (digestOf(state).equals(content.subarray(0, DIGEST_BYTES))) return { position, state };
    }
    return null;
  }

  private async write(name: string, position: number, state: Uint8Array): Promise<void> {
    const path = join(this.dir, `${name}-${position}.snapshot`);
    try {
      await mkdir(this.dir, { recursive: true });
      {
        await using handle = await open(`${path}.new`, "w");
        await handle.writeFile(digestOf(state));
        await handle.writeFile(state);
        await handle.sync();
      }
      this.onStep("snapshot written");
      await rename(`${path}.new`, path);
      await syncPath(this.dir);
    } catch (error) {
      await rm(`${path}.new`, { force: true }).catch(() => {});
      throw new WuxingError("STORE_UNAVAILABLE", messageOf(error), [], { cause: error });
    }
    for (const { file } of (await this.filesOf(name)).slice(KEPT)) await rm(join(this.dir, file), { force: true });
  }

  /** Newest first. */
  private async filesOf(name: string): Promise<{ file: string; position: number }[]> {
    const files = await readdir(this.dir).catch(() => []);
    const found: { file: string; position: number }[] = [];
    for (const file of files) {
      const match = /^(.+)-(\d+)\.snapshot$/.exec(file);
      if (match?.[1] === name) found.push({ file, position: Number(match[2]) });
    }
    return found.toSorted((a, b) => b.position - a.position);
  }
}

function digestOf(state: Uint8Array): Buffer {
  return createHash("sha256").update(state).digest();
}

function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new WuxingError("INPUT_INVALID", "name of a snapshot", [
    { where: "name", value: name.slice(0, 100), expected: "lower-case letters, digits and hyphens, at most 32" },
  ]);
}
