/**
 * Takes the pictures of every page in `docs/screens` from the real server with the demo city: `npm run screens [-- NAME…]`. It takes
 * some minutes, since exposures, locks and cases have to happen first. `WUXING_URL` names a server that runs already.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { CaseSummary } from "../src/model/case.ts";
import type { Exposure, Lock } from "../src/model/finding.ts";
import type { Status } from "../src/model/status.ts";
import { launchBrowser, mapIsDrawn, openConsole, type ConsoleOptions } from "../test/browser/browser.ts";
import { itemsOf, startDemo } from "../test/browser/running-server.ts";
import "../test/browser/say-purpose.ts";

interface Shot {
  name: string;
  path: string;
  options: ConsoleOptions;
  /** One of the demo's accounts; the demo's duty officer when there is none. */
  account?: string;
  /** A page without a map, or the phone. */
  isBare?: boolean;
  /** What is done before the page is opened, or before the picture is taken. */
  before?: (page: Page) => Promise<void>;
  after?: (page: Page) => Promise<void>;
}

const OUT = join(import.meta.dirname, "../docs/screens");
const LARGE: ConsoleOptions = { width: 1920, height: 1080 };
const SMALL: ConsoleOptions = { width: 1366, height: 768 };
const ENGLISH: ConsoleOptions = { ...SMALL, language: "en" };
const ENGLISH_NIGHT: ConsoleOptions = { ...ENGLISH, theme: "dark" };
const WALL: ConsoleOptions = { width: 3840, height: 1080, theme: "dark" };
const PHONE: ConsoleOptions = { width: 390, height: 844 };
/** Of a picture's own quality, 0 to 1: letters stay sharp, and a page is some 100 kB. */
const QUALITY = 0.86;
/** A lock younger than this has its clock still running on its card, ms of city time. */
const FRESH_MS = 540_000;
/** City time runs fast in the demo until it has caught up; a fresh lock is waited for no longer than this, ms. */
const PATIENCE_MS = 120_000;
const SLOW_MS = 60_000;

