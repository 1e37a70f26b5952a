import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadCity } from "../src/city/city.ts";
import {
  cityAreaPropertiesSchema,
  cityFileSchema,
  countyPropertiesSchema,
  fleetFileSchema,
  gateSchema,
  roadPropertiesSchema,
  stopPropertiesSchema,
} from "../src/model/city.ts";

const text = await readFile("docs/city.md", "utf8");

function sectionOf(heading: string): string {
  const start = text.indexOf(`### ${heading}`);
  expect(start).toBeGreaterThan(0);
  return text.slice(start, text.indexOf("\n##", start + 1));
}

describe("docs/city.md", () => {
  it.each([
    ["`city.json`", cityFileSchema],
    ["Counties", countyPropertiesSchema],
    ["Gates", gateSchema],
    ["Risk areas", cityAreaPropertiesSchema],
    ["Roads", roadPropertiesSchema],
    ["Stops", stopPropertiesSchema],
    ["`fleet`", fleetFileSchema],
  ])("describes every field of %s", (heading, schema) => {
    const section = sectionOf(heading);
    for (const field of Object.keys(schema.shape)) expect(section).toContain(`\`${field}\``);
  });

  it("shows a whole city that can be started", async () => {
    const dir = await mkdtemp(join(tmpdir(), "wuxing-city-document-"));
    const example = text.slice(text.indexOf("## The smallest city"), text.indexOf("## Every file and field"));
    const blocks = [...example.matchAll(/```json\n(.*?)```/gsu)].map(([, block]) => block);
    const files = ["city.json", "counties.geojson", "gates.geojson", "areas.geojson"];
    expect(blocks).toHaveLength(files.length);
    for (const [i, file] of files.entries()) await writeFile(join(dir, file), blocks[i]);
    await writeFile(join(dir, "fence.geojson"), blocks[1]);
    const city = await loadCity(dir);
    expect(city).toMatchObject({ id: "sample", gates: [{ id: "west" }], areas: [{ id: "A-1", level: "high" }] });
    await rm(dir, { recursive: true });
  });
});
