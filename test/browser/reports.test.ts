import type { Browser, Page } from "playwright-core";
import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";
import { parse } from "csv-parse/sync";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lock, Passage } from "../../src/model/finding.ts";
import type { Vehicle } from "../../src/model/vehicle.ts";
import type { Report } from "../../src/model/report.ts";
import { zipEntries } from "../../src/watch/zip-entries.ts";
import { launchBrowser, openConsole, openPage } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { isSound, shows, showsNot } from "./seen.ts";

let browser: Browser;
let server: RunningServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  await itemsOf<Lock>(server.url, "/locks?state=live", 1);
  await itemsOf<Passage>(server.url, "/passages", 5);
  await itemsOf<Vehicle>(server.url, "/vehicles?limit=1000", 102);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function cityDay(): Promise<string> {
  const { cityTimeMs } = (await (await fetch(`${server.url}/api/v1/status`)).json()) as { cityTimeMs: number };
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short" }).format(cityTimeMs);
}

/** The day that a page shows, `2026-11-24`. */
const dayOf = (page: Page): string => new URL(page.url()).pathname.split("/").at(-1)!;

const daysBefore = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);

/** Today's report, or yesterday's while nothing has happened since the city's midnight. */
async function reportWithExposures(): Promise<Report> {
  const today = await cityDay();
  for (const date of [today, daysBefore(today, 1)]) {
    const report = await reportOf("day", date);
    if (report.exposures.areas.length > 0) return report;
  }
  throw new Error(`no exposure on ${today} and the day before`);
}

async function reportOf(kind: string, date: string): Promise<Report> {
  return (await (await fetch(`${server.url}/api/v1/reports/${kind}/${date}`)).json()) as Report;
}

async function fileOf(page: Page, name: string): Promise<{ name: string; bytes: Buffer }> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(".panel .export a", { hasText: name }).first().click(),
  ]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

describe.each(["zh", "en"] as const)("the day's report in %s", (language) => {
  it("is a page without faults that fits 1366 × 768 and asks nobody else", async () => {
    const theme = language === "zh" ? "light" : "dark";
    const opened = await openConsole(browser, `${server.url}/reports`, { language, theme, width: 1366, height: 768 });
    const { page, context } = opened;
    await page.waitForURL(/\/reports\/day\/\d{4}-\d\d-\d\d$/);
    await page.locator(".report .section").nth(5).waitFor();
    await isSound(opened);
    await context.close();
  });
});

describe("a report", () => {
  it("is today's by the city's clock, also before the server has told it and where the machine's is another", async () => {
    const { page, context } = await openPage(browser, { viewport: { width: 1366, height: 768 }, locale: "zh-CN" });
    await context.request.post(`${server.url}/api/v1/session/purpose`, { data: { purpose: "checkpoint" } });
    await page.clock.setSystemTime(Date.now() - 3 * 86_400_000);
    await page.route("**/api/v1/stream*", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 3000));
      await route.continue();
    });
    const from = await cityDay();
    await page.goto(`${server.url}/reports`);
    await page.waitForURL(/\/reports\/day\/\d{4}-\d\d-\d\d$/);
    // The city's midnight may come meanwhile.
    expect([from, await cityDay()]).toContain(dayOf(page));
    await context.close();
  });

  it("shows the figures that the API answers, by gate and by area, and cases apart from silence", async () => {
    const report = await reportWithExposures();
    const { page, context } = await openConsole(browser, `${server.url}/reports/day/${report.date}`);
    await page.locator(".report .section").nth(5).waitFor();
    // The page asks again every 30 s, and gates may pass their first vehicle between two questions.
    const gates = page.getByRole("table", { name: "卡口通过" }).locator("tbody tr");
    await expect.poll(() => gates.count()).toBeGreaterThanOrEqual(report.passages.gates.length);
    const [area] = report.exposures.areas;
    await page.getByRole("table", { name: "暴露" }).locator("tbody").getByText(area.name).first().waitFor();
    await page.locator(".report").getByText("事项办理").first().waitFor();
    await context.close();
  });

  it("goes to the days before, to the week, and back by the browser's own way, with the keyboard", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/`);
    await page.locator(".rail-head").waitFor();
    await page.keyboard.press("6");
    await page.waitForURL(/\/reports\/day\//);
    const today = dayOf(page);
    // The demo begins half a day ago: yesterday may have seen some of it, the day before has not.
    for (const days of [1, 2]) {
      await page.getByRole("link", { name: "前一期" }).press("Enter");
      await page.waitForURL(new RegExp(`/reports/day/${daysBefore(today, days)}$`, "u"));
    }
    const before = daysBefore(today, 2);
    await page.getByText("这一时段没有接入计数").waitFor();
    await page.getByRole("button", { name: "周报" }).press("Enter");
    await page.waitForURL(/\/reports\/week\//);
    await page.locator(".report-period", { hasText: / 至 / }).waitFor();
    await page.goBack();
    await page.waitForURL(new RegExp(`/reports/day/${before}$`));
    await showsNot(page.locator(".report-period"), " 至 ");
    await context.close();
  });

  it("is saved as PDF with its Chinese text, and as a workbook with a sheet for each part", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/reports`);
    await page.locator(".report .section").nth(5).waitFor();
    const pdf = await fileOf(page, "PDF");
    expect(pdf.name).toMatch(/新乡市 · 日报 .*\.pdf$/);
    const task = getDocument({ data: new Uint8Array(pdf.bytes), verbosity: 0 });
    const { items } = await (await (await task.promise).getPage(1)).getTextContent();
    const text = items.map((item) => ("str" in item ? item.str : "")).join(" ");
    expect(text).toContain("卡口通过");
    await task.destroy();
    const book = await fileOf(page, "XLSX");
    expect(
      zipEntries(book.bytes, (name) => name === "xl/workbook.xml")
        .get("xl/workbook.xml")!
        .toString(),
    ).toContain("卡口通过");
    await context.close();
  });

  it("of a day that the calendar does not have is refused with the reason", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/reports/day/2026-02-30`);
    const failed = page.locator(".panel .failed");
    await shows(failed, "报告没有读成");
    await context.close();
  });
});

describe("every table", () => {
  it.each([
    ["/locks", "锁定"],
    ["/vehicles", "车辆"],
    ["/areas", "风险区"],
    ["/cases", "事项"],
    ["/gate/g4-weihui", "卡口通过"],
  ])("of %s is saved as CSV with every row of the list", async (path, name) => {
    const { page, context, errors } = await openConsole(browser, server.url + path);
    await page.locator(".panel .export").first().waitFor();
    const file = await fileOf(page, "CSV");
    expect(file.name).toBe(`${name}.csv`);
    const rows: string[][] = parse(file.bytes, { bom: true });
    if (path === "/vehicles") {
      const { items } = (await (await fetch(`${server.url}/api/v1/vehicles?limit=1000`)).json()) as { items: object[] };
      expect(rows.length - 1).toBeGreaterThan(100);
      expect(rows.length - 1).toBeLessThanOrEqual(items.length);
    }
    expect(rows[0].every((cell) => cell !== "")).toBe(true);
    expect(errors).toEqual([]);
    await context.close();
  });
});
