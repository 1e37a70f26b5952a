import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { CaseSummary } from "../../src/model/case.ts";
import { launchBrowser, openPage, type PageOptions, type WatchedPage } from "./browser.ts";
import { sendTruck, type OwnTruck } from "./own-truck.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { isAccessible, shows, stands } from "./seen.ts";

/** Within 800 m of the risk area west of the city, and in the grid whose head and deputy have the demo's accounts. */
const NEAR = [113.283, 35.2065] as const;
const GRID = [114.0255, 35.263] as const;
const SIZES = [
  { width: 390, height: 844 },
  { width: 360, height: 640 },
];

let browser: Browser;
let server: RunningServer;
let trucks: OwnTruck[] = [];
/** No truck is sent twice. */
let lastNumber = 70_010;

beforeAll(async () => {
  const demo = startDemo(["--demo-speed", "1", "--demo-trucks", "20"]);
  [browser, server] = await Promise.all([launchBrowser(), demo]);
});
afterEach(async () => {
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
async function lockedCase(): Promise<CaseSummary> {
  const cityTimeMs = async (): Promise<number> => (await answer<{ cityTimeMs: number }>("/status")).cityTimeMs;
  const number = ++lastNumber;
  const story = { plate: `豫G${number}`, phone: `139000${number}`, near: NEAR, to: GRID, cityTimeMs };
  const truck = await sendTruck({ port: server.jt808Port, ...story });
  trucks.push(truck);
  const [found] = await itemsOf<CaseSummary>(server.url, `/cases?subject=${encodeURIComponent(truck.vehicle)}`, 1);
  return found;
}

/** Its errors are those of the program: without a network requests fail. */
async function openPhone(
  account: string,
  viewport = SIZES[0],
  language: "zh" | "en" = "zh",
  options: PageOptions = {},
): Promise<WatchedPage> {
  const watched = await openPage(browser, {
    ...options,
    viewport,
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    permissions: ["geolocation"],
    geolocation: { longitude: GRID[0] + 0.0008, latitude: GRID[1], accuracy: 12 },
  });
  const { page } = watched;
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  await page.addInitScript((chosen) => localStorage.setItem("wuxing.language", chosen), language);
  await page.goto(`${server.url}/m/`);
  await page.locator("input[autocomplete=username]").fill(account);
  await page.locator("input[type=password]").fill("wuxing-demo");
  await page.locator("button[type=submit]").click();
  await page.getByRole("navigation").first().waitFor();
  return { ...watched, errors };
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
    // A phone asks by itself every half minute; these do not.
    const head = await openPhone("grid", SIZES[0], "zh", { rounds: false });
    const deputy = await openPhone("deputy", SIZES[0], "zh", { rounds: false });
    for (const { page } of [head, deputy]) await page.getByText("目前没有任务").waitFor();
    const { id, title } = await lockedCase();
    for (const { page } of [head, deputy]) await page.getByRole("link", { name: title.zh.slice(0, 8) }).waitFor();
    await head.page.getByRole("link", { name: /消息，\d+ 条未读/ }).click();
    await head.page.getByText(`${title.zh} · 待接单`).waitFor();
    await isAccessible(head.page);
    await head.page.getByRole("link", { name: "消息", exact: true }).waitFor();
    await head.page.getByRole("link", { name: "打开任务" }).first().click();
    await head.page.getByRole("button", { name: "接单", exact: true }).click();
    await head.page.getByRole("dialog").getByRole("button", { name: "接单", exact: true }).click();
    await deputy.page.getByText("联系司机", { exact: true }).waitFor();
    expect((await answer<CaseSummary>(`/cases/${id}`)).state).toBe("taken");
    expect([...head.errors, ...deputy.errors]).toEqual([]);
  });

  it.each(SIZES)("fits a thumb and old eyes at %o, in both languages, with tasks and without", async (size) => {
    await lockedCase();
    for (const language of ["zh", "en"] as const) {
      const phone = await openPhone("grid", size, language);
      const { page, errors } = phone;
      const look = async (name: string): Promise<void> => {
        await stands(phone);
        await expect.poll(async () => ({ [name]: await faultsOf(page) })).toEqual({ [name]: [] });
      };
      await page.locator("a.work-card").first().waitFor();
      await look("work");
      await page.locator("a.work-card").first().click();
      await page.locator(".task-actions button").first().waitFor();
      await look("task");
      await page.locator(".task-actions button").first().click();
      await page.getByRole("dialog").waitFor();
      await look("sheet");
      for (const path of ["notices", "waiting", "grid"]) {
        await page.goto(`${server.url}/m/${path}`);
        await page.getByRole("navigation").first().waitFor();
        await look(path);
      }
      expect(errors).toEqual([]);
    }
  });

  it("is installable, and opens without a network with everything of its grid and what it was told", async () => {
    const { title } = await lockedCase();
    const { page, context, errors } = await openPhone("grid");
    await page.getByRole("link", { name: title.zh.slice(0, 8) }).waitFor();
    // It is told a moment after it is there.
    await page.getByRole("link", { name: /消息/u }).click();
    await page.getByText(`${title.zh} · 待接单`).waitFor();
    await page.goBack();
    await page.getByRole("link", { name: title.zh.slice(0, 8) }).waitFor();
    const manifest = await (await fetch(`${server.url}/m/app.webmanifest`)).json();
    expect(manifest).toMatchObject({ start_url: "/m/", scope: "/m/", display: "standalone" });
    expect((manifest as { icons: { sizes: string }[] }).icons.map(({ sizes }) => sizes)).toEqual(
      expect.arrayContaining(["192x192", "512x512"]),
    );
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    await page.reload();
    await context.setOffline(true);
    await page.reload();
    await page.getByRole("link", { name: title.zh.slice(0, 8) }).waitFor();
    await page.getByText(/离线：显示本机保存的任务/).waitFor();
    await page.getByRole("link", { name: /消息/ }).click();
    await page.getByText(`${title.zh} · 待接单`).waitFor();
    expect(errors).toEqual([]);
  });

  it("takes a step that is done before the phone has heard what became of the one before as the next, not as a conflict", async () => {
    const { id, title } = await lockedCase();
    const { page, errors } = await openPhone("grid", SIZES[0], "zh", { rounds: false });
    await page.getByRole("link", { name: title.zh.slice(0, 8) }).click();
    // The server takes the step; what it made of the case comes late.
    const held = Promise.withResolvers<void>();
    await page.route("**/api/v1/sync*", async (route) => {
      await held.promise;
      await route.continue();
    });
    const actions = page.locator(".task-actions");
    const dialog = page.getByRole("dialog");
    await actions.getByRole("button", { name: "接单", exact: true }).click();
    await dialog.getByRole("button", { name: "接单", exact: true }).click();
    await expect.poll(async () => (await answer<CaseSummary>(`/cases/${id}`)).state).toBe("taken");
    await actions.getByRole("button", { name: "已联系司机", exact: true }).click();
    await dialog.getByText("电话", { exact: true }).click();
    await dialog.getByRole("button", { name: "已联系司机", exact: true }).click();
    held.resolve();
    await expect.poll(async () => (await answer<CaseSummary>(`/cases/${id}`)).state).toBe("reached");
    expect(errors).toEqual([]);
  });

  it("shows a supervisor what is late and vacant, place by place down to the grid", async () => {
    const { page, errors } = await openPhone("county", SIZES[1]);
    await page.getByRole("navigation").getByText("督办").click();
    const rows = page.getByRole("table").getByRole("row");
    await rows.nth(1).waitFor();
    await expect
      .poll(() => rows.first().getByRole("columnheader").allTextContents())
      .toEqual(["地区", "超时", "空岗", "进行中"]);
    await expect.poll(() => faultsOf(page)).toEqual([]);
    await shows(page.locator(".oversee-figures dd").nth(1), /^▲ \d+$/u);
    const name = (await rows.nth(1).getByRole("button").textContent())!.replace(" ›", "");
    await rows.getByRole("button", { name }).first().click();
    await page.getByRole("navigation", { name: "按地区" }).getByText(name).waitFor();
    await page.getByRole("navigation", { name: "按地区" }).getByRole("button").first().click();
    await rows.getByText(name).first().waitFor();
    await isAccessible(page);
    expect(errors).toEqual([]);
  });

  it("lets a driver say where the truck goes, step by step; its case goes there until somebody takes it", async () => {
    const { id } = await lockedCase();
    const headers = { "x-purpose": "case-work" };
    const { token } = await answer<{ token: string }>(`/cases/${id}/driver-link`, { method: "POST", headers });
    const { page } = await openPage(browser, { viewport: SIZES[1], isMobile: true, hasTouch: true });
    await page.goto(`${server.url}/m/d/${token}`);
    await page.getByRole("button", { name: "填写目的地" }).click();
    const places = page.locator(".destination-places button");
    await places.nth(1).waitFor();
    const name = (await places.nth(1).textContent())!;
    await places.nth(1).click();
    await page.getByText(`或逐级选择 › ${name}`).waitFor();
    await expect.poll(() => faultsOf(page)).toEqual([]);
    await page.getByRole("button", { name: `去 ${name}` }).click();
    await page.getByText("由司机本人申报").waitFor();
    await expect.poll(async () => (await answer<CaseSummary>(`/cases/${id}`, { headers })).placeName).toBe(name);
  });
});
