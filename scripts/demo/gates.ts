import { toWgs84 } from "../../src/kernel/datum.ts";
import { shift, type Position } from "./outline.ts";
import type { DemoRoad } from "./roads.ts";

/** The gates of a road, in the order in which the road, as it is drawn, crosses the city's edge. */
const NAMES: Record<string, readonly { id: string; name: string; nameEn: string }[]> = {
  G4: [
    { id: "g4-weihui", name: "卫辉北（京港澳高速）", nameEn: "Weihui North (G4)" },
    { id: "g4-yellow-river", name: "原阳南（京港澳高速黄河桥）", nameEn: "Yuanyang South (G4, Yellow River)" },
  ],
  G45: [
    { id: "g45-changyuan", name: "长垣北（大广高速）", nameEn: "Changyuan North (G45)" },
    { id: "g45-yellow-river", name: "封丘南（大广高速黄河桥）", nameEn: "Fengqiu South (G45, Yellow River)" },
  ],
  G3511: [
    { id: "g3511-changyuan", name: "长垣东（菏宝高速）", nameEn: "Changyuan East (G3511)" },
    { id: "g3511-huojia", name: "获嘉西（菏宝高速）", nameEn: "Huojia West (G3511)" },
  ],
  G5512: [{ id: "g5512-huojia", name: "获嘉北（晋新高速）", nameEn: "Huojia North (G5512)" }],
  S86: [{ id: "s86-yuanyang", name: "原阳西（原焦高速）", nameEn: "Yuanyang West (S86)" }],
  S26: [{ id: "s26-weihui", name: "卫辉西北（鹤辉高速）", nameEn: "Weihui Northwest (S26)" }],
  G107: [
    { id: "g107-weihui", name: "卫辉北（107 国道）", nameEn: "Weihui North (G107)" },
    { id: "g107-yellow-river", name: "平原新区（107 国道黄河桥）", nameEn: "Pingyuan (G107, Yellow River)" },
  ],
  ZX: [{ id: "zx-yellow-river", name: "郑新黄河大桥（郑新快速路）", nameEn: "Zhengxin Yellow River Bridge" }],
  GD: [{ id: "gd-yellow-river", name: "官渡黄河大桥", nameEn: "Guandu Yellow River Bridge" }],
  G327: [
    { id: "g327-changyuan", name: "长垣东（327 国道）", nameEn: "Changyuan East (G327)" },
    { id: "g327-huojia", name: "获嘉西（327 国道）", nameEn: "Huojia West (G327)" },
  ],
  S229: [{ id: "s229-huixian", name: "辉县西北（陵辉线）", nameEn: "Huixian Northwest (S229)" }],
  S228: [{ id: "s228-huixian", name: "辉县北（林辉线）", nameEn: "Huixian North (S228)" }],
  S215: [{ id: "s215-yanjin", name: "延津东北（滑延线）", nameEn: "Yanjin Northeast (S215)" }],
  S213: [{ id: "s213-changyuan", name: "长垣北（滑长线）", nameEn: "Changyuan North (S213)" }],
};
const INSIDE_METERS = 250;
const HALF_WIDTH_METERS = 150;
/** Cosine of the city's latitude, 35.25° north. */
const SHRINK = 0.8166;

/**
 * A gate line across every road 250 m inside the place where it crosses the fence (GCJ-02), drawn so that who enters
 * the city crosses it from its left to its right. WGS-84.
 * @throws Error when a road crosses the fence more or less often than it has gates.
 */
export function drawGates(fenceGcj02: readonly Position[], roads: readonly DemoRoad[]): object[] {
  const fence = fenceGcj02.map(([lon, lat]): Position => toWgs84("gcj02", lon, lat));
  return roads.flatMap((road) => {
    const names = NAMES[road.id] ?? [];
    const crossings = crossingsOf(road.line, fence);
    if (crossings.length !== names.length) {
      throw new Error(`${road.id} crosses the fence ${crossings.length} times and has ${names.length} gates`);
    }
    return crossings.map(({ at, along, inward }, i) => ({
      type: "Feature",
      properties: { ...names[i], road: road.name },
      geometry: { type: "LineString", coordinates: gateLine(at, along, inward) },
    }));
  });
}

interface Crossing {
  at: Position;
  /** Unit vector of the road at the crossing, in metres east and north. */
  along: Position;
  /** Whether the road, as it is drawn, enters the city here. */
  inward: boolean;
}

function crossingsOf(line: readonly Position[], fence: readonly Position[]): Crossing[] {
  const found: Crossing[] = [];
  for (let i = 1; i < line.length; i++) {
    const [a, b] = [line[i - 1], line[i]];
    for (let j = 1; j < fence.length; j++) {
      const [p, q] = [fence[j - 1], fence[j]];
      const [ap, aq, pa, pb] = [turn(p, q, a), turn(p, q, b), turn(a, b, p), turn(a, b, q)];
      if (ap * aq >= 0 || pa * pb >= 0) continue;
      const t = ap / (ap - aq);
      const [east, north] = [(b[0] - a[0]) * SHRINK, b[1] - a[1]];
      const length = Math.hypot(east, north);
      // The fence runs counter-clockwise: the city lies to the left of its edges.
      found.push({
        at: [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])],
        along: [east / length, north / length],
        inward: ap < 0,
      });
    }
  }
  return found;
}

function gateLine(at: Position, along: Position, inward: boolean): Position[] {
  const [east, north] = inward ? along : ([-along[0], -along[1]] as const);
  const middle = shift(at, east * INSIDE_METERS, north * INSIDE_METERS);
  // Who enters comes from the line's left: its left normal points back along the way, so it runs along the way turned left.
  const [dx, dy] = [-north * HALF_WIDTH_METERS, east * HALF_WIDTH_METERS];
  return [shift(middle, -dx, -dy), shift(middle, dx, dy)];
}

function turn(a: Position, b: Position, p: Position): number {
  return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
}
