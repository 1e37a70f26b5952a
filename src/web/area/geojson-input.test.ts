import { describe, expect, it } from "vitest";
import { shapesIn, shownInWgs84 } from "./geojson-input.ts";

const point = { type: "Point", coordinates: [113.9, 35.3] };

describe("a GeoJSON text", () => {
  it.each([
    ["a geometry", point],
    ["a feature", { type: "Feature", geometry: point, properties: null }],
    ["a collection", { type: "FeatureCollection", features: [{ type: "Feature", geometry: point, properties: {} }] }],
  ])("that is %s holds its shape", (_, value) => {
    expect(shapesIn(JSON.stringify(value))).toEqual([{ geometry: point }]);
  });

  it("hands over id, name and level of each feature, and nothing else", () => {
    const feature = (properties: object) => ({ type: "Feature", geometry: point, properties });
    const text = JSON.stringify({
      type: "FeatureCollection",
      features: [feature({ id: 7, name: "甲", level: "high", owner: "x" }), feature({ level: "low" })],
    });
    expect(shapesIn(text)).toEqual([{ geometry: point, id: "7", name: "甲", level: "high" }, { geometry: point }]);
  });

  it.each([
    "",
    "{",
    "[]",
    "3",
    "null",
    '{"type":"Point"}',
    '{"type":"FeatureCollection","features":[]}',
    '{"type":"Feature","geometry":null}',
  ])("%j holds none", (text) => {
    expect(shapesIn(text)).toBeNull();
  });
});

describe("a shape in another datum", () => {
  it("is shown where it is in WGS-84, and is itself left as it was", () => {
    const given = { type: "Point" as const, coordinates: [113.9, 35.3] };
    const shown = shownInWgs84(given, "gcj02");
    if (shown.type !== "Point") throw new Error("a point stays a point");
    // GCJ-02 lies some hundred metres beside WGS-84 there.
    expect(Math.abs(shown.coordinates[0] - 113.9)).toBeGreaterThan(0.003);
    expect(given.coordinates).toEqual([113.9, 35.3]);
    expect(shownInWgs84(given, "wgs84")).toBe(given);
  });
});
