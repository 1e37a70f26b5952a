import { shift, type Position } from "./outline.ts";
import type { DemoStop } from "./stops.ts";

interface AreaPlan {
  id: string;
  name: string;
  level: "medium" | "high";
  /** The stop within whose walk the area lies, and the way from there to the area's middle, metres east and north. */
  beside: string;
  offset: Position;
  shape: "block" | "donut" | "street" | "point" | "blocks";
  /** Hours from the start of simulated time, `[from, to)`. */
  fromHours?: number;
  toHours?: number;
}

const AREAS: readonly AreaPlan[] = [
  {
    id: "ZZ-HJ-01",
    name: "郑州市惠济区古荥镇片区",
    level: "high",
    beside: "zhengzhou-north",
    offset: [-420, -380],
    shape: "block",
  },
  {
    id: "AY-BG-02",
    name: "安阳市北关区万庄公铁物流园",
    level: "medium",
    beside: "anyang-wanzhuang",
    offset: [60, 40],
    shape: "donut",
  },
  {
    id: "AY-TY-03",
    name: "汤阴县韩庄镇小区",
    level: "high",
    beside: "tangyin-service",
    offset: [480, -210],
    shape: "point",
  },
  {
    id: "HB-QB-04",
    name: "鹤壁市淇滨区煤炭物流园",
    level: "medium",
    beside: "hebi-coal",
    offset: [-350, 300],
    shape: "block",
  },
  {
    id: "PY-HL-05",
    name: "濮阳市华龙区建材市场街",
    level: "medium",
    beside: "puyang",
    offset: [300, 350],
    shape: "street",
    fromHours: -6,
  },
  {
    id: "HZ-DM-06",
    name: "东明县城关街道",
    level: "high",
    beside: "dongming",
    offset: [-300, -360],
    shape: "blocks",
    fromHours: 3,
  },
  {
    id: "KF-LT-07",
    name: "开封市龙亭区水稻乡",
    level: "medium",
    beside: "kaifeng",
    offset: [350, -250],
    shape: "block",
    toHours: 20,
  },
  {
    id: "JZ-MC-08",
    name: "焦作市马村区货运街",
    level: "high",
    beside: "jiaozuo",
    offset: [-150, -330],
    shape: "street",
  },
  {
    id: "JC-ZZ-09",
    name: "泽州县金村镇居民点",
    level: "medium",
    beside: "jincheng",
    offset: [450, 300],
    shape: "point",
  },
];

/** The demo's risk areas as GeoJSON features, WGS-84. */
export function drawAreas(stops: readonly DemoStop[]): object[] {
  return AREAS.map(({ beside, offset, shape, ...properties }) => {
    const stop = stops.find(({ id }) => id === beside)!;
    const middle = shift(stop.at, offset[0], offset[1]);
    return { type: "Feature", properties, geometry: draw(shape, middle) };
  });
}

function draw(shape: AreaPlan["shape"], middle: Position): object {
  const at = (east: number, north: number): Position => shift(middle, east, north);
  switch (shape) {
    case "point":
      return { type: "Point", coordinates: middle };
    case "street":
      return { type: "LineString", coordinates: [at(-460, -60), at(-180, -20), at(90, 35), at(420, 110)] };
    case "block":
      return { type: "Polygon", coordinates: [block(at, 1)] };
    case "donut": {
      const hole = [at(-120, -90), at(-100, 110), at(110, 120), at(130, -80), at(-120, -90)];
      return { type: "Polygon", coordinates: [block(at, 1.6), hole] };
    }
    case "blocks":
      return {
        type: "MultiPolygon",
        coordinates: [[block(at, 0.7)], [block((east, north) => at(east + 620, north - 140), 0.5)]],
      };
  }
}

/** A built-up block of some 450 by 400 m with a notch, counter-clockwise. */
function block(at: (east: number, north: number) => Position, scale: number): Position[] {
  const corners: Position[] = [
    [-230, -190],
    [40, -215],
    [60, -120],
    [225, -140],
    [240, 120],
    [120, 205],
    [-60, 180],
    [-210, 195],
    [-250, 20],
    [-230, -190],
  ];
  return corners.map(([east, north]) => at(east * scale, north * scale));
}
