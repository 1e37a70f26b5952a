import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { WuxingError } from "../model/errors.ts";
import { readNumber, readTimeMs } from "./field-text.ts";
import type { RowIntake } from "./row-intake.ts";
import { XmlTags, type XmlTagSink } from "./xml-tags.ts";

/**
 * Reads the track points of a GPX 1.0 or 1.1 file into `intake`. The vehicle is the name of the track (`trk/name`, which
 * the schema puts before its points), or the name of the file where it has none. `speed` (m/s) and `course` are taken
 * where they stand, in GPX 1.0 or in an extension.
 *
 * @throws WuxingError INPUT_INVALID when the file is no GPX or breaks off
 */
export async function readGpxFixes(path: string, intake: RowIntake, onBytes: (bytes: number) => void): Promise<void> {
  const file = createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 18 });
  const points = new TrackPoints(basename(path).replace(/\.[^.]*$/, ""), intake);
  const tags = new XmlTags(points);
  try {
    for await (const text of file) {
      tags.push(text as string);
      onBytes(file.bytesRead);
    }
    tags.end();
    if (!points.isGpx) throw new Error("there is no gpx element");
  } catch (error) {
    const place = `${path}, line ${tags.line}`;
    throw new WuxingError("INPUT_INVALID", `${place}: ${(error as Error).message}`, [
      { where: place, expected: "a whole GPX 1.0 or 1.1 file" },
    ]);
  } finally {
    file.destroy();
  }
}

class TrackPoints implements XmlTagSink {
  isGpx = false;
  readonly #fileName: string;
  readonly #intake: RowIntake;
  #vehicle: string;
  #point: { line: number; lat: string; lon: string; time: string; speed: string; course: string } | null = null;
  #inTrackHead = false;

  constructor(fileName: string, intake: RowIntake) {
    this.#fileName = fileName;
    this.#vehicle = fileName;
    this.#intake = intake;
  }

  open(name: string, attributes: string, line: number): void {
    if (name === "gpx") this.isGpx = true;
    else if (name === "trk") {
      this.#vehicle = this.#fileName;
      this.#inTrackHead = true;
    } else if (name === "trkseg") this.#inTrackHead = false;
    else if (name === "trkpt") {
      const [lat, lon] = [attributeOf(attributes, "lat"), attributeOf(attributes, "lon")];
      this.#point = { line, lat, lon, time: "", speed: "", course: "" };
    }
  }

  close(name: string, text: string): void {
    if (this.#point === null) {
      if (name === "name" && this.#inTrackHead && text.trim() !== "") this.#vehicle = text.trim();
    } else if (name === "time" || name === "speed" || name === "course") this.#point[name] = text.trim();
    else if (name === "trkpt") this.#finishPoint();
  }

  #finishPoint(): void {
    const { line, lat, lon, time, speed, course } = this.#point!;
    this.#point = null;
    const raw = [this.#vehicle, time, lon, lat];
    const bytes = Buffer.from(time);
    const timeMs = readTimeMs(bytes, 0, bytes.length);
    this.#intake.add(
      line,
      this.#vehicle,
      timeMs,
      number(lon),
      number(lat),
      3.6 * number(speed),
      number(course),
      (column) => raw[column] ?? "",
    );
  }
}

function number(text: string): number {
  const bytes = Buffer.from(text);
  return readNumber(bytes, 0, bytes.length);
}

function attributeOf(attributes: string, name: string): string {
  return new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes)?.slice(1).find(Boolean) ?? "";
}
