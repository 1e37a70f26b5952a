import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lock } from "../../src/model/finding.ts";
import { launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { isSound, shows, stands } from "./seen.ts";

/** What is read from five metres, in pixels of a wall 1080 high. */
const READ_FROM_5M = 43;
/** The operator's machine's; here other work runs beside it. */
const FIRST_VIEW_MS = 2000;

let browser: Browser;
let server: RunningServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  await itemsOf<Lock>(server.url, "/locks?state=live", 2);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

describe.each(["zh", "en"] as const)("the wall display in %s", (language) => {
  it("fills 3840 × 1080, dark, with letters that are read from five metres, and asks nobody else", async () => {
    const size = { width: 3840, height: 1080 };
    const opened = await openConsole(browser, `${server.url}/wall`, { language, theme: "light", ...size });
    const { page, context } = opened;
    await page.locator(".wall-locks li .plate").first().waitFor();
    await mapIsDrawn(page);
    await stands(opened);
    const folder = join(tmpdir(), "wuxing-wall");
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `wall-${language}.png`) });
    expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
    const small = (): Promise<(string | null)[]> =>
      page.evaluate((least) => {
        const parts = document.querySelectorAll(".wall-counts *, .wall-locks *");
        return [...parts]
          .filter((part) => [...part.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim() !== ""))
          .filter((part) => Number.parseFloat(getComputedStyle(part).fontSize) < least)
          .map((part) => part.textContent);
      }, READ_FROM_5M);
    await expect.poll(small).toEqual([]);
    const cut = (): Promise<string[]> =>
      page.evaluate(() =>
        [...document.querySelectorAll(".wall-counts, .wall-locks, .wall h1, .wall h2, .wall dt, .wall dd, .wall time")]
          .filter(
            (part) =>
              part.scrollWidth > part.clientWidth + 1 ||
              // A line of text is drawn a little over its own height; the columns may not run over.
              (part.matches("section") && part.scrollHeight > part.clientHeight + 1),
          )
          .map((part) => part.className || part.textContent),
      );
    await expect.poll(cut).toEqual([]);
    await isSound(opened, size.width, size.height);
    await context.close();
  });
});

describe("the wall display", () => {
  it("shows a new lock on top by itself", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/wall`, { width: 3840, height: 1080 });
    const onTop = page.locator(".wall-locks li time").first();
    /** When those were locked that were learnt last; more than one may be learnt at once. */
    const newest = async (): Promise<string[]> => {
      const locks = await itemsOf<Lock>(server.url, "/locks?state=live&limit=1000", 1);
      const lastLearnt = locks
        .map(({ learntAt }) => learntAt)
        .toSorted()
        .at(-1);
      return locks.filter(({ learntAt }) => learntAt === lastLearnt).map(({ lockedAt }) => lockedAt);
    };
    // Locks go on coming while page and server are asked.
    await expect.poll(async () => (await newest()).includes((await onTop.getAttribute("datetime"))!)).toBe(true);
    await context.close();
  });

  it("says that it knows nothing new while the connection is lost", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`, { width: 3840, height: 1080 });
    await page.route("**/api/v1/stream", (route) => route.abort());
    await page.goto(`${server.url}/wall`);
    const state = page.locator(".wall-state.bad", { hasText: "连接中断" });
    await shows(state, "连接中断");
    await context.close();
  });
});

describe("the first view on a cold cache", () => {
  it.each(["/", "/reports", "/wall"])("of %s stands, in a time that is told", async (path) => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`, { width: 1366, height: 768 });
    const startMs = performance.now();
    await page.goto(server.url + path);
    await shows(page.locator(".rail .card, .report .section, .wall-locks li").first(), /\S/u);
    const tookMs = performance.now() - startMs;
    process.stdout.write(`first view of ${path}: ${Math.round(tookMs)} ms (goal ${FIRST_VIEW_MS} ms)\n`);
    await context.close();
  });
});
