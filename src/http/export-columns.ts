import type { Area } from "../model/area.ts";
import type { CaseSummary } from "../model/case.ts";
import type { DutyRow } from "../model/duty.ts";
import type { GateFinding, GateVisit } from "../model/etc.ts";
import type { Exposure, FenceEvent, Lock, Passage } from "../model/finding.ts";
import type { TerminalView } from "../model/terminal.ts";
import type { Vehicle } from "../model/vehicle.ts";
import type { ExportedList } from "./export-lists.ts";
import type { ExportColumn } from "./export-table.ts";

/** Which columns the file of each list has. Codes stay codes, so that a file can be read back by a program. */
const LOCK_COLUMNS: readonly ExportColumn<Lock>[] = [
  { zh: "车辆", en: "Vehicle", value: ({ vehicle }) => vehicle },
  { zh: "状态", en: "State", width: 10, value: ({ state }) => state },
  { zh: "锁定时间", en: "Locked", value: ({ lockedAt }) => new Date(lockedAt) },
  { zh: "得知时间", en: "Learnt", value: ({ learntAt }) => new Date(learntAt) },
  { zh: "暴露成立", en: "Exposed", value: ({ exposedAt }) => new Date(exposedAt) },
  { zh: "入城时间", en: "Entered", value: ({ enteredAt }) => instantOf(enteredAt) },
  { zh: "到期时间", en: "Expires", value: ({ expiresAt }) => new Date(expiresAt) },
  { zh: "停留次数", en: "Stays", width: 10, value: ({ exposures }) => exposures.length },
  { zh: "解除时间", en: "Released", value: ({ release }) => instantOf(release?.at ?? null) },
  { zh: "解除人", en: "Released by", value: ({ release }) => release?.by ?? null },
  { zh: "解除理由", en: "Reason", width: 30, value: ({ release }) => release?.reason ?? null },
  { zh: "解除依据", en: "Evidence", width: 30, value: ({ release }) => release?.evidence ?? null },
  { zh: "编号", en: "Id", value: ({ id }) => id },
];

const EXPOSURE_COLUMNS: readonly ExportColumn<Exposure>[] = [
  { zh: "车辆", en: "Vehicle", value: ({ vehicle }) => vehicle },
  { zh: "风险区", en: "Area", value: ({ area }) => area },
  { zh: "风险区版本", en: "Area version", width: 12, value: ({ areaVersion }) => areaVersion },
  { zh: "确定性", en: "Certainty", width: 12, value: ({ certainty }) => certainty },
  { zh: "停留开始", en: "Start", value: ({ start }) => new Date(start) },
  { zh: "停留结束", en: "End", value: ({ end }) => instantOf(end) },
  { zh: "停留秒数", en: "Seconds", width: 10, value: ({ durationS }) => durationS },
  { zh: "最近距离 (m)", en: "Least distance (m)", width: 14, value: ({ minDistanceM }) => minDistanceM },
  { zh: "最近点经度 (WGS-84)", en: "Nearest lon (WGS-84)", value: ({ nearest }) => nearest.lon },
  { zh: "最近点纬度 (WGS-84)", en: "Nearest lat (WGS-84)", value: ({ nearest }) => nearest.lat },
  { zh: "停驻推断占比", en: "Share parked", width: 12, value: ({ unknownShare }) => unknownShare },
  { zh: "规则", en: "Rule", width: 12, value: ({ rule, ruleVersion }) => `${rule} ${ruleVersion}` },
  { zh: "编号", en: "Id", value: ({ id }) => id },
];

const PASSAGE_COLUMNS: readonly ExportColumn<Passage>[] = [
  { zh: "车辆", en: "Vehicle", value: ({ vehicle }) => vehicle },
  { zh: "卡口", en: "Gate", value: ({ gate }) => gate },
  { zh: "方向", en: "Direction", width: 10, value: ({ direction }) => direction },
  { zh: "时间", en: "Time", value: ({ time }) => new Date(time) },
  { zh: "经度 (WGS-84)", en: "Lon (WGS-84)", value: ({ lon }) => lon },
  { zh: "纬度 (WGS-84)", en: "Lat (WGS-84)", value: ({ lat }) => lat },
  { zh: "编号", en: "Id", value: ({ id }) => id },
];

const VISIT_COLUMNS: readonly ExportColumn<GateVisit>[] = [
  { zh: "车辆", en: "Vehicle", value: ({ vehicle }) => vehicle },
  { zh: "方向", en: "Direction", width: 10, value: ({ direction }) => direction },
  { zh: "时间", en: "Time", value: ({ time }) => new Date(time) },
  { zh: "由谁记录", en: "Seen by", width: 10, value: ({ seenBy }) => seenBy },
  { zh: "定位通过编号", en: "Passage", value: ({ passage }) => passage },
  { zh: "收费记录编号", en: "Toll records", width: 30, value: ({ etc }) => etc.join(" ") },
];

