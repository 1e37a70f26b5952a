/**
 * Takes the pictures of the console in `docs/screens` from the real server with the demo city: `npm run screens`. It takes
 * some minutes, since exposures and locks have to happen first. `WUXING_URL` names a server that runs already.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { Exposure, Lock } from "../src/model/finding.ts";
import type { Status } from "../src/model/status.ts";
import { launchBrowser, mapIsDrawn, openConsole, type ConsoleOptions } from "../test/browser/browser.ts";
import { itemsOf, startDemo } from "../test/browser/running-server.ts";

interface Shot {
  name: string;
  path: string;
  options: ConsoleOptions;
  /** What is done before the page is opened, or before the picture is taken. */
  before?: (page: Page) => Promise<void>;
  after?: (page: Page) => Promise<void>;
}

const OUT = join(import.meta.dirname, "../docs/screens");
const LARGE: ConsoleOptions = { width: 1920, height: 1080 };
const SMALL: ConsoleOptions = { width: 1366, height: 768 };
const ENGLISH_NIGHT: ConsoleOptions = { ...SMALL, language: "en", theme: "dark" };
/** A lock younger than this has its clock still running on its card, ms of city time. */
const FRESH_MS = 540_000;
/** City time runs fast in the demo until it has caught up; a fresh lock is waited for no longer than this, ms. */
const PATIENCE_MS = 120_000;

mkdirSync(OUT, { recursive: true });
const [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
try {
  await itemsOf<Lock>(server.url, "/locks?state=live", 4, 600_000);
  for (const shot of await shots(server.url)) await take(browser, server.url, shot);
} finally {
  await browser.close();
  await server.close();
}

async function shots(url: string): Promise<Shot[]> {
  const locks = await itemsOf<Lock>(url, "/locks?state=live", 4, 1000);
  const lock = encodeURIComponent(locks.at(-1)!.id);
  const vehicle = locks.at(-2)!.vehicle;
  const [exposure] = await itemsOf<Exposure>(url, `/exposures?vehicle=${encodeURIComponent(vehicle)}`, 1, 1000);
  const vehiclePath = `/vehicle/${encodeURIComponent(vehicle)}?hours=24&exposure=${encodeURIComponent(exposure.id)}`;
  const area = `/area/${encodeURIComponent(exposure.area)}`;
  return [
    { name: "situation-zh-1920", path: "/", options: LARGE, before: () => freshLock(url) },
    { name: "situation-en-1366-night", path: "/", options: ENGLISH_NIGHT },
    { name: "lock-zh-1920", path: `/lock/${lock}`, options: LARGE },
    { name: "release-zh-1366", path: `/lock/${lock}`, options: SMALL, after: openRelease },
    { name: "vehicle-zh-1920", path: vehiclePath, options: LARGE },
    { name: "vehicle-en-1366-night", path: vehiclePath, options: ENGLISH_NIGHT },
    { name: "vehicles-zh-1366", path: "/vehicles", options: SMALL },
    { name: "area-zh-1920", path: area, options: LARGE },
    { name: "publishing-zh-1366", path: "/area/new", options: SMALL, after: drawSome },
    { name: "gates-zh-1920-night", path: "/gates", options: { ...LARGE, theme: "dark" } },
    { name: "gate-en-1366", path: "/gate/g4-weihui", options: { ...SMALL, language: "en" } },
    { name: "system-zh-1366", path: "/system", options: SMALL },
    { name: "empty-zh-1366", path: "/", options: SMALL, before: (page) => answerLocks(page, 200) },
    { name: "failed-en-1366", path: "/", options: { ...SMALL, language: "en" }, before: failAndLose },
  ];
}

async function take(using: Browser, url: string, shot: Shot): Promise<void> {
  const { page, context } = await openConsole(using, "about:blank", shot.options);
  await shot.before?.(page);
  await page.goto(url + shot.path);
  await page.locator(".rail .card, .rail .empty, .rail .failed").first().waitFor({ timeout: 30_000 });
  await mapIsDrawn(page);
  await shot.after?.(page);
  await page.waitForTimeout(2500);
  await page.screenshot({ path: join(OUT, `${shot.name}.png`) });
  console.log(`docs/screens/${shot.name}.png`);
  await context.close();
}

async function freshLock(url: string): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const [newest] = await itemsOf<Lock>(url, "/locks?state=live&limit=1", 1, 1000);
    const status = (await (await fetch(`${url}/api/v1/status`)).json()) as Status;
    if (status.cityTimeMs - Date.parse(newest.learntAt) < FRESH_MS / 3) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function openRelease(page: Page): Promise<void> {
  await page.getByRole("button", { name: "解除锁定…" }).click();
  await page.getByLabel("经办人").fill("王芳");
}

async function drawSome(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { wuxingMap } = window as unknown as { wuxingMap: { map: { jumpTo(view: object): void } } };
    wuxingMap.map.jumpTo({ center: [113.95, 35.36], zoom: 12.4 });
  });
  await mapIsDrawn(page);
  const map = page.locator(".map-canvas");
  for (const [x, y] of [
    [690, 250],
    [800, 240],
    [850, 330],
    [760, 390],
  ] as const) {
    await map.click({ position: { x, y } });
  }
  await page.getByLabel("名称").fill("牧野区物流园片区");
}

async function answerLocks(page: Page, status: number): Promise<void> {
  const failure = {
    code: "STORE_UNAVAILABLE",
    message: { zh: "暂时不能写入", en: "the store cannot be written at the moment" },
    detail: null,
    problems: [],
  };
  const json = status === 200 ? { items: [], next: null } : failure;
  await page.route("**/api/v1/locks?**", (route) => route.fulfill({ status, json }));
}

async function failAndLose(page: Page): Promise<void> {
  await answerLocks(page, 503);
  await page.route("**/api/v1/stream", (route) => route.abort());
}
