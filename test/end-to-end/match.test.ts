import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder, wuxing } from "./program.ts";

const AREAS = "test/data/areas.geojson";
const TRACKS = "test/data/tracks.csv";

describe("wuxing match", () => {
  it("writes one JSON object a line, sorted by vehicle, start and area", async () => {
    const { code, stdout } = await wuxing(["match", "--tracks", TRACKS, "--areas", AREAS]);
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync("test/data/exposures.ndjson", "utf8"));
    expect(stdout.split("\n")[0]).toMatch(
      /^\{"vehicle":"豫G00001_2","area":"yard","start":"2022-05-10T02:03:37\.\d{3}Z","end":"[^"]+Z","exposedAt":"[^"]+Z","durationS":[\d.]+,"minDistanceM":[\d.]+,"certainty":"observed"\}$/u,
    );
  });

  it("matches the good rows, and puts the bad ones with line, field, value and reason into --rejects", async () => {
    const folder = await temporaryFolder();
    const lines = readFileSync(TRACKS, "utf8").trimEnd().split("\n");
    lines.splice(10, 0, "豫G00001_2,yesterday,113.9,35.3,0", "豫G00001_2,2022-05-10T02:05:00Z,213.9,35.3,0");
    await writeFile(join(folder, "tracks.csv"), lines.join("\n"));
    const args = [
      "match",
      "--tracks",
      join(folder, "tracks.csv"),
      "--areas",
      AREAS,
      "--rejects",
      join(folder, "rejects"),
    ];
    const { code, stdout, stderr } = await wuxing(args);
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync("test/data/exposures.ndjson", "utf8"));
    expect(stderr).toContain("2 行未取 / rows rejected");
    const rejects = readFileSync(join(folder, "rejects"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(rejects).toMatchObject([
      { line: 11, field: "time", value: "yesterday", expected: expect.any(String) },
      { line: 12, field: "lon", value: "213.9", expected: expect.any(String) },
    ]);
  });

  it("finds others when the areas are said to be in GCJ-02, half a kilometre away", async () => {
    const { stdout } = await wuxing(["match", "--tracks", TRACKS, "--areas", AREAS, "--areas-crs", "gcj02"]);
    expect(stdout).not.toBe(readFileSync("test/data/exposures.ndjson", "utf8"));
    expect(JSON.parse(stdout.split("\n")[0])).toMatchObject({
      vehicle: "豫G00001_2",
      minDistanceM: expect.closeTo(0, -3),
    });
  });

  it("takes the rule's numbers from a file", async () => {
    const rule = join(await temporaryFolder(), "rule.json");
    await writeFile(rule, '{"dwellMs": 2400000}');
    const { stdout } = await wuxing(["match", "--tracks", TRACKS, "--areas", AREAS, "--rule", rule]);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { vehicle: string }).vehicle),
    ).toEqual(["豫G00003_2"]);
  });

  it.each([
    [
      "a broken ring",
      '{"type":"Polygon","coordinates":[[[113,35],[113.1,35],[113.1,35.1],[113,35.1]]]}',
      "",
      "features[0].geometry.coordinates[0]",
    ],
    [
      "a to before its from",
      '{"type":"Point","coordinates":[113,35]}',
      ',"from":"2022-05-02T00:00:00Z","to":"2022-05-01T00:00:00Z"',
      "bad.to",
    ],
    ["longitude and latitude swapped", '{"type":"Point","coordinates":[35,113]}', "", "features[0].geometry"],
  ])("refuses areas with %s whole, with the place, and ends with 1", async (_, geometry, properties, where) => {
    const areas = join(await temporaryFolder(), "areas.geojson");
    await writeFile(
      areas,
      `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"bad","level":"high"${properties}},"geometry":${geometry}}]}`,
    );
    const { code, stdout, stderr } = await wuxing(["match", "--tracks", TRACKS, "--areas", areas]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("AREA_INVALID");
    expect(stderr).toContain(where);
  });

  it("ends with 1 for a file that is not there and with 2 for an unknown datum", async () => {
    expect(await wuxing(["match", "--tracks", "nowhere.csv", "--areas", AREAS])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("nowhere.csv"),
    });
    expect((await wuxing(["match", "--tracks", TRACKS, "--areas", AREAS, "--crs", "mars"])).code).toBe(2);
  });
});

const FRAMES = "../shared/data/jt808/frames.json";

describe("wuxing decode", () => {
  it("answers every line in order, valid or not", async () => {
    const heartbeat = "7e0002400001000000000139123456780001727e";
    const { code, stdout } = await wuxing(["decode", "jt808"], `${heartbeat}\nnonsense\n\n${heartbeat}\n`);
    expect(code).toBe(0);
    const answers = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(answers).toMatchObject([
      { valid: true, messageIdHex: "0x0002", version: "2019", phone: "13912345678" },
      { valid: false, reason: "not hexadecimal" },
      { valid: true },
    ]);
  });

  it.skipIf(!existsSync(FRAMES))(
    "reads every frame of real devices as the independent decode does (../shared)",
    async () => {
      const frames = JSON.parse(readFileSync(FRAMES, "utf8")) as { hex: string }[];
      const { stdout } = await wuxing(["decode", "jt808"], frames.map(({ hex }) => hex).join("\n"));
      const decoded = join(await temporaryFolder(), "decoded.ndjson");
      await writeFile(decoded, stdout);
      const judged = execFileSync(process.execPath, ["../shared/tools/check-decoding.mjs", FRAMES, decoded], {
        encoding: "utf8",
      });
      expect(judged).toContain(`${frames.length} frames, ${frames.length} right, 0 wrong`);
    },
  );
});
