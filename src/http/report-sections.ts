import type { CityView } from "../model/city.ts";
import type { Report } from "../model/report.ts";
import { cityTime, type FileLanguage } from "./export-table.ts";

/** A cell of a printed table; numbers stand at the right. */
export type ReportCell = string | number;

/** A report's part: a title and a table, or the sentence that says why there is none. */
export interface ReportSection {
  title: string;
  /** What the figures count, where it is not plain. */
  note?: string;
  head: string[];
  rows: ReportCell[][];
  /** Said when there are no rows. */
  empty: string;
}

export interface PrintedReport {
  title: string;
  /** `2026-11-23`, or `2026-11-23 – 2026-11-29`. */
  period: string;
  made: string;
  sections: ReportSection[];
}

const DAY_MS = 86_400_000;

/** A report in words, as it is printed and put into sheets. */
export function printedReport(report: Report, city: CityView, lang: FileLanguage): PrintedReport {
  const t = WORDS[lang];
  const time = (instant: string): string => cityTime(new Date(instant), city.timeZone);
  const lastDay = cityTime(new Date(Date.parse(report.to) - DAY_MS / 2), city.timeZone).slice(0, 10);
  return {
    title: `${lang === "zh" ? city.name : city.nameEn} · ${t.title[report.kind]}`,
    period: report.kind === "day" ? report.date : `${report.date} – ${lastDay}`,
    made: `${t.made} ${time(report.madeAt)}${report.over ? "" : ` · ${t.notOver}`}`,
    sections: [
      lockSection(report, lang),
      exposureSection(report, lang),
      passageSection(report, city, lang),
      intakeSection(report, time, lang),
      areaSection(report, time, lang),
      caseSection(report, lang),
    ],
  };
}

function lockSection({ locks }: Report, lang: FileLanguage): ReportSection {
  const t = WORDS[lang].locks;
  const rows: ReportCell[][] = [
    [t.opened, locks.opened],
    [t.released, locks.released],
    [t.expired, locks.expired],
    [t.open, locks.open],
  ];
  if (locks.toRelease !== null) {
    rows.push(
      [t.median, duration(locks.toRelease.medianS, lang)],
      [t.longest, duration(locks.toRelease.longestS, lang)],
    );
  }
  return { title: t.title, head: [t.what, t.count], rows, empty: "" };
}

function exposureSection({ exposures }: Report, lang: FileLanguage): ReportSection {
  const t = WORDS[lang].exposures;
  const { observed, inferred, vehicles, areas } = exposures;
  const rows: ReportCell[][] = areas.map((area) => [
    area.name,
    WORDS[lang].level[area.level],
    area.observed,
    area.inferred,
    area.vehicles,
  ]);
  if (rows.length > 0) rows.push([t.all, "", observed, inferred, vehicles]);
  return { title: t.title, note: t.note, head: t.head, rows, empty: t.empty };
}

function passageSection({ passages }: Report, city: CityView, lang: FileLanguage): ReportSection {
  const t = WORDS[lang].passages;
  const rows: ReportCell[][] = passages.gates.map(({ gate: id, inbound, outbound }) => {
    const gate = city.gates.find((one) => one.id === id);
    const name = gate === undefined ? id : lang === "zh" ? gate.name : (gate.nameEn ?? gate.name);
    return [name, inbound, outbound, inbound + outbound];
  });
  if (rows.length > 0) {
    rows.push([t.all, passages.inbound, passages.outbound, passages.inbound + passages.outbound]);
  }
  return { title: t.title, ...(!passages.kept && { note: t.deleted }), head: t.head, rows, empty: t.empty };
}

function intakeSection({ intake, late }: Report, time: (at: string) => string, lang: FileLanguage): ReportSection {
  const t = WORDS[lang].intake;
  const rows: ReportCell[][] = [
    [t.lateOpened, late.opened],
    [t.lateRevised, late.revised],
    [t.lateWithdrawn, late.withdrawn],
  ];
  if (intake !== null) {
    rows.unshift([t.fixes, intake.fixes], [t.late, intake.late], [t.aside, intake.aside], [t.frames, intake.frames]);
    for (const { reason, count } of intake.rejected) rows.push([`${t.rejected}: ${reason}`, count]);
  }
  const note = intake === null ? t.notCounted : `${t.since} ${time(intake.since)}`;
  return { title: t.title, note, head: [t.what, t.count], rows, empty: "" };
}

function areaSection({ areas }: Report, time: (at: string) => string, lang: FileLanguage): ReportSection {
  const t = WORDS[lang].areas;
  const { level } = WORDS[lang];
  return {
    title: `${t.title} · ${t.published} ${areas.published} · ${t.edited} ${areas.edited} · ${t.withdrawn} ${areas.withdrawn}`,
    head: t.head,
    rows: areas.list.map((area) => [time(area.at), t[area.change], area.name, level[area.level]]),
    empty: t.empty,
  };
}

