/**
 * The demo's road network: interchanges and bends from memory of the map, WGS-84, longitude first. Roads that name
 * the same junction meet there; roads that only cross pass over each other. It is plausible, not surveyed.
 */
import type { Position } from "./outline.ts";

type RoadClass = "motorway" | "trunk" | "primary";

const JUNCTIONS = {
  // South of the Yellow River
  zhengzhouG107: [113.685, 34.83],
  zhengzhouNorth: [113.74, 34.84],
  liujiang: [113.795, 34.845],
  kaifengNorth: [114.3, 34.848],
  kaifengEast: [114.475, 34.855],
  // Xinxiang
  xinxiangEast: [113.995, 35.288],
  xinxiangG3511: [113.987, 35.213],
  yuanyangNorth: [113.94, 35.092],
  yuanyang: [113.945, 35.055],
  qiliying: [113.8, 35.11],
  xinxiangSouth: [113.893, 35.258],
  xinxiang: [113.885, 35.29],
  xinxiangNorth: [113.872, 35.335],
  weihuiEast: [114.1, 35.412],
  weihui: [114.055, 35.395],
  huixian: [113.79, 35.455],
  huixianEast: [113.842, 35.478],
  huixianSouth: [113.79, 35.347],
  huojia: [113.66, 35.266],
  huojiaNorth: [113.665, 35.302],
  huojiaSouth: [113.658, 35.236],
  shizhuang: [113.635, 35.08],
  yanjin: [114.2, 35.15],
  yanjinNorth: [114.215, 35.2],
  fengqiu: [114.42, 35.042],
  fengqiuEast: [114.53, 35.058],
  changyuan: [114.675, 35.192],
  changyuanNorth: [114.672, 35.252],
  changyuanWest: [114.588, 35.238],
  // Neighbours
  jiaozuoNorth: [113.3, 35.268],
  jiaozuo: [113.25, 35.203],
  jiaozuoSouth: [113.255, 35.165],
  jincheng: [112.86, 35.485],
  lingchuan: [113.28, 35.775],
  linzhou: [113.82, 36.07],
  qixianWest: [114.1, 35.66],
  qixian: [114.19, 35.605],
  qixianEast: [114.232, 35.612],
  hebi: [114.222, 35.752],
  hebiEast: [114.276, 35.745],
  anyangSouth: [114.36, 36.075],
  anyangEast: [114.43, 36.085],
  huaxian: [114.53, 35.575],
  puyangWest: [114.8, 35.72],
  puyang: [115.02, 35.755],
  dongming: [115.09, 35.28],
  heze: [115.42, 35.235],
} as const satisfies Record<string, Position>;
type Junction = keyof typeof JUNCTIONS;

interface RoadPlan {
  id: string;
  name: string;
  nameEn: string;
  class: RoadClass;
  speedKmh: number;
  via: readonly (Junction | Position)[];
}