const DISAGREEMENT_COLUMNS: readonly ExportColumn<GateFinding>[] = [
  { zh: "车辆", en: "Vehicle", value: ({ vehicle }) => vehicle },
  { zh: "卡口", en: "Gate", value: ({ gate }) => gate },
  { zh: "方向", en: "Direction", width: 10, value: ({ direction }) => direction },
  { zh: "时间", en: "Time", value: ({ time }) => new Date(time) },
  { zh: "哪一方没有", en: "Kind", width: 14, value: ({ kind }) => kind },
  { zh: "定位通过编号", en: "Passage", value: ({ passage }) => passage },
  { zh: "收费记录编号", en: "Toll records", width: 30, value: ({ etc }) => etc.join(" ") },
  { zh: "编号", en: "Id", value: ({ id }) => id },
];

const FENCE_COLUMNS: readonly ExportColumn<FenceEvent>[] = [
  { zh: "车辆", en: "Vehicle", value: ({ vehicle }) => vehicle },
  { zh: "进出", en: "Kind", width: 8, value: ({ kind }) => kind },
  { zh: "时间", en: "Time", value: ({ time }) => instantOf(time) },
  { zh: "不早于", en: "Not before", value: ({ notBefore }) => new Date(notBefore) },
  { zh: "不晚于", en: "Not after", value: ({ notAfter }) => new Date(notAfter) },
  { zh: "编号", en: "Id", value: ({ id }) => id },
];

const VEHICLE_COLUMNS: readonly ExportColumn<Vehicle>[] = [
  { zh: "车辆", en: "Vehicle", value: ({ id }) => id },
  { zh: "车牌", en: "Plate", width: 12, value: ({ plate }) => plate },
  { zh: "车牌颜色 (JT/T 415)", en: "Plate colour (JT/T 415)", width: 14, value: ({ plateColour }) => plateColour },
  { zh: "终端", en: "Terminal", value: ({ terminal }) => terminal },
  { zh: "状态", en: "State", width: 10, value: ({ state }) => state },
  {
    zh: "围栏内",
    en: "Inside",
    width: 10,
    value: ({ insideFence }) => (insideFence === null ? null : insideFence ? "yes" : "no"),
  },
  { zh: "最后定位", en: "Last fix", value: ({ last }) => instantOf(last?.time ?? null) },
  { zh: "经度 (WGS-84)", en: "Lon (WGS-84)", value: ({ last }) => last?.lon ?? null },
  { zh: "纬度 (WGS-84)", en: "Lat (WGS-84)", value: ({ last }) => last?.lat ?? null },
  { zh: "速度 (km/h)", en: "Speed (km/h)", width: 12, value: ({ last }) => last?.speedKmh ?? null },
];

const AREA_COLUMNS: readonly ExportColumn<Area>[] = [
  { zh: "编号", en: "Id", value: ({ id }) => id },
  { zh: "名称", en: "Name", width: 30, value: ({ name }) => name },
  { zh: "等级", en: "Level", width: 8, value: ({ level }) => level },
  { zh: "状态", en: "State", width: 10, value: ({ state }) => state },
  { zh: "版本", en: "Version", width: 8, value: ({ version }) => version },
  { zh: "生效", en: "From", value: ({ from }) => instantOf(from) },
  { zh: "失效", en: "To", value: ({ to }) => instantOf(to) },
  { zh: "发布时间", en: "Published", value: ({ publishedAt }) => new Date(publishedAt) },
  { zh: "依据", en: "Source", width: 40, value: ({ source }) => source },
  { zh: "形状 (GeoJSON, WGS-84)", en: "Shape (GeoJSON, WGS-84)", width: 40, value: shapeOf },
];

