import type { Map as MapLibreMap } from "maplibre-gl";
import { TOKENS, type ThemeName } from "../tokens.ts";

/** Draws the patterns and marks that the style names, when the map first misses one of them. */
export function drawMarksWhenMissed(map: MapLibreMap): void {
  map.setMissingStyleImageResolver((id) => {
    const theme: ThemeName = id.endsWith("-dark") ? "dark" : "light";
    const mark = draw(id.slice(0, id.lastIndexOf("-")), theme);
    if (mark !== null && !map.hasImage(id)) map.addImage(id, mark, { pixelRatio: 2 });
  });
}

function draw(name: string, theme: ThemeName): ImageData | null {
  const tokens = TOKENS[theme];
  switch (name) {
    case "hatch-high":
      // Lines both ways: the shape says "high" without its colour.
      return hatch(tokens.areaHigh, 16, 2.2, true);
    case "hatch-medium":
      return hatch(tokens.areaMedium, 20, 2.2, false);
    case "hatch-late":
      return hatch(tokens.text, 20, 1.6, false);
    case "gate-bar":
      return bar(tokens.gate, tokens.halo, 44, 9);
    case "gate-bar-selected":
      return bar(tokens.action, tokens.halo, 56, 13);
    default:
      return null;
  }
}

function canvas(width: number, height: number): OffscreenCanvasRenderingContext2D {
  return new OffscreenCanvas(width, height).getContext("2d")!;
}

/** A tile that repeats without a seam. */
function hatch(color: string, size: number, width: number, both: boolean): ImageData {
  const context = canvas(size, size);
  context.globalAlpha = 0.16;
  context.fillStyle = color;
  context.fillRect(0, 0, size, size);
  context.globalAlpha = 0.85;
  context.strokeStyle = color;
  context.lineWidth = width;
  context.beginPath();
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift - 2, size + 2);
    context.lineTo(shift + size + 2, -2);
    if (both) {
      context.moveTo(shift - 2, -2);
      context.lineTo(shift + size + 2, size + 2);
    }
  }
  context.stroke();
  return context.getImageData(0, 0, size, size);
}

/** A bar from left to right; the map turns it across the road. */
function bar(color: string, halo: string, length: number, width: number): ImageData {
  const context = canvas(length + 8, width + 8);
  context.fillStyle = halo;
  context.fillRect(1, 1, length + 6, width + 6);
  context.fillStyle = color;
  context.fillRect(4, 4, length, width);
  return context.getImageData(0, 0, length + 8, width + 8);
}
