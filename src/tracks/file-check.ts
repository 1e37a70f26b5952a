import { stat } from "node:fs/promises";
import { join } from "node:path";
import { WuxingError } from "../model/errors.ts";
import { filesOf, fingerprint, type TrackFile } from "./run-writer.ts";
import { messageOf } from "./track-database.ts";
import type { VerifyReport } from "./track-port.ts";

/**
 * Finds at once whether a file is missing or cut short; other damage is found by `verifyFiles`, and by those who read it.
 *
 * @throws WuxingError DATA_UNREADABLE naming the file
 */
export async function checkFiles(filesDir: string, manifest: readonly TrackFile[]): Promise<void> {
  for (const { name, bytes } of manifest.flatMap(filesOf)) {
    const path = join(filesDir, name);
    const found = await stat(path).then(
      ({ size }) => `${size} bytes`,
      (error: unknown) => messageOf(error),
    );
    if (found === `${bytes} bytes`) continue;
    throw new WuxingError("DATA_UNREADABLE", path, [{ where: path, value: found, expected: `${bytes} bytes` }]);
  }
}

/** Reads every file and compares it with the manifest. */
export async function verifyFiles(filesDir: string, manifest: readonly TrackFile[]): Promise<VerifyReport> {
  const report: VerifyReport = { files: 0, bytes: 0, faults: [] };
  for (const { name, bytes, sha256 } of manifest.flatMap(filesOf)) {
    report.files++;
    report.bytes += bytes;
    const found = await fingerprint(join(filesDir, name)).then(
      (content) => `${content.bytes} bytes, sha256 ${content.sha256}`,
      (error: unknown) => messageOf(error),
    );
    const expected = `${bytes} bytes, sha256 ${sha256}`;
    if (found !== expected) report.faults.push({ file: name, expected, found });
  }
  return report;
}

/**
 * Which files are known to be damaged: those that a look at them before they are rewritten has found, and a slow walk
 * through all of them. What is damaged is never written anew, as if it were whole.
 */
export class FileHealth {
  /** Names of files that are not what the manifest says. */
  readonly damaged = new Set<string>();
  readonly #filesDir: string;
  /** The run that was looked at last. */
  #lastName = "";

  constructor(filesDir: string) {
    this.#filesDir = filesDir;
  }

  /** Looks at files before they are rewritten. @throws WuxingError DATA_UNREADABLE naming the first damaged one */
  async check(files: readonly TrackFile[]): Promise<void> {
    for (const file of files) await this.#look(file);
    const name = files.flatMap(filesOf).find((each) => this.damaged.has(each.name))?.name;
    if (name === undefined) return;
    const path = join(this.#filesDir, name);
    throw new WuxingError("DATA_UNREADABLE", path, [{ where: path, expected: "the content that was written" }]);
  }

  /** True when the file, its visits or its rests were found damaged. */
  isDamaged(file: TrackFile): boolean {
    return filesOf(file).some(({ name }) => this.damaged.has(name));
  }

  /** Looks at the next file of the walk, and forgets those that are no longer there. */
  async lookOn(manifest: readonly TrackFile[]): Promise<void> {
    const present = new Set(manifest.flatMap(filesOf).map(({ name }) => name));
    for (const name of this.damaged) if (!present.has(name)) this.damaged.delete(name);
    const names = manifest.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const next = names.find(({ name }) => name > this.#lastName) ?? names[0];
    if (next === undefined) return;
    this.#lastName = next.name;
    await this.#look(next);
  }

  /** A file that was restored is whole again. */
  async #look(file: TrackFile): Promise<void> {
    const { faults } = await verifyFiles(this.#filesDir, [file]);
    for (const { name } of filesOf(file)) this.damaged.delete(name);
    for (const { file: name } of faults) this.damaged.add(name);
  }
}