const ROADS: readonly RoadPlan[] = [
  motorway("G4", "G4 京港澳高速", "G4 Beijing–Hong Kong–Macao Expressway", [
    "anyangEast",
    [114.372, 35.92],
    "hebiEast",
    "qixianEast",
    [114.172, 35.52],
    "weihuiEast",
    "xinxiangEast",
    "xinxiangG3511",
    "yuanyangNorth",
    [113.892, 35.01],
    [113.842, 34.925],
    "liujiang",
  ]),
  motorway("G45", "G45 大广高速", "G45 Daqing–Guangzhou Expressway", [
    [114.86, 35.86],
    "puyangWest",
    [114.7, 35.48],
    [114.628, 35.35],
    "changyuanWest",
    [114.55, 35.14],
    "fengqiuEast",
    [114.505, 34.95],
    "kaifengEast",
  ]),
  motorway("G3511", "G3511 菏宝高速", "G3511 Heze–Baoji Expressway", [
    "heze",
    [115.26, 35.25],
    "dongming",
    [114.9, 35.235],
    "changyuanNorth",
    "changyuanWest",
    [114.48, 35.19],
    [114.34, 35.2],
    "yanjinNorth",
    "xinxiangG3511",
    [113.85, 35.222],
    "huojiaSouth",
    [113.46, 35.192],
    "jiaozuoSouth",
  ]),
  motorway("G5512", "G5512 晋新高速", "G5512 Jincheng–Xinxiang Expressway", [
    "jincheng",
    [112.97, 35.41],
    [113.1, 35.33],
    "jiaozuoNorth",
    [113.45, 35.262],
    "huojiaNorth",
    "huixianSouth",
    [113.92, 35.372],
    "weihui",
  ]),
  motorway("S86", "S86 原焦高速", "S86 Yuanyang–Jiaozuo Expressway", [
    "jiaozuoSouth",
    [113.42, 35.11],
    [113.56, 35.08],
    "shizhuang",
    "qiliying",
    "yuanyangNorth",
  ]),
  motorway("S26", "S26 鹤辉高速", "S26 Hebi–Huixian Expressway", [
    "hebi",
    [114.15, 35.735],
    "qixianWest",
    [113.98, 35.55],
    "huixianEast",
    [113.8, 35.41],
    "huixianSouth",
  ]),
  motorway("G30", "G30 连霍高速", "G30 Lianyungang–Khorgas Expressway", [
    "zhengzhouG107",
    "zhengzhouNorth",
    "liujiang",
    [114.03, 34.842],
    "kaifengNorth",
    "kaifengEast",
  ]),
  motorway("S22", "S22 南林高速", "S22 Nanle–Linzhou Expressway", [
    "linzhou",
    [114.1, 36.11],
    "anyangSouth",
    "anyangEast",
    [114.68, 36.0],
    [114.86, 35.86],
    "puyang",
  ]),
  trunk("G107", "G107 京深线", "National Road 107", [
    "anyangSouth",
    [114.335, 35.92],
    "hebi",
    "qixian",
    [114.132, 35.5],
    "weihui",
    "xinxiangEast",
    "xinxiang",
    "xinxiangSouth",
    "qiliying",
    [113.745, 34.985],
    [113.702, 34.9],
    "zhengzhouG107",
  ]),
  trunk("ZX", "郑新快速路", "Zhengzhou–Xinxiang Fast Road", [
    "zhengzhouNorth",
    [113.772, 34.915],
    [113.832, 35.03],
    [113.868, 35.14],
    "xinxiangSouth",
  ]),
  trunk("GD", "官渡黄河大桥", "Guandu Yellow River Bridge Road", [
    [114.03, 34.842],
    [114.01, 34.92],
    [113.985, 35.0],
    "yuanyang",
    "yuanyangNorth",
  ]),
  trunk("G327", "G327 连固线", "National Road 327", [
    "heze",
    [115.25, 35.275],
    "dongming",
    [114.92, 35.205],
    "changyuan",
    [114.45, 35.13],
    "yanjin",
    [114.08, 35.24],
    "xinxiangEast",
    "xinxiang",
    "huojia",
    [113.45, 35.228],
    "jiaozuo",
  ]),
  primary("S229", "S229 陵辉线", "Provincial Road 229, Lingchuan–Huixian", [
    "lingchuan",
    [113.37, 35.7],
    [113.47, 35.62],
    [113.57, 35.525],
    "huixian",
    "huixianSouth",
    "xinxiangNorth",
    "xinxiang",
  ]),
  primary("S228", "S228 林辉线", "Provincial Road 228, Linzhou–Huixian", [
    "linzhou",
    [113.76, 35.93],
    [113.752, 35.82],
    [113.705, 35.7],
    [113.76, 35.57],
    "huixian",
  ]),
  primary("S215", "S215 滑延线", "Provincial Road 215, Huaxian–Yanjin", [
    "huaxian",
    [114.455, 35.41],
    [114.35, 35.335],
    "yanjinNorth",
    "yanjin",
  ]),
  primary("S213", "S213 滑长线", "Provincial Road 213, Huaxian–Changyuan", [
    "huaxian",
    [114.62, 35.43],
    "changyuanNorth",
    "changyuan",
  ]),
  primary("S227", "S227 原封线", "Provincial Road 227, Yuanyang–Fengqiu", [
    "qiliying",
    "yuanyang",
    [114.18, 35.03],
    "fengqiu",
    "fengqiuEast",
  ]),
  primary("S226", "S226 卫延线", "Provincial Road 226, Weihui–Yanjin", [
    "weihui",
    "weihuiEast",
    [114.17, 35.27],
    "yanjin",
  ]),
  primary("S306", "S306 卫辉线", "Provincial Road 306, Weihui–Huixian", [
    "weihui",
    [113.94, 35.46],
    "huixianEast",
    "huixian",
  ]),
  primary("S230", "S230 辉获线", "Provincial Road 230, Huixian–Huojia", [
    "huixian",
    [113.7, 35.39],
    "huojiaNorth",
    "huojia",
    "huojiaSouth",
    "shizhuang",
  ]),
  primary("S308", "S308 延封线", "Provincial Road 308, Yanjin–Changyuan", [
    "yanjin",
    [114.3, 35.08],
    "fengqiu",
    "changyuan",
  ]),
  primary("S302", "S302 鹤濮线", "Provincial Road 302, Hebi–Puyang", [
    "hebi",
    "hebiEast",
    [114.54, 35.67],
    "puyangWest",
    "puyang",
  ]),
  primary("S304", "S304 浚滑线", "Provincial Road 304, Xunxian–Huaxian", [[114.54, 35.67], "huaxian"]),
  primary("S303", "S303 淇县联络线", "Provincial Road 303, Qixian", ["qixianWest", "qixian", "qixianEast"]),
  primary("S233", "S233 焦作环线", "Provincial Road 233, Jiaozuo", ["jiaozuoNorth", "jiaozuo", "jiaozuoSouth"]),
  primary("S331", "S331 晋陵线", "Provincial Road 331, Jincheng–Lingchuan", ["jincheng", [113.02, 35.64], "lingchuan"]),
  primary("S209", "S209 濮菏线", "Provincial Road 209, Puyang–Heze", ["puyang", [115.25, 35.5], "heze"]),
];

