import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { CaseSummary } from "../../src/model/case.ts";
import type { Lock } from "../../src/model/finding.ts";
import { accessibilityFaults, launchBrowser } from "./browser.ts";
import { sendTruck, type OwnTruck } from "./own-truck.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";

/** Within 800 m of the risk area west of the city, and in the grid whose head and deputy have the demo's accounts. */
const NEAR = [113.283, 35.2065] as const;
const GRID = [114.0255, 35.263] as const;
/** A phone asks by itself every 30 s; what it hears comes long before. */
const HEARD = { timeout: 20_000 };
const PATIENT = { timeout: 45_000 };
const SIZES = [
  { width: 390, height: 844 },
  { width: 360, height: 640 },
];

let browser: Browser;
let server: RunningServer;
let opened: BrowserContext[] = [];
let trucks: OwnTruck[] = [];

beforeAll(async () => {
  const demo = startDemo(["--demo-speed", "1", "--demo-trucks", "20"]);
  [browser, server] = await Promise.all([launchBrowser(), demo]);
});
afterEach(async () => {
  for (const context of opened.splice(0)) await context.close();
  for (const truck of trucks.splice(0)) truck.stop();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function answer<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  return (await (await fetch(`${server.url}/api/v1${path}`, init)).json()) as Answer;
}

/** A truck that was near the risk area and now stands in the grid; its case. */
async function lockedCase(plate: string, phone: string): Promise<CaseSummary> {
  const cityTimeMs = async (): Promise<number> => (await answer<{ cityTimeMs: number }>("/status")).cityTimeMs;
  const truck = await sendTruck({ port: server.jt808Port, plate, phone, near: NEAR, to: GRID, cityTimeMs });
  trucks.push(truck);
  const locks = (): Promise<Lock[]> => itemsOf<Lock>(server.url, "/locks?state=live", 1, 30_000);
  await expect.poll(async () => (await locks()).some(({ vehicle }) => vehicle === truck.vehicle), PATIENT).toBe(true);
  const lock = (await locks()).find(({ vehicle }) => vehicle === truck.vehicle)!;
  const [found] = await itemsOf<CaseSummary>(server.url, `/cases?lock=${lock.id}`, 1, 30_000);
  return found;
}

interface Phone {
  page: Page;
  context: BrowserContext;
  errors: string[];
}

async function openPhone(account: string, viewport = SIZES[0], language: "zh" | "en" = "zh"): Promise<Phone> {
  const context = await browser.newContext({
    viewport,
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    permissions: ["geolocation"],
    geolocation: { longitude: GRID[0] + 0.0008, latitude: GRID[1], accuracy: 12 },
  });
  opened.push(context);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  await page.addInitScript((chosen) => localStorage.setItem("wuxing.language", chosen), language);
  await page.goto(`${server.url}/m/`);
  await page.locator("input[autocomplete=username]").fill(account);
  await page.locator("input[type=password]").fill("wuxing-demo");
  await page.locator("button[type=submit]").click();
  await page.getByRole("navigation").first().waitFor(PATIENT);
  return { page, context, errors };
}

/** What a thumb of sixty misses, and what its eyes do not read: smaller than 48 px, below 17 px (tabs: 15), beyond the edge. */
function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const nameOf = (element: Element): string => `${element.tagName} "${element.textContent.slice(0, 20)}"`;
    for (const target of document.querySelectorAll("button, a, [role=button], .adm-tab-bar-item")) {
      const { width, height, left, right } = target.getBoundingClientRect();
      if (width === 0 || height < 2) continue;
      if (width < 47.5 || height < 47.5)
        faults.push(`${nameOf(target)} is ${Math.round(width)} by ${Math.round(height)}`);
      if (left < 0 || right > innerWidth + 0.5) faults.push(`${nameOf(target)} is beyond the edge`);
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
      const parent = text.parentElement!;
      if (text.textContent!.trim() === "" || parent.closest(".adm-badge") !== null) continue;
      const least = parent.closest(".adm-tab-bar-item") === null ? 17 : 15;
      const size = Number.parseFloat(getComputedStyle(parent).fontSize);
      if (size < least) faults.push(`${nameOf(parent)} has ${size} px`);
    }
    if (document.documentElement.scrollWidth > innerWidth) faults.push("the page is wider than the phone");
    return faults;
  });
}

