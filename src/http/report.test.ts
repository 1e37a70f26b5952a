import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Area } from "../model/area.ts";
import type { CityView } from "../model/city.ts";
import type { Exposure, Lock, Passage } from "../model/finding.ts";
import type { Report } from "../model/report.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import type { Database } from "../store/database.ts";
import { openLedger, type Ledger } from "../store/ledger.ts";
import { createReportQueries } from "../store/report-queries.ts";
import { createTallyStore } from "../store/tally-store.ts";
import { zipEntries } from "../watch/zip-entries.ts";
import { findReportFont } from "./report-font.ts";
import { reportPdf } from "./report-pdf.ts";
import { printedReport } from "./report-sections.ts";
import { cityDay, reportSpan } from "./report-span.ts";
import { reportXlsx } from "./report-xlsx.ts";

const ZONE = "Asia/Shanghai";
const HOUR = 3_600_000;
const DAY = reportSpan("day", "2022-05-10", ZONE);
const CITY = {
  name: "新乡市",
  nameEn: "Xinxiang",
  timeZone: ZONE,
  gates: [{ id: "g4", name: "京港澳卫辉", nameEn: "G4 Weihui", line: [] }],
} as unknown as CityView;

let database: Database;
let ledger: Ledger;

beforeAll(async () => {
  database = await openTestDatabase();
  ledger = await openLedger(database);
  const { fromMs, toMs } = DAY;
  const area: Area = {
    id: "yard",
    version: 1,
    name: "牧野货场",
    level: "high",
    geometry: { type: "Point", coordinates: [113.9, 35.3] },
    from: null,
    to: null,
    source: null,
    state: "published",
    publishedAt: iso(fromMs),
  };
  await ledger.record({
    atMs: fromMs,
    standing: [{ kind: "area", cause: "area-published", body: area }],
    removals: [],
  });
  await ledger.record({
    atMs: fromMs + HOUR,
    standing: [
      exposure("a", fromMs, "observed"),
      exposure("b", fromMs + 2 * HOUR, "inferred"),
      exposure("c", toMs - 1, "observed"),
      // The next day begins at the city's midnight, eight hours before that of UTC.
      exposure("d", toMs, "observed"),
      passage("a", fromMs, "inbound"),
      passage("b", toMs - 1, "outbound"),
      passage("c", toMs, "inbound"),
      lock("a", { lockedMs: fromMs + HOUR, learntMs: fromMs + HOUR, releasedMs: fromMs + 3 * HOUR }),
      lock("b", { lockedMs: fromMs + 2 * HOUR, learntMs: fromMs + 2 * HOUR, releasedMs: fromMs + 8 * HOUR }),
      lock("c", { lockedMs: fromMs + 5 * HOUR, learntMs: fromMs + 5 * HOUR, releasedMs: toMs + HOUR }),
      lock("d", { lockedMs: fromMs + 6 * HOUR, learntMs: fromMs + 6 * HOUR, releasedMs: null }),
      lock("e", { lockedMs: toMs, learntMs: toMs, releasedMs: null }),
    ],
    removals: [],
  });
  await ledger.record({
    atMs: fromMs + 4 * HOUR,
    standing: [{ ...passage("late", fromMs + HOUR, "inbound"), cause: "late-fix" }],
    removals: [{ kind: "exposure", id: "exposure-none", cause: "late-fix" }],
  });
  const tallies = createTallyStore(database.kysely);
  await tallies.add(
    fromMs + HOUR,
    new Map([
      ["fixes", 100],
      ["late", 3],
      ["frames", 120],
      ["fault:checksum", 2],
    ]),
  );
  await tallies.add(
    fromMs + HOUR + 60_000,
    new Map([
      ["fixes", 50],
      ["fault:checksum", 1],
      ["fault:length", 9],
    ]),
  );
  await tallies.add(toMs, new Map([["fixes", 7000]]));
});
afterAll(() => database.close());

async function reportOf(kind: "day" | "week", date: string): Promise<Report> {
  const { date: first, fromMs, toMs, partMs } = reportSpan(kind, date, ZONE);
  const figures = await createReportQueries(database.kysely).report({ fromMs, toMs, partMs });
  return {
    kind,
    date: first,
    from: iso(fromMs),
    to: iso(toMs),
    madeAt: iso(toMs),
    over: true,
    ...withPassages(figures),
  };
}

function withPassages<Figures extends { passages: object }>({ passages, ...figures }: Figures) {
  return { ...figures, passages: { ...passages, kept: true } as Report["passages"] };
}

