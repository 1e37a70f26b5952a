import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { tracksCommand } from "./tracks-command.ts";

let dir: string;
let out: string;
let err: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-cli-tracks-"));
  out = err = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
  rmSync(dir, { recursive: true, force: true });
});

const tracks = (...args: string[]): Promise<unknown> =>
  tracksCommand()
    .exitOverride()
    .parseAsync([...args, "--data", join(dir, "data")], { from: "user" });

test("tracks are imported, verified, exported and backed up", async () => {
  const csv = join(dir, "fixes.csv");
  writeFileSync(
    csv,
    "vehicle,time,lon,lat\n豫G1_2,2021-11-06T12:00:00+08:00,113.9,35.3\n豫G1_2,2021-11-06T12:00:30+08:00,113.91,35.3\n豫G2_2,2021-11-06T12:00:30+08:00,200,35.3\n",
  );
  await tracks("import", csv, "--datum", "wgs84");
  expect(out).toMatch(/1 .*files, 1 .*vehicles, 2 .*fixes, 1 .*rows rejected/);
  expect(err).toContain(`${csv}:4: lon "200"`);
  expect(process.exitCode).toBe(1);

  process.exitCode = 0;
  await tracks("verify");
  expect(out).toMatch(/3 .*files, \d+ bytes, 0 .*damaged/);

  const geojson = join(dir, "some.geojson");
  await tracks("export", geojson, "--vehicle", "豫G1_2", "--from", "2021-11-06T04:00:30Z", "--to", "1636171260000");
  expect(JSON.parse(readFileSync(geojson, "utf8"))).toMatchObject({
    features: [{ geometry: { type: "Point", coordinates: [113.91, 35.3] } }],
  });

  await tracks("backup", join(dir, "backup"));
  expect(readdirSync(join(dir, "backup", "tracks", "files"))).toHaveLength(3);
  expect(process.exitCode).toBe(0);
});

test("a damaged file is named, and the command fails", async () => {
  const csv = join(dir, "fixes.csv");
  writeFileSync(csv, "vehicle,time,lon,lat\na,2021-11-06T12:00:00Z,113.9,35.3\n");
  await tracks("import", csv, "--datum", "gcj02");
  const files = join(dir, "data", "tracks", "files");
  const [name = ""] = readdirSync(files);
  const content = readFileSync(join(files, name));
  content[10] ^= 1;
  writeFileSync(join(files, name), content);
  await tracks("verify");
  expect(err).toContain(name);
  expect(process.exitCode).toBe(1);
});

test.each([
  [["import", "x.csv"], "--datum"],
  [["export", "x.csv", "--from", "yesterday"], "epoch ms"],
  [["export", "x.csv", "--from", "2021-11-06T12:00:00"], "epoch ms"],
  [["export", "x.csv", "--format", "kml"], "geojson"],
])("%j is refused, saying what was expected", async (args, expected) => {
  await expect(tracks(...args)).rejects.toThrow(/./u);
  expect(err).toContain(expected);
});

test("a file whose ending says no format is refused", async () => {
  await expect(tracks("export", "x.kml")).rejects.toMatchObject({
    code: "INPUT_INVALID",
    problems: [{ where: "--format" }],
  });
});

test("a vehicle that is not known is refused by its id", async () => {
  await expect(tracks("export", join(dir, "x.csv"), "--vehicle", "豫G9_2")).rejects.toMatchObject({
    code: "VEHICLE_NOT_FOUND",
    message: expect.stringContaining("豫G9_2") as string,
  });
});
