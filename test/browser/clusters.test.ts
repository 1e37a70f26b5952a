import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { startCrowd, type Crowd } from "./crowd-server.ts";
import { counts } from "./seen.ts";

const VEHICLES = 4000;
let browser: Browser;
let crowd: Crowd;

beforeAll(async () => {
  [browser, crowd] = await Promise.all([launchBrowser(), startCrowd(VEHICLES)]);
});
afterAll(async () => {
  await browser?.close();
  await crowd?.close();
});

it("vehicles too close to be told apart are one mark with their number; a click goes nearer, until each stands for itself", async () => {
  const { page, context, errors } = await openConsole(browser, crowd.url);
  await mapIsDrawn(page);
  const labels = page.locator(".map-labels .cluster-label");
  await expect.poll(() => labels.count()).toBeGreaterThan(5);
  // Whoever clicks on one aims at where it is now: from here on nothing moves.
  crowd.moves = false;
  const places = (): Promise<DOMRect[]> =>
    labels.evaluateAll((all) => all.map((each) => each.getBoundingClientRect().toJSON() as DOMRect));
  await expect
    .poll(async () => {
      const before = await places();
      await page.waitForTimeout(1500);
      return JSON.stringify(before) === JSON.stringify(await places());
    })
    .toBe(true);
  const numbers = (await labels.allTextContents()).map((text) => Number(text.replaceAll(/\D/gu, "")));
  expect(numbers.length).toBeGreaterThan(0);
  expect(Math.min(...numbers)).toBeGreaterThan(20);
  expect(numbers.reduce((sum, each) => sum + each, 0)).toBeLessThan(VEHICLES);

  const zoom = (): Promise<number> =>
    page.evaluate(() => (window as unknown as { wuxingMap: { map: { getZoom(): number } } }).wuxingMap.map.getZoom());
  const before = await zoom();
  // One in the open, not below a button.
  const box = { x: 500, y: 200, right: 1000, bottom: 700 };
  const open = (await places()).find(
    ({ x, y, right, bottom }) => x > box.x && y > box.y && right < box.right && bottom < box.bottom,
  );
  expect(open).toBeDefined();
  await page.mouse.click(open!.x + open!.width / 2, open!.y + open!.height / 2);
  await expect.poll(zoom).toBeCloseTo(before + 1.5, 1);
  await page.evaluate(() =>
    (window as unknown as { wuxingMap: { map: { setZoom(zoom: number): void } } }).wuxingMap.map.setZoom(12),
  );
  await counts(labels, 0);
  crowd.moves = true;
  expect(errors).toEqual([]);
  await context.close();
});

it("a link may leave them out", async () => {
  const { page, context } = await openConsole(browser, `${crowd.url}/?hide=clusters`);
  await mapIsDrawn(page);
  const ordinary = page.locator(".state-counts .ordinary b");
  await expect
    .poll(async () => Number((await ordinary.textContent())!.replaceAll(/\D/gu, "")))
    .toBeGreaterThan(VEHICLES / 2);
  // With the vehicles there, the next picture would have them.
  const before = await pictures(page);
  await expect.poll(() => pictures(page)).toBeGreaterThan(before + 5);
  expect(await page.locator(".map-labels .cluster-label").count()).toBe(0);
  await context.close();
});

/** How many pictures the map has drawn. */
function pictures(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { wuxingMap: { frames: number } }).wuxingMap.frames);
}
