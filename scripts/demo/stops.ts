import { shift, type Position } from "./outline.ts";
import type { DemoRoad } from "./roads.ts";

type StopKind = "depot" | "service";
type StopPlan = [id: string, name: string, nameEn: string, kind: StopKind, road: string, near: Position, side: 1 | -1];

/** Where trucks load, unload and rest: beside the road, near the given place. `side` 1 is right of the road as drawn. */
const STOPS: readonly StopPlan[] = [
  // In the city
  ["xinxiang-trade", "新乡国际商贸物流园", "Xinxiang Trade Logistics Park", "depot", "G107", [113.94, 35.289], 1],
  ["xinxiang-north", "新乡北环货运站", "Xinxiang North Freight Station", "depot", "S229", [113.872, 35.335], -1],
  ["xinxiang-rail", "新乡铁路货场", "Xinxiang Rail Freight Yard", "depot", "G107", [113.888, 35.27], 1],
  ["qiliying", "七里营工业园区", "Qiliying Industrial Park", "depot", "G107", [113.83, 35.15], -1],
  ["huojia", "获嘉产业集聚区", "Huojia Industrial Zone", "depot", "S230", [113.662, 35.25], -1],
  ["huixian", "辉县孟庄物流园", "Huixian Mengzhuang Logistics Park", "depot", "S306", [113.82, 35.467], 1],
  ["huixian-coal", "辉县煤炭储运站", "Huixian Coal Depot", "depot", "S230", [113.73, 35.41], 1],
  ["weihui", "卫辉产业集聚区", "Weihui Industrial Zone", "depot", "S226", [114.08, 35.404], 1],
  ["yanjin", "延津食品产业园", "Yanjin Food Park", "depot", "G327", [114.17, 35.166], -1],
  ["fengqiu", "封丘产业集聚区", "Fengqiu Industrial Zone", "depot", "S227", [114.38, 35.04], 1],
  ["changyuan", "长垣起重机产业园", "Changyuan Crane Park", "depot", "G327", [114.7, 35.194], -1],
  ["changyuan-north", "长垣北物流园", "Changyuan North Logistics Park", "depot", "S213", [114.673, 35.225], 1],
  ["yuanyang", "原阳产业集聚区", "Yuanyang Industrial Zone", "depot", "S227", [113.9, 35.07], -1],
  ["pingyuan", "平原新区物流园", "Pingyuan Logistics Park", "depot", "G107", [113.747, 34.99], -1],
  ["weihui-service", "卫辉服务区", "Weihui Service Area", "service", "G4", [114.135, 35.465], 1],
  ["yuanyang-service", "原阳服务区", "Yuanyang Service Area", "service", "G4", [113.91, 35.04], -1],
  ["yanjin-service", "延津服务区", "Yanjin Service Area", "service", "G3511", [114.1, 35.205], 1],
  ["huojia-service", "获嘉服务区", "Huojia Service Area", "service", "G3511", [113.73, 35.23], -1],
  ["changyuan-service", "长垣服务区", "Changyuan Service Area", "service", "G45", [114.57, 35.18], 1],
  // North
  ["anyang-wanzhuang", "安阳万庄物流园", "Anyang Wanzhuang Logistics Park", "depot", "S22", [114.52, 36.05], 1],
  ["anyang-steel", "安阳钢铁货场", "Anyang Steel Yard", "depot", "S22", [114.25, 36.095], -1],
  ["tangyin-service", "汤阴服务区", "Tangyin Service Area", "service", "G4", [114.35, 35.89], 1],
  ["hebi-coal", "鹤壁煤炭物流园", "Hebi Coal Logistics Park", "depot", "G107", [114.24, 35.79], -1],
  ["hebi-service", "鹤壁服务区", "Hebi Service Area", "service", "G4", [114.262, 35.7], 1],
  ["qixian", "淇县产业集聚区", "Qixian Industrial Zone", "depot", "G107", [114.2, 35.64], -1],
  ["linzhou", "林州红旗渠物流园", "Linzhou Logistics Park", "depot", "S22", [113.95, 36.09], 1],
  ["huaxian", "滑县粮食物流园", "Huaxian Grain Park", "depot", "S215", [114.505, 35.51], 1],
  ["puyang", "濮阳物流园", "Puyang Logistics Park", "depot", "S302", [114.93, 35.74], 1],
  // East
  ["dongming", "东明石化停车场", "Dongming Refinery Lorry Park", "depot", "G327", [115.14, 35.279], -1],
  ["heze", "菏泽交通物流港", "Heze Logistics Port", "depot", "G327", [115.32, 35.262], 1],
  // South
  ["zhengzhou-north", "郑州惠济物流园", "Zhengzhou Huiji Logistics Park", "depot", "G30", [113.715, 34.834], 1],
  ["zhengzhou-baisha", "郑州白沙货运站", "Zhengzhou Baisha Freight Station", "depot", "G30", [113.93, 34.843], 1],
  ["zhengzhou-service", "郑州北服务区", "Zhengzhou North Service Area", "service", "G4", [113.81, 34.865], -1],
  ["kaifeng", "开封汴西物流园", "Kaifeng Bianxi Logistics Park", "depot", "G30", [114.25, 34.847], 1],
  ["kaifeng-service", "开封服务区", "Kaifeng Service Area", "service", "G30", [114.4, 34.851], -1],
  // West
  ["jiaozuo", "焦作豫北物流港", "Jiaozuo Yubei Logistics Port", "depot", "G327", [113.29, 35.208], 1],
  ["xiuwu-service", "修武服务区", "Xiuwu Service Area", "service", "G3511", [113.43, 35.189], -1],
  ["wuzhi", "武陟产业集聚区", "Wuzhi Industrial Zone", "depot", "S86", [113.4, 35.117], 1],
  ["jincheng-west", "晋城金匠物流园", "Jincheng Jinjiang Logistics Park", "depot", "G5512", [112.88, 35.472], 1],
  ["jincheng", "晋城煤炭集运站", "Jincheng Coal Station", "depot", "G5512", [112.93, 35.44], 1],
  ["lingchuan", "陵川货运站", "Lingchuan Freight Station", "depot", "S229", [113.31, 35.75], -1],
];

export interface DemoStop {
  id: string;
  name: string;
  nameEn: string;
  kind: StopKind;
  at: Position;
}

/** Stops 260 m (depots) or 160 m (service areas) beside the nearest vertex of their road, WGS-84. */
export function placeStops(roads: readonly DemoRoad[]): DemoStop[] {
  return STOPS.map(([id, name, nameEn, kind, roadId, near, side]) => {
    const line = roads.find((road) => road.id === roadId)!.line;
    const distances = line.map(([lon, lat]) => Math.hypot((lon - near[0]) * 0.8166, lat - near[1]));
    const i = Math.min(Math.max(distances.indexOf(Math.min(...distances)), 1), line.length - 2);
    const [before, after] = [line[i - 1], line[i + 1]];
    const [east, north] = [(after[0] - before[0]) * 0.8166, after[1] - before[1]];
    const scale = (side * (kind === "depot" ? 260 : 160)) / Math.hypot(east, north);
    return { id, name, nameEn, kind, at: shift(line[i], north * scale, -east * scale) };
  });
}
