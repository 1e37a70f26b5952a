import type { LayerSpecification } from "maplibre-gl";
import type { ThemeName, Tokens } from "../tokens.ts";

/**
 * Places as the grids' pages show them. Properties of a feature: `role` (load, chosen, before, after, fault, cut), `step`
 * (0 to 4, how much open work), `late`, `vacant`, `label`, at a point its middle.
 */
export function gridFills(tokens: Tokens, theme: ThemeName): LayerSpecification[] {
  const role = (name: string): ["==", ["get", string], string] => ["==", ["get", "role"], name];
  const isShape: ["!=", ["geometry-type"], string] = ["!=", ["geometry-type"], "Point"];
  return [
    {
      id: "grid-load",
      type: "fill",
      source: "grids",
      filter: ["all", isShape, role("load")],
      paint: {
        "fill-color": tokens.load,
        "fill-opacity": ["match", ["get", "step"], 0, 0, 1, 0.16, 2, 0.32, 3, 0.5, 0.7],
      },
    },
    {
      id: "grid-late",
      type: "fill",
      source: "grids",
      filter: ["all", isShape, role("load"), ["get", "late"]],
      paint: { "fill-pattern": `hatch-late-${theme}` },
    },
    {
      id: "grid-after",
      type: "fill",
      source: "grids",
      filter: ["all", isShape, role("after")],
      paint: {
        "fill-color": tokens.action,
        "fill-opacity": ["match", ["get", "step"], 0, 0.14, 1, 0.3, 2, 0.22, 0.38],
      },
    },
  ];
}

/** Lines and figures of the same places, above the roads. */
export function gridMarks(tokens: Tokens, font: string[]): LayerSpecification[] {
  const role = (name: string): ["==", ["get", string], string] => ["==", ["get", "role"], name];
  const isShape: ["!=", ["geometry-type"], string] = ["!=", ["geometry-type"], "Point"];
  const isPoint: ["==", ["geometry-type"], string] = ["==", ["geometry-type"], "Point"];
  return [
    {
      id: "grid-lines",
      type: "line",
      source: "grids",
      filter: ["all", isShape, role("load")],
      paint: {
        "line-color": tokens.countyName,
        "line-width": ["interpolate", ["linear"], ["zoom"], 8, 0.3, 12, 0.9],
        "line-opacity": 0.7,
      },
    },
    {
      id: "grid-vacant",
      type: "line",
      source: "grids",
      filter: ["all", isShape, role("load"), ["get", "vacant"]],
      paint: { "line-color": tokens.locked, "line-width": 1.4, "line-dasharray": [1.5, 1.5], "line-offset": 1.5 },
    },
    {
      id: "grid-before",
      type: "line",
      source: "grids",
      filter: ["all", isShape, role("before")],
      paint: { "line-color": tokens.text, "line-width": 2, "line-dasharray": [3, 2] },
    },
    {
      id: "grid-chosen",
      type: "line",
      source: "grids",
      filter: ["all", isShape, ["any", role("chosen"), role("after"), role("cut")]],
      paint: { "line-color": tokens.action, "line-width": ["case", role("cut"), 3, 2.4] },
    },
    {
      id: "grid-points",
      type: "circle",
      source: "grids",
      filter: ["all", isPoint, ["any", role("cut"), role("fault")]],
      paint: {
        "circle-color": tokens.halo,
        "circle-radius": ["case", role("fault"), 9, 4.5],
        "circle-stroke-color": ["case", role("fault"), tokens.fault, tokens.action],
        "circle-stroke-width": ["case", role("fault"), 3, 2],
      },
    },
    {
      id: "grid-labels",
      type: "symbol",
      source: "grids",
      filter: ["all", isPoint, ["has", "label"]],
      layout: {
        "text-field": ["get", "label"],
        "text-font": font,
        "text-size": 12,
        "text-offset": ["case", role("fault"), ["literal", [0, 1.4]], ["literal", [0, 1]]],
        "text-max-width": 9,
        "symbol-sort-key": ["case", role("load"), 1, 0],
      },
      paint: {
        "text-color": ["case", role("fault"), tokens.fault, tokens.text],
        "text-halo-color": tokens.halo,
        "text-halo-width": 1.6,
      },
    },
  ];
}
