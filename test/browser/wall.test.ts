import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lock } from "../../src/model/finding.ts";
import { accessibilityFaults, launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";

/** What is read from five metres, in pixels of a wall 1080 high. */
const READ_FROM_5M = 43;
const FIRST_VIEW_MS = 2000;

let browser: Browser;
let server: RunningServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  await itemsOf<Lock>(server.url, "/locks?state=live", 2, 300_000);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

describe.each(["zh", "en"] as const)("the wall display in %s", (language) => {
  it("fills 3840 × 1080, dark, with letters that are read from five metres, and asks nobody else", async () => {
    const size = { width: 3840, height: 1080 };
    const opened = await openConsole(browser, `${server.url}/wall`, { language, theme: "light", ...size });
    const { page, context, errors, elsewhere } = opened;
    await page.locator(".wall-locks li .plate").first().waitFor();
    await mapIsDrawn(page);
    await page.waitForTimeout(1500);
    const folder = join(tmpdir(), "wuxing-wall");
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `wall-${language}.png`) });
    expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
    expect(
      await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]),
    ).toEqual([3840, 1080]);
    const small = await page.evaluate((least) => {
      const parts = document.querySelectorAll(".wall-counts *, .wall-locks *");
      return [...parts]
        .filter((part) => [...part.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim() !== ""))
        .filter((part) => Number.parseFloat(getComputedStyle(part).fontSize) < least)
        .map((part) => part.textContent);
    }, READ_FROM_5M);
    expect(small).toEqual([]);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll(".wall-counts, .wall-locks, .wall h1, .wall h2, .wall dt, .wall dd, .wall time")]
        .filter(
          (part) =>
            part.scrollWidth > part.clientWidth + 1 ||
            // A line of text is drawn a little over its own height; the columns may not run over.
            (part.matches("section") && part.scrollHeight > part.clientHeight + 1),
        )
        .map((part) => part.className || part.textContent),
    );
    expect(cut).toEqual([]);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(errors).toEqual([]);
    expect(elsewhere).toEqual([]);
    await context.close();
  });
});

describe("the wall display", () => {
  it("shows a new lock on top by itself", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/wall`, { width: 3840, height: 1080 });
    await page.locator(".wall-locks li").first().waitFor();
    const newest = (await itemsOf<Lock>(server.url, "/locks?state=live&limit=1000", 1, 1000)).toSorted((a, b) =>
      a.learntAt < b.learntAt ? 1 : -1,
    )[0];
    await expect
      .poll(async () => await page.locator(".wall-locks li time").first().getAttribute("datetime"))
      .toBe(newest.lockedAt);
    await context.close();
  });

  it("says that it knows nothing new while the connection is lost", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`, { width: 3840, height: 1080 });
    await page.route("**/api/v1/stream", (route) => route.abort());
    await page.goto(`${server.url}/wall`);
    const state = page.locator(".wall-state.bad", { hasText: "连接中断" });
    await state.waitFor({ timeout: 40_000 });
    expect(await state.isVisible()).toBe(true);
    await context.close();
  });
});

describe("the first view on a cold cache", () => {
  it.each(["/", "/reports", "/wall"])("of %s stands soon", async (path) => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`, { width: 1366, height: 768 });
    const startMs = performance.now();
    await page.goto(server.url + path);
    await page.locator(".rail .card, .report .section, .wall-locks li").first().waitFor();
    const tookMs = performance.now() - startMs;
    process.stdout.write(`first view of ${path}: ${Math.round(tookMs)} ms (goal ${FIRST_VIEW_MS} ms)\n`);
    // The goal is the operator's machine's; here other work runs beside it.
    expect(tookMs).toBeLessThan(5 * FIRST_VIEW_MS);
    await context.close();
  });
});