function caseSection({ cases }: Report, lang: FileLanguage): ReportSection {
  const t = WORDS[lang].cases;
  if (cases === null) return { title: t.title, head: [t.what, t.count], rows: [], empty: t.empty };
  const { outcomes, confirmations } = cases;
  const rows: ReportCell[][] = [
    [t.opened, cases.opened],
    [t.closed, cases.closed],
    [t.open, cases.open],
    ...Object.entries(outcomes).map(([name, count]) => [t[name as keyof typeof outcomes], count]),
    ...Object.entries(confirmations).map(([name, count]) => [t[name as keyof typeof confirmations], count]),
  ];
  return { title: t.title, note: t.note, head: [t.what, t.count], rows, empty: "" };
}

function duration(seconds: number, lang: FileLanguage): string {
  const minutes = Math.round(seconds / 60);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return lang === "zh" ? `${hours} 小时 ${rest} 分` : `${hours} h ${rest} min`;
}

const WORDS = {
  zh: {
    title: { day: "日报", week: "周报" },
    made: "生成于",
    notOver: "尚未结束，数字还会变化",
    level: { high: "高风险", medium: "中风险" },
    locks: {
      title: "锁定",
      what: "事项",
      count: "数量",
      opened: "新锁定",
      released: "人工解除",
      expired: "到期",
      open: "期末未结",
      median: "得知到解除，中位",
      longest: "得知到解除，最长",
    },
    exposures: {
      title: "暴露",
      note: "停留满规则时长的次数；“推断”含停驻间隙。",
      head: ["风险区", "等级", "实测", "推断", "车辆"],
      all: "合计",
      empty: "没有暴露",
    },
    passages: {
      title: "卡口通过",
      head: ["卡口", "入城", "出城", "合计"],
      all: "合计",
      empty: "没有通过记录",
      deleted: "通过记录已过保留期，可能已删除；数字只反映尚存的记录",
    },
    intake: {
      title: "接入与迟到数据",
      what: "事项",
      count: "数量",
      since: "计数始于",
      notCounted: "这一时段没有接入计数。",
      fixes: "定位",
      late: "迟到的定位",
      aside: "未采用的定位 (无效、隔离)",
      frames: "数据帧",
      rejected: "拒收",
      lateOpened: "因迟到数据新增的发现",
      lateRevised: "因迟到数据修订的发现",
      lateWithdrawn: "因迟到数据撤回的发现",
    },
    areas: {
      title: "风险区变动",
      head: ["时间", "变动", "名称", "等级"],
      published: "发布",
      edited: "修改",
      withdrawn: "撤销",
      empty: "没有变动",
    },
    cases: {
      title: "事项办理",
      note: "结果由办理人填报；当事人没有表态不算认可。",
      what: "事项",
      count: "数量",
      empty: "还没有事项",
      opened: "新开",
      closed: "办结",
      open: "期末未结",
      resolved: "已解决",
      unresolved: "未解决",
      unfounded: "不属实",
      duplicate: "重复",
      confirmed: "当事人认可",
      contested: "当事人有异议",
      none: "当事人未表态",
    },
  },
  en: {
    title: { day: "Report of the day", week: "Report of the week" },
    made: "Made",
    notOver: "not over yet, figures still change",
    level: { high: "high", medium: "medium" },
    locks: {
      title: "Locks",
      what: "What",
      count: "Number",
      opened: "New locks",
      released: "Released by a person",
      expired: "Expired",
      open: "Open at the end",
      median: "Learnt until released, median",
      longest: "Learnt until released, longest",
    },
    exposures: {
      title: "Exposures",
      note: "Stays that reached the rule's time; inferred ones need parked gaps.",
      head: ["Area", "Level", "Observed", "Inferred", "Vehicles"],
      all: "All",
      empty: "No exposures",
    },
    passages: {
      title: "Passages of gates",
      head: ["Gate", "Inbound", "Outbound", "All"],
      all: "All",
      empty: "No passages",
      deleted: "Passages of this time are past retention and may have been deleted; the figures are of what is left",
    },
    intake: {
      title: "Intake and late data",
      what: "What",
      count: "Number",
      since: "Counted since",
      notCounted: "Nothing of this time was counted.",
      fixes: "Fixes",
      late: "Fixes that came late",
      aside: "Fixes put aside (invalid, quarantined)",
      frames: "Frames",
      rejected: "Refused",
      lateOpened: "Findings added by late data",
      lateRevised: "Findings revised by late data",
      lateWithdrawn: "Findings withdrawn by late data",
    },
    areas: {
      title: "Risk areas",
      head: ["Time", "Change", "Name", "Level"],
      published: "published",
      edited: "edited",
      withdrawn: "withdrawn",
      empty: "No changes",
    },
    cases: {
      title: "Cases",
      note: "Outcomes are said by whoever closed them; silence of those concerned is no consent.",
      what: "What",
      count: "Number",
      empty: "No cases yet",
      opened: "Opened",
      closed: "Closed",
      open: "Open at the end",
      resolved: "Resolved",
      unresolved: "Not resolved",
      unfounded: "Unfounded",
      duplicate: "Duplicate",
      confirmed: "Confirmed by those concerned",
      contested: "Contested by those concerned",
      none: "Nothing said by those concerned",
    },
  },
};