mkdirSync(OUT, { recursive: true });
const wanted = process.argv.slice(2);
const [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
let failed = 0;
try {
  await itemsOf<Lock>(server.url, "/locks?state=live", 4);
  const packer = await (await browser.newContext()).newPage();
  for (const shot of await shots(server.url)) {
    if (wanted.length > 0 && !wanted.some((name) => shot.name.startsWith(name))) continue;
    try {
      await take(browser, packer, server.url, shot);
    } catch (error) {
      failed++;
      console.error(`${shot.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
} finally {
  await browser.close();
  await server.close();
}
process.exitCode = failed === 0 ? 0 : 1;

async function shots(url: string): Promise<Shot[]> {
  const locks = await itemsOf<Lock>(url, "/locks?state=live", 4);
  const lock = encodeURIComponent(locks.at(-1)!.id);
  const vehicle = locks.at(-2)!.vehicle;
  const [exposure] = await itemsOf<Exposure>(url, `/exposures?vehicle=${encodeURIComponent(vehicle)}`, 1);
  const vehiclePath = `/vehicle/${encodeURIComponent(vehicle)}?hours=24&exposure=${encodeURIComponent(exposure.id)}`;
  const [ofLock] = await itemsOf<CaseSummary>(url, `/cases?lock=${lock}`, 1);
  const status = (await (await fetch(`${url}/api/v1/status`)).json()) as Status;
  const day = new Date(status.cityTimeMs + 8 * 3_600_000).toISOString().slice(0, 10);
  return [
    { name: "situation-zh-1920", path: "/", options: LARGE, before: () => freshLock(url) },
    { name: "situation-en-1366-night", path: "/", options: ENGLISH_NIGHT },
    { name: "vehicle-zh-1920", path: vehiclePath, options: LARGE },
    { name: "vehicle-en-1366-night", path: vehiclePath, options: ENGLISH_NIGHT },
    { name: "vehicles-zh-1366", path: "/vehicles", options: SMALL },
    { name: "locks-en-1366", path: "/locks", options: ENGLISH },
    { name: "lock-zh-1920", path: `/lock/${lock}`, options: LARGE },
    { name: "areas-zh-1366", path: "/areas", options: SMALL },
    { name: "area-zh-1920", path: `/area/${encodeURIComponent(exposure.area)}`, options: LARGE },
    { name: "publishing-zh-1366", path: "/area/new", options: SMALL, after: drawSome },
    { name: "import-en-1366", path: "/area/import", options: ENGLISH },
    { name: "gates-zh-1920-night", path: "/gates", options: { ...LARGE, theme: "dark" } },
    { name: "gate-en-1366", path: "/gate/g4-weihui", options: ENGLISH },
    { name: "cases-zh-1366", path: "/cases", options: SMALL },
    { name: "cases-board-zh-1920", path: "/cases?as=board", options: LARGE },
    { name: "case-zh-1920", path: `/case/${encodeURIComponent(ofLock.id)}`, options: LARGE },
    { name: "grids-zh-1920", path: "/grids?level=grid", options: LARGE },
    { name: "roster-zh-1366", path: `/grids?place=${encodeURIComponent(ofLock.place)}`, options: SMALL },
    { name: "recut-zh-1366", path: `/grids/recut?places=${encodeURIComponent(ofLock.place)}`, options: SMALL },
    { name: "report-zh-1366", path: `/reports/day/${day}`, options: SMALL },
    { name: "rules-en-1366", path: "/rules", options: ENGLISH },
    { name: "users-zh-1366", path: "/users/duty", options: SMALL, account: "admin", isBare: true },
    { name: "audit-zh-1366", path: "/audit", options: SMALL, account: "auditor", isBare: true, after: verifyChain },
    { name: "account-en-1366", path: "/account", options: ENGLISH, account: "duty" },
    { name: "system-zh-1366", path: "/system", options: SMALL },
    { name: "wall-zh-3840", path: "/wall", options: WALL, isBare: true, after: wallStands },
    { name: "empty-zh-1366", path: "/", options: SMALL, before: (page) => answerLocks(page, 200) },
    { name: "failed-en-1366", path: "/", options: ENGLISH, before: failAndLose },
    { name: "phone-tasks-zh", path: "/m/", options: PHONE, account: "duty", isBare: true },
    { name: "phone-task-zh", path: `/m/task/${ofLock.id}`, options: PHONE, account: "duty", isBare: true },
    { name: "driver-zh", path: await driverPath(url, ofLock.id), options: PHONE, isBare: true },
  ];
}

async function take(using: Browser, packer: Page, url: string, shot: Shot): Promise<void> {
  const { page, context } = await openConsole(using, `${url}/healthz`, shot.options);
  if (shot.account !== undefined) await signIn(context, url, shot.account);
  await shot.before?.(page);
  await page.goto(url + shot.path, { timeout: SLOW_MS });
  if (shot.isBare !== true) {
    const rail = page.locator(".rail .card, .rail .empty, .rail .failed").first();
    await rail.waitFor({ timeout: SLOW_MS });
    await mapIsDrawn(page);
  }
  await shot.after?.(page);
  // What is still loading is waited for, a while.
  await page
    .waitForFunction(() => document.querySelector("[aria-busy=true], .loading") === null, undefined, {
      timeout: 20_000,
    })
    .catch(() => undefined);
  await page.waitForTimeout(2500);
  await save(packer, shot.name, await page.screenshot({ timeout: SLOW_MS }));
  await context.close();
}

/** As WebP, which the browser itself writes: a fifth of a PNG. `WUXING_PNG` names a folder that gets the PNG as well. */
async function save(packer: Page, name: string, png: Buffer): Promise<void> {
  const packed = await packer.evaluate(
    async ([base64, quality]) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes]));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      canvas.getContext("2d")!.drawImage(bitmap, 0, 0);
      const blob = await canvas.convertToBlob({ type: "image/webp", quality });
      let text = "";
      for (const byte of new Uint8Array(await blob.arrayBuffer())) text += String.fromCharCode(byte);
      return btoa(text);
    },
    [png.toString("base64"), QUALITY] as const,
  );
  const webp = Buffer.from(packed, "base64");
  writeFileSync(join(OUT, `${name}.webp`), webp);
  const folder = process.env["WUXING_PNG"];
  if (folder !== undefined) writeFileSync(join(folder, `${name}.png`), png);
  console.log(`docs/screens/${name}.webp ${Math.round(webp.length / 1000)} kB`);
}

async function signIn(context: BrowserContext, url: string, account: string): Promise<void> {
  const headers = { origin: url };
  const data = { account, password: "wuxing-demo" };
  const answer = await context.request.post(`${url}/api/v1/session`, { data, headers });
  if (!answer.ok()) throw new Error(`signing in as ${account}: ${answer.status()}`);
  // Whoever has no such purpose goes on without one.
  await context.request.post(`${url}/api/v1/session/purpose`, { data: { purpose: "case-work" }, headers });
}

/** Where the driver of a case is told about it. */
async function driverPath(url: string, id: string): Promise<string> {
  const headers = { "x-purpose": "case-work" };
  const answer = await fetch(`${url}/api/v1/cases/${encodeURIComponent(id)}/driver-link`, { method: "POST", headers });
  return `/m/d/${((await answer.json()) as { token: string }).token}`;
}

async function freshLock(url: string): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const [newest] = await itemsOf<Lock>(url, "/locks?state=live&limit=1", 1);
    const status = (await (await fetch(`${url}/api/v1/status`)).json()) as Status;
    if (status.cityTimeMs - Date.parse(newest.learntAt) < FRESH_MS / 3) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function verifyChain(page: Page): Promise<void> {
  await page.locator(".audit-chain summary").click();
  await page.locator(".audit-chain form button").click();
  await page.locator(".audit-chain .notice").waitFor({ timeout: SLOW_MS });
}

async function wallStands(page: Page): Promise<void> {
  await page.locator(".wall-locks li").first().waitFor({ timeout: SLOW_MS });
  await mapIsDrawn(page);
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
