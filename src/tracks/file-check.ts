import { stat } from "node:fs/promises";
import { join } from "node:path";
import { WuxingError } from "../model/errors.ts";
import { fingerprint, type TrackFile } from "./run-writer.ts";
import { messageOf } from "./track-database.ts";
import type { VerifyReport } from "./track-port.ts";

/**
 * Finds at once whether a file is missing or cut short; other damage is found by `verifyFiles`, and by those who read it.
 *
 * @throws WuxingError DATA_UNREADABLE naming the file
 */
export async function checkFiles(filesDir: string, manifest: readonly TrackFile[]): Promise<void> {
  for (const { name, bytes } of manifest.flatMap(bothOf)) {
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
  for (const { name, bytes, sha256 } of manifest.flatMap(bothOf)) {
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

function bothOf(file: TrackFile): { name: string; bytes: number; sha256: string }[] {
  return [
    { name: file.name, bytes: file.bytes, sha256: file.sha256 },
    { name: file.visitsName, bytes: file.visitsBytes, sha256: file.visitsSha256 },
  ];
}