describe("the period of a report", () => {
  it.each([
    ["day", "2022-05-10", "2022-05-10", "2022-05-09T16:00:00.000Z", "2022-05-10T16:00:00.000Z"],
    ["week", "2022-05-10", "2022-05-09", "2022-05-08T16:00:00.000Z", "2022-05-15T16:00:00.000Z"],
    ["week", "2022-05-15", "2022-05-09", "2022-05-08T16:00:00.000Z", "2022-05-15T16:00:00.000Z"],
    ["week", "2022-05-16", "2022-05-16", "2022-05-15T16:00:00.000Z", "2022-05-22T16:00:00.000Z"],
  ] as const)("a %s with %s in it begins on %s", (kind, date, first, from, to) => {
    const span = reportSpan(kind, date, ZONE);
    expect([span.date, iso(span.fromMs), iso(span.toMs)]).toEqual([first, from, to]);
    expect(cityDay(span.fromMs, ZONE)).toBe(first);
  });

  it("has 23 hours where clocks are put forward", () => {
    const { fromMs, toMs } = reportSpan("day", "2022-03-27", "Europe/Berlin");
    expect((toMs - fromMs) / HOUR).toBe(23);
  });

  it("is refused for a day that the calendar does not have", () => {
    expect(() => reportSpan("day", "2022-02-30", ZONE)).toThrow(/the input is not valid/);
  });
});

describe("a day's report", () => {
  it("counts what happened between two midnights of the city", async () => {
    const report = await reportOf("day", "2022-05-10");
    expect(report.exposures).toMatchObject({ observed: 2, inferred: 1, vehicles: 3 });
    expect(report.exposures.areas).toEqual([
      { area: "yard", name: "牧野货场", level: "high", observed: 2, inferred: 1, vehicles: 3 },
    ]);
    expect(report.passages).toMatchObject({
      inbound: 2,
      outbound: 1,
      gates: [{ gate: "g4", inbound: 2, outbound: 1 }],
    });
    expect(report.passages.parts).toHaveLength(24);
    expect(report.passages.parts[1]).toMatchObject({ inbound: 1, locks: 1 });
    expect(report.passages.parts[23]).toMatchObject({ outbound: 1, exposures: 1 });
  });

  it("keeps opened, released and still open apart, and says how long a release took", async () => {
    const { locks } = await reportOf("day", "2022-05-10");
    expect(locks).toEqual({
      opened: 4,
      released: 2,
      expired: 0,
      open: 2,
      toRelease: { medianS: 4 * 3600, longestS: 6 * 3600 },
    });
    expect((await reportOf("day", "2022-05-11")).locks).toMatchObject({ opened: 1, released: 1, open: 2 });
  });

  it("names what late data changed, what was refused on the wire, and which areas were published", async () => {
    const { late, intake, areas, cases } = await reportOf("day", "2022-05-10");
    expect(late).toEqual({ opened: 1, revised: 0, withdrawn: 0 });
    expect(intake).toMatchObject({
      fixes: 150,
      late: 3,
      aside: 0,
      frames: 120,
      rejected: [
        { reason: "length", count: 9 },
        { reason: "checksum", count: 3 },
      ],
    });
    expect(areas).toMatchObject({ published: 1, edited: 0, withdrawn: 0, list: [{ id: "yard", change: "published" }] });
    expect(cases).toBeNull();
  });

  it("of a day without anything says so with zeros, not with an error", async () => {
    const report = await reportOf("day", "2021-01-01");
    expect(report).toMatchObject({
      locks: { opened: 0, open: 0, toRelease: null },
      exposures: { areas: [] },
      intake: null,
    });
  });

  it("is part of its week", async () => {
    const week = await reportOf("week", "2022-05-12");
    expect(week.exposures.observed).toBe(3);
    expect(week.passages.parts).toHaveLength(7);
    expect(week.intake?.fixes).toBe(7150);
  });
});