describe("13. The grid member's phone", () => {
  it("hears of a new task, and of what another does to it, without a reload; what it was told stands in its notices", async () => {
    const head = await openPhone("grid");
    const deputy = await openPhone("deputy");
    await head.page.getByText("目前没有任务").waitFor(PATIENT);
    await deputy.page.waitForTimeout(3000);
    const { id, title } = await lockedCase("豫G70011", "13900070011");
    for (const { page } of [head, deputy]) await page.getByRole("link", { name: title.zh.slice(0, 8) }).waitFor(HEARD);
    await head.page.getByRole("link", { name: /消息，\d+ 条未读/ }).click();
    await head.page.getByText(`${title.zh} · 待接单`).waitFor(PATIENT);
    expect(await accessibilityFaults(head.page)).toEqual([]);
    await head.page.getByRole("link", { name: "消息", exact: true }).waitFor(PATIENT);
    await head.page.getByRole("link", { name: "打开任务" }).first().click();
    await head.page.getByRole("button", { name: "接单", exact: true }).click();
    await head.page.getByRole("dialog").getByRole("button", { name: "接单", exact: true }).click();
    await deputy.page.getByText("联系司机", { exact: true }).waitFor(HEARD);
    expect((await answer<CaseSummary>(`/cases/${id}`)).state).toBe("taken");
    expect([...head.errors, ...deputy.errors]).toEqual([]);
  }, 200_000);

  it.each(SIZES)(
    "fits a thumb and old eyes at %o, in both languages, with tasks and without",
    async (size) => {
      await lockedCase(`豫G7002${size.width % 10}`, `1390007002${size.width % 10}`);
      for (const language of ["zh", "en"] as const) {
        const { page, errors } = await openPhone("grid", size, language);
        const faults: Record<string, string[]> = {};
        const look = async (name: string): Promise<void> => {
          faults[name] = await faultsOf(page);
        };
        await page.locator("a.work-card").first().waitFor(PATIENT);
        await look("work");
        await page.locator("a.work-card").first().click();
        await page.locator(".task-actions button").first().waitFor();
        await look("task");
        await page.locator(".task-actions button").first().click();
        await page.getByRole("dialog").waitFor();
        await look("sheet");
        for (const path of ["notices", "waiting", "grid"]) {
          await page.goto(`${server.url}/m/${path}`);
          await page.getByRole("navigation").first().waitFor(PATIENT);
          await look(path);
        }
        expect(faults).toEqual({ work: [], task: [], sheet: [], notices: [], waiting: [], grid: [] });
        expect(errors).toEqual([]);
      }
    },
    200_000,
  );

  it("is installable, and opens without a network with everything of its grid and what it was told", async () => {
    const { title } = await lockedCase("豫G70031", "13900070031");
    const { page, context, errors } = await openPhone("grid");
    await page.getByRole("link", { name: title.zh.slice(0, 8) }).waitFor(PATIENT);
    const manifest = await (await fetch(`${server.url}/m/app.webmanifest`)).json();
    expect(manifest).toMatchObject({ start_url: "/m/", scope: "/m/", display: "standalone" });
    expect((manifest as { icons: { sizes: string }[] }).icons.map(({ sizes }) => sizes)).toEqual(
      expect.arrayContaining(["192x192", "512x512"]),
    );
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    await page.reload();
    await context.setOffline(true);
    await page.reload();
    await page.getByRole("link", { name: title.zh.slice(0, 8) }).waitFor(PATIENT);
    await page.getByText(/离线：显示本机保存的任务/).waitFor(PATIENT);
    await page.getByRole("link", { name: /消息/ }).click();
    await page.getByText(`${title.zh} · 待接单`).waitFor(PATIENT);
    expect(errors).toEqual([]);
  }, 200_000);

  it("shows a supervisor what is late and vacant, place by place down to the grid", async () => {
    const { page, errors } = await openPhone("county", SIZES[1]);
    await page.getByRole("navigation").getByText("督办").click();
    const rows = page.getByRole("table").getByRole("row");
    await rows.nth(1).waitFor(PATIENT);
    expect(await rows.first().getByRole("columnheader").allTextContents()).toEqual(["地区", "超时", "空岗", "进行中"]);
    expect(await faultsOf(page)).toEqual([]);
    const vacant = page.locator(".oversee-figures dd").nth(1);
    expect(await vacant.textContent()).toMatch(/^▲ \d+$/);
    const first = rows.nth(1).getByRole("button");
    const name = (await first.textContent())!.replace(" ›", "");
    await first.click();
    await page.getByRole("navigation", { name: "按地区" }).getByText(name).waitFor(PATIENT);
    await page.getByRole("navigation", { name: "按地区" }).getByRole("button").first().click();
    await rows.nth(1).getByText(name).waitFor(PATIENT);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(errors).toEqual([]);
  }, 120_000);

  it("lets a driver say where the truck goes, step by step; its case goes there until somebody takes it", async () => {
    const { id } = await lockedCase("豫G70041", "13900070041");
    const headers = { "x-purpose": "case-work" };
    const { token } = await answer<{ token: string }>(`/cases/${id}/driver-link`, { method: "POST", headers });
    const context = await browser.newContext({ viewport: SIZES[1], isMobile: true, hasTouch: true });
    opened.push(context);
    const page = await context.newPage();
    await page.goto(`${server.url}/m/d/${token}`);
    await page.getByRole("button", { name: "填写目的地" }).click(PATIENT);
    const places = page.locator(".destination-places button");
    await places.nth(1).waitFor(PATIENT);
    const name = (await places.nth(1).textContent())!;
    await places.nth(1).click();
    await page.getByText(`或逐级选择 › ${name}`).waitFor(PATIENT);
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole("button", { name: `去 ${name}` }).click();
    await page.getByText("由司机本人申报").waitFor(PATIENT);
    await expect
      .poll(async () => (await answer<CaseSummary>(`/cases/${id}`, { headers })).placeName, PATIENT)
      .toBe(name);
  }, 120_000);
});
