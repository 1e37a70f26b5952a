import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaseSummary } from "../../src/model/case.ts";
import type { Exposure, Lock } from "../../src/model/finding.ts";
import type { Status } from "../../src/model/status.ts";
import { launchBrowser, mapIsDrawn, openConsole, type ConsoleOptions } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { isWhole } from "./whole.ts";

const SMALL = { width: 1366, height: 768 } as const;
/** A walk is some forty pages. */
const WALK_MS = 1_800_000;

let browser: Browser;
let server: RunningServer;
/** Every address that the desk has, each with what it cannot be without. */
let pages: readonly [path: string, part: string][];

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  const [lock] = await itemsOf<Lock>(server.url, "/locks?state=live", 1);
  const vehicle = encodeURIComponent(lock.vehicle);
  const [exposure] = await itemsOf<Exposure>(server.url, `/exposures?vehicle=${vehicle}`, 1);
  const [work] = await itemsOf<CaseSummary>(server.url, `/cases?lock=${encodeURIComponent(lock.id)}`, 1);
  const { cityTimeMs } = (await (await fetch(`${server.url}/api/v1/status`)).json()) as Status;
  const day = new Date(cityTimeMs + 8 * 3_600_000).toISOString().slice(0, 10);
  const area = encodeURIComponent(exposure.area);
  pages = [
    [`/lock/${encodeURIComponent(lock.id)}`, ".exposure"],
    [`/vehicle/${vehicle}?hours=24&exposure=${encodeURIComponent(exposure.id)}`, ".exposure.drawn"],
    [`/area/${area}`, ".versions li"],
    [`/area/${area}/edit`, ".preview-found"],
    ["/area/new", ".preview"],
    ["/area/import", "input[type=file]"],
    ["/areas?state=withdrawn", ".panel .empty"],
    ["/gate/g4-weihui", ".passage-row"],
    ["/gate/g4-weihui?view=queue", ".panel .rows, .panel .empty"],
    ["/cases?as=board", ".board-card"],
    ["/cases?view=closed", ".panel .empty, .case-row"],
    [`/case/${encodeURIComponent(work.id)}`, ".story li"],
    ["/grids?level=grid", "a.load-row"],
    [`/grids?place=${encodeURIComponent(work.place)}`, ".roster, a.load-row"],
    [`/grids/recut?tool=import`, "input[type=file]"],
    [`/reports/day/${day}`, ".report"],
    [`/reports/week/${day}`, ".report"],
    ["/users", ".panel .empty"],
    ["/audit", ".panel .empty"],
    ["/account", ".panel .section"],
    ["/terminals?status=accepted", ".terminal-row"],
    ["/system", ".panel .facts"],
    ["/nowhere", ".panel h1"],
  ];
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Follows an address inside the page, as a link of it does. */
async function follow(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
}

const LOOKS = [
  { language: "zh", theme: "light" },
  { language: "en", theme: "dark" },
  { language: "zh", theme: "dark" },
  { language: "en", theme: "light" },
] as const satisfies readonly ConsoleOptions[];

describe.each(LOOKS)("every page in $language, $theme", (look) => {
  it(
    "is reached from the places at the left, whole, without a fault of accessibility, an error, a scroll bar below, or a word to elsewhere",
    async () => {
      const opened = await openConsole(browser, server.url, { ...SMALL, ...look });
      const { page, context } = opened;
      await page.locator(".rail .card").first().waitFor();
      await mapIsDrawn(page);
      await isWhole(opened);
      const places = page.locator(".nav a:not(.nav-last)");
      expect(await places.count()).toBe(10);
      for (let index = 1; index < (await places.count()); index++) {
        await places.nth(index).click();
        await page.locator(".panel").waitFor();
        await isWhole(opened);
      }
      for (const [path, part] of pages) {
        await follow(page, path);
        await page.locator(part).first().waitFor();
        await isWhole(opened);
      }
      await context.close();
    },
    WALK_MS,
  );
});

describe("a page that was opened before the console was built anew", () => {
  it("is opened again where it is when a part of it is gone", async () => {
    const { page, context } = await openConsole(browser, server.url, SMALL);
    await page.locator(".rail .card").first().waitFor();
    // Its name has changed, until the page is asked for again.
    let isGone = true;
    await page.route("**/assets/rule-panel-*.js", (route) =>
      isGone ? route.fulfill({ status: 404 }) : route.continue(),
    );
    await page.evaluate(() => Object.assign(globalThis, { isOld: true }));
    page.on("request", (request) => {
      if (request.isNavigationRequest()) isGone = false;
    });
    await page.locator('.nav a[href="/rules"]').click();
    await page.locator(".rule-table").first().waitFor();
    expect(await page.evaluate(() => "isOld" in globalThis)).toBe(false);
    expect(new URL(page.url()).pathname).toBe("/rules");
    await context.close();
  });
});