const CASE_COLUMNS: readonly ExportColumn<CaseSummary>[] = [
  { zh: "事项", en: "Case (Chinese)", width: 40, value: ({ title }) => title.zh },
  { zh: "事项 (英文)", en: "Case (English)", width: 40, value: ({ title }) => title.en },
  { zh: "类型", en: "Type", width: 16, value: ({ type }) => type },
  { zh: "状态", en: "State", width: 12, value: ({ state }) => state },
  { zh: "对象", en: "Subject", value: ({ subject }) => subject.id },
  { zh: "地点", en: "Place", value: ({ placeName }) => placeName },
  { zh: "岗位", en: "Slot", width: 10, value: ({ slot }) => slot },
  { zh: "办理人", en: "Taken by", value: ({ takenByName }) => takenByName },
  { zh: "开始", en: "Opened", value: ({ openedAt }) => new Date(openedAt) },
  { zh: "时限", en: "Due", value: ({ dueAt }) => instantOf(dueAt) },
  { zh: "超时", en: "Overdue", width: 8, value: ({ overdue }) => (overdue ? "yes" : "no") },
  { zh: "升级次数", en: "Level", width: 8, value: ({ level }) => level },
  { zh: "结果", en: "Outcome", width: 12, value: ({ outcome }) => outcome },
  { zh: "当事人表态", en: "Confirmation", width: 12, value: ({ confirmation }) => confirmation },
  { zh: "编号", en: "Id", value: ({ id }) => id },
];

/** The headings in English are those of the file that is read in again. */
const DUTY_COLUMNS: readonly ExportColumn<DutyRow>[] = [
  { zh: "网格编号", en: "place", value: ({ place }) => place },
  { zh: "网格", en: "placeName", width: 24, value: ({ placeName }) => placeName },
  { zh: "岗位", en: "slot", width: 12, value: ({ slot }) => slot },
  { zh: "人员编号", en: "person", width: 14, value: ({ person }) => person },
  { zh: "姓名", en: "name", width: 12, value: ({ name }) => name },
  { zh: "起", en: "from", value: ({ from }) => instantOf(from) },
  { zh: "止", en: "to", value: ({ to }) => instantOf(to) },
  { zh: "请假", en: "onLeave", width: 8, value: ({ onLeave }) => (onLeave ? "yes" : "no") },
  { zh: "顶替人", en: "substitutes", width: 16, value: ({ substitutes }) => substitutes.join("、") },
];

const TERMINAL_COLUMNS: readonly ExportColumn<TerminalView>[] = [
  { zh: "终端号", en: "Number", value: ({ phone }) => phone },
  { zh: "车辆 (终端自报)", en: "Vehicle (as it says)", value: ({ vehicle }) => vehicle },
  { zh: "状态", en: "State", width: 10, value: ({ status }) => status },
  { zh: "在线", en: "Online", width: 8, value: ({ online }) => (online ? "yes" : "no") },
  { zh: "制造商", en: "Maker", width: 14, value: ({ manufacturer }) => manufacturer },
  { zh: "型号", en: "Model", value: ({ model }) => model },
  { zh: "终端 ID", en: "Terminal id", value: ({ terminalId }) => terminalId },
  { zh: "首次注册", en: "First registered", value: ({ firstRegisteredAt }) => new Date(firstRegisteredAt) },
  { zh: "最近注册", en: "Last registered", value: ({ registeredAt }) => new Date(registeredAt) },
  { zh: "来源地址", en: "Address", value: ({ address }) => address },
];

/** Every list that can be had as a file. */
export const EXPORTED = {
  locks: { name: "locks", zh: "锁定", en: "Locks", columns: LOCK_COLUMNS },
  exposures: { name: "exposures", zh: "暴露", en: "Exposures", columns: EXPOSURE_COLUMNS },
  passages: { name: "passages", zh: "通过记录", en: "Passages", columns: PASSAGE_COLUMNS },
  visits: { name: "gate-passages", zh: "卡口通过", en: "Gate passages", columns: VISIT_COLUMNS },
  disagreements: { name: "disagreements", zh: "定位与收费不一致", en: "Disagreements", columns: DISAGREEMENT_COLUMNS },
  fenceEvents: { name: "fence-events", zh: "进出围栏", en: "Fence events", columns: FENCE_COLUMNS },
  vehicles: { name: "vehicles", zh: "车辆", en: "Vehicles", columns: VEHICLE_COLUMNS },
  areas: { name: "areas", zh: "风险区", en: "Risk areas", columns: AREA_COLUMNS },
  cases: { name: "cases", zh: "事项", en: "Cases", columns: CASE_COLUMNS },
  duties: { name: "duties", zh: "岗位", en: "Duties", columns: DUTY_COLUMNS },
  terminals: { name: "terminals", zh: "终端", en: "Terminals", columns: TERMINAL_COLUMNS },
} satisfies Record<string, ExportedList>;

/** Longest text that a cell of Excel holds. */
const CELL_MAX = 32_767;

function shapeOf({ geometry }: Area): string | null {
  const text = JSON.stringify(geometry);
  return text.length > CELL_MAX ? null : text;
}

function instantOf(instant: string | null): Date | null {
  return instant === null ? null : new Date(instant);
}