export interface DemoRoad {
  id: string;
  name: string;
  nameEn: string;
  class: RoadClass;
  speedKmh: number;
  line: Position[];
}

/** Roads with vertices some 600 m apart; junctions keep their exact position. */
export function drawRoads(): DemoRoad[] {
  return ROADS.map(({ via, ...road }, index) => {
    const points = via.map((point): Position => (typeof point === "string" ? JUNCTIONS[point] : point));
    return { ...road, line: drawLine(points, road.class, index) };
  });
}

/** A centripetal-like spline through the points; between them it winds a little, the more the smaller the road. */
function drawLine(points: readonly Position[], roadClass: RoadClass, seed: number): Position[] {
  const swayDegrees = { motorway: 0.0012, trunk: 0.0008, primary: 0.0016 }[roadClass];
  const line: Position[] = [];
  for (let i = 0; i + 1 < points.length; i++) {
    const [p0, p1, p2, p3] = [points[i - 1] ?? points[i], points[i], points[i + 1], points[i + 2] ?? points[i + 1]];
    const length = Math.hypot((p2[0] - p1[0]) * 0.817, p2[1] - p1[1]);
    const steps = Math.max(2, Math.round(length / 0.0055));
    for (let k = 0; k < steps; k++) {
      const t = k / steps;
      const fade = Math.sin(Math.PI * t) ** 2;
      const sway =
        swayDegrees * fade * (Math.sin(t * length * 170 + seed) + 0.5 * Math.sin(t * length * 390 + 2 * seed));
      const [nx, ny] = [-(p2[1] - p1[1]) / length, (p2[0] - p1[0]) / length];
      line.push([
        round(bend(p0[0], p1[0], p2[0], p3[0], t) + sway * nx),
        round(bend(p0[1], p1[1], p2[1], p3[1], t) + sway * ny),
      ]);
    }
  }
  return [...line, points.at(-1)!];
}

/** One coordinate of a cardinal spline with tension, so that it does not overshoot where spacing is uneven. */
function bend(p0: number, p1: number, p2: number, p3: number, t: number): number {
  const [m1, m2] = [(p2 - p0) * 0.28, (p3 - p1) * 0.28];
  const [t2, t3] = [t * t, t * t * t];
  return (2 * t3 - 3 * t2 + 1) * p1 + (t3 - 2 * t2 + t) * m1 + (3 * t2 - 2 * t3) * p2 + (t3 - t2) * m2;
}

function round(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}

function motorway(id: string, name: string, nameEn: string, via: RoadPlan["via"]): RoadPlan {
  return { id, name, nameEn, class: "motorway", speedKmh: 90, via };
}

function trunk(id: string, name: string, nameEn: string, via: RoadPlan["via"]): RoadPlan {
  return { id, name, nameEn, class: "trunk", speedKmh: 70, via };
}

function primary(id: string, name: string, nameEn: string, via: RoadPlan["via"]): RoadPlan {
  return { id, name, nameEn, class: "primary", speedKmh: 60, via };
}
