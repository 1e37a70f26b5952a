import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cells, squareCity } from "../city/square-city-for-tests.ts";
import { placesCommand } from "./places-command.ts";

let dir: string;
let out: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-cli-places-"));
  out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  rmSync(dir, { recursive: true, force: true });
});

const places = (...args: string[]): Promise<unknown> =>
  placesCommand()
    .exitOverride()
    .parseAsync([...args, "--data", join(dir, "data")], { from: "user" });

function write(name: string, without: string[] = []): string {
  const features = squareCity().flatMap((change) => {
    if (change.op !== "create" || without.includes(change.id)) return [];
    const { id, kind, name: called, parent, geometry = id === "X" ? cells(0, 0, 8, 4) : null } = change;
    return [{ type: "Feature", properties: { id, kind, name: called, parent }, geometry }];
  });
  const path = join(dir, name);
  writeFileSync(path, JSON.stringify({ type: "FeatureCollection", features }));
  return path;
}

test("a file of places is read whole, or refused with the place and size of what is missing; then checked", async () => {
  const holes = write("holes.geojson", ["g12"]);
  await expect(places("import", holes, "--datum", "wgs84", "--from", "2025-01-01")).rejects.toMatchObject({
    code: "CITY_INVALID",
    problems: [
      {
        where: expect.stringMatching(/^holes\.geojson: places .*g11/),
        value: expect.stringMatching(/^10\d{5} m² at 114\.015, 35\.025$/),
        expected: expect.stringContaining("every part of the city in a place"),
      },
    ],
  });
  await places("check", "--at", "2025-06-01");
  expect(out).toContain("2025-06-01: 0 个网格");
  expect(process.exitCode).toBe(1);

  process.exitCode = 0;
  await places("import", write("whole.geojson"), "--datum", "wgs84", "--from", "2025-01-01");
  expect(out).toMatch(/whole\.geojson: 39 .*places, 2025-01-01/);
  await places("check", "--at", "2025-06-01");
  expect(out).toMatch(/2025-06-01: 32 .*leaves, 0 .*faults/);
  expect(process.exitCode).toBe(0);
}, 240_000);

test("a file that is no GeoJSON of places is refused with its fault", async () => {
  const path = join(dir, "wrong.geojson");
  writeFileSync(
    path,
    JSON.stringify({
      type: "FeatureCollection",
      features: [{ type: "Feature", properties: { id: "a/b" }, geometry: null }],
    }),
  );
  await expect(places("import", path, "--datum", "wgs84", "--from", "2025-01-01")).rejects.toMatchObject({
    problems: expect.arrayContaining([
      expect.objectContaining({ where: "wrong.geojson: features[0].properties.id", value: "a/b" }),
    ]),
  });
});