describe("a report on paper", () => {
  it.each(["zh", "en"] as const)("holds its words and figures as text with the font inside, in %s", async (lang) => {
    const report = await reportOf("day", "2022-05-10");
    const printed = printedReport(report, CITY, lang);
    const deleted = printedReport({ ...report, passages: { ...report.passages, kept: false } }, CITY, lang);
    expect(deleted.sections.map(({ note }) => note)).toContainEqual(
      expect.stringContaining(lang === "zh" ? "可能已删除" : "may have been deleted"),
    );
    expect(JSON.stringify(printed.sections)).not.toMatch(/可能已删除|may have been deleted/u);
    const pdf = await reportPdf(printed, await findReportFont(undefined), lang);
    const text = await textOf(pdf);
    const wanted = {
      zh: ["新乡市 · 日报", "2022-05-10", "牧野货场", "京港澳卫辉", "人工解除", "拒收: length", "还没有事项"],
      en: ["Xinxiang · Report of the day", "G4 Weihui", "Released by a person", "牧野货场", "No cases yet"],
    };
    for (const words of wanted[lang]) expect(text).toContain(words);
    expect(pdf.length).toBeLessThan(400_000);
    expect(pdf.includes("FontFile3")).toBe(true);
  });

  it("goes on over pages, with the table's head on each", async () => {
    const report = await reportOf("day", "2022-05-10");
    const many = Array.from({ length: 130 }, (_, index) => ({ ...report.exposures.areas[0], name: `片区 ${index}` }));
    const printed = printedReport({ ...report, exposures: { ...report.exposures, areas: many } }, CITY, "zh");
    const pdf = await reportPdf(printed, await findReportFont(undefined), "zh");
    const text = await textOf(pdf);
    expect(text).toContain("片区 129");
    expect(text.match(/风险区 等级 实测/g)?.length).toBeGreaterThan(2);
    expect(text).toMatch(/4 \/ \d/);
  });

  it("that finds no font says what to install", async () => {
    await expect(findReportFont("/nowhere/font.ttf")).rejects.toThrow(/nowhere/);
  });

  it("as a workbook has a sheet for each part", async () => {
    const file = await reportXlsx(printedReport(await reportOf("day", "2022-05-10"), CITY, "zh"));
    const parts = zipEntries(file, (name) => name.endsWith(".xml"));
    const book = parts.get("xl/workbook.xml")!.toString();
    for (const sheet of ["锁定", "暴露", "卡口通过", "接入与迟到数据", "风险区变动", "事项办理"])
      expect(book).toContain(`name="${sheet}"`);
    expect(parts.get("xl/sharedStrings.xml")!.toString()).toContain("牧野货场");
  });
});

async function textOf(pdf: Buffer): Promise<string> {
  const task = getDocument({ data: new Uint8Array(pdf), verbosity: 0 });
  const document = await task.promise;
  let text = "";
  for (let number = 1; number <= document.numPages; number++) {
    const { items } = await (await document.getPage(number)).getTextContent();
    text += ` ${items.map((item) => ("str" in item ? item.str : "")).join(" ")}`;
  }
  await task.destroy();
  return text.replaceAll(/\s+/g, " ");
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function exposure(vehicle: string, exposedMs: number, certainty: Exposure["certainty"]) {
  const place = { time: iso(exposedMs), lon: 113.9, lat: 35.3 };
  const body: Exposure = {
    id: `exposure-${vehicle}`,
    vehicle,
    area: "yard",
    areaVersion: 1,
    rule: "exposure",
    ruleVersion: 1,
    certainty,
    start: iso(exposedMs - 600_000),
    end: null,
    exposedAt: iso(exposedMs),
    durationS: 600,
    minDistanceM: 10,
    nearest: place,
    unknownShare: 0,
    entered: { ...place, before: null, after: null },
    left: null,
  };
  return { kind: "exposure" as const, cause: "live" as const, body, lastMs: exposedMs, lockMs: null, enteredMs: null };
}

function passage(vehicle: string, timeMs: number, direction: Passage["direction"]) {
  const body: Passage = {
    id: `passage-${vehicle}`,
    vehicle,
    gate: "g4",
    direction,
    time: iso(timeMs),
    lon: 113.9,
    lat: 35.3,
  };
  return { kind: "passage" as const, cause: "live" as const, body };
}

function lock(vehicle: string, times: { lockedMs: number; learntMs: number; releasedMs: number | null }) {
  const { lockedMs, learntMs, releasedMs } = times;
  const body: Lock = {
    id: `lock-${vehicle}`,
    vehicle,
    state: releasedMs === null ? "live" : "released",
    lockedAt: iso(lockedMs),
    learntAt: iso(learntMs),
    exposedAt: iso(lockedMs),
    expiresAt: iso(lockedMs + 14 * 24 * HOUR),
    exposures: [],
    enteredAt: null,
    release: releasedMs === null ? null : { by: "王芳", reason: "r", evidence: "e", at: iso(releasedMs) },
  };
  return { kind: "lock" as const, cause: "live" as const, body };
}
