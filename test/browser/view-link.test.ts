import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { startDemo, type RunningServer } from "./running-server.ts";
import { isEnabled } from "./seen.ts";

let browser: Browser;
let server: RunningServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

interface View {
  lon: number;
  lat: number;
  zoom: number;
  roads: string;
}

/** The same view as far as it can be seen: a ten-thousandth of a degree is a fifth of a pixel here. */
function like({ lon, lat, zoom, roads }: View): View {
  return { lon: expect.closeTo(lon, 3), lat: expect.closeTo(lat, 3), zoom: expect.closeTo(zoom, 1), roads };
}

/** Where the map stands, and whether the roads are on it. */
function viewOf(page: Page): Promise<View> {
  return page.evaluate(() => {
    const { map } = (
      window as unknown as {
        wuxingMap: {
          map: {
            getCenter(): { lng: number; lat: number };
            getZoom(): number;
            getLayoutProperty(layer: string, name: string): string | undefined;
          };
        };
      }
    ).wuxingMap;
    const { lng, lat } = map.getCenter();
    return {
      lon: lng,
      lat,
      zoom: map.getZoom(),
      roads: map.getLayoutProperty("roads", "visibility") ?? "visible",
    };
  });
}

/** The view once the map rests and the page's address says the same. */
async function restingView(page: Page): Promise<View> {
  const address = (): number[] => (new URL(page.url()).searchParams.get("map") ?? "").split(",").map(Number);
  await expect
    .poll(async () => {
      await mapIsDrawn(page);
      const { lon, lat, zoom } = await viewOf(page);
      const [toLon, toLat, toZoom] = address();
      return Math.abs(lon - toLon) + Math.abs(lat - toLat) + Math.abs(zoom - toZoom) / 1000;
    })
    .toBeLessThan(0.0001);
  return viewOf(page);
}

async function drag(page: Page, byX: number, byY: number): Promise<void> {
  await page.mouse.move(900, 400);
  await page.mouse.down();
  await page.mouse.move(900 + byX, 400 + byY, { steps: 6 });
  await page.waitForTimeout(250);
  await page.mouse.up();
}

describe("a view of the map", () => {
  it("is a link: another browser shows the same place, zoom, layers, page, instant and theme", async () => {
    const { page, context } = await openConsole(browser, server.url);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await mapIsDrawn(page);
    await drag(page, 160, -90);
    const { zoom } = await viewOf(page);
    await page.mouse.wheel(0, -400);
    await expect.poll(async () => (await viewOf(page)).zoom).toBeGreaterThan(zoom + 0.1);
    await page.waitForURL(/map=/);
    await page.getByRole("button", { name: "道路", exact: true }).click();
    await page.locator(".nav a", { hasText: "卡口" }).click();
    await page.locator(".panel .rows, .panel table, .panel .section").first().waitFor();
    const slider = page.locator(".replay-slider");
    // It waits for the city's clock.
    await isEnabled(slider, true);
    for (let step = 0; step < 12; step++) await slider.press("ArrowLeft");
    await page.waitForURL(/then=/);
    const then = await page.locator(".replay-bar output").textContent();
    await mapIsDrawn(page);
    await page.getByRole("button", { name: "复制链接" }).click();
    await page.getByRole("status").filter({ hasText: "链接已复制" }).waitFor({ state: "attached" });
    await mapIsDrawn(page);
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const view = await viewOf(page);
    expect(view.roads).toBe("none");
    await context.close();

    // This one's own choice is the night; the link says day.
    const other = await openConsole(browser, link, { theme: "dark" });
    await mapIsDrawn(other.page);
    await expect.poll(() => viewOf(other.page)).toEqual(like(view));
    expect(new URL(other.page.url()).pathname).toBe("/gates");
    await expect.poll(() => other.page.locator(".replay-bar output").textContent()).toBe(then);
    await expect.poll(() => other.page.evaluate(() => document.documentElement.dataset["theme"])).toBe("light");
    expect(other.errors).toEqual([]);
    await other.context.close();
  });

  it("is there again on the way back and forward, and the map itself stays the same one", async () => {
    const { page, context } = await openConsole(browser, server.url);
    await mapIsDrawn(page);
    await page.evaluate(() => Object.assign((window as unknown as { wuxingMap: object }).wuxingMap, { isFirst: true }));
    await drag(page, -140, 60);
    await page.waitForURL(/map=/);
    const first = await restingView(page);
    await page.locator(".nav a", { hasText: "卡口" }).click();
    await page.waitForURL(/\/gates/);
    await page.locator(".panel").waitFor();
    await drag(page, 200, 120);
    await page.waitForURL(/gates.*map=/);
    const second = await restingView(page);
    expect(second).not.toEqual(like(first));
    await page.goBack();
    await expect.poll(() => viewOf(page)).toEqual(like(first));
    await page.goForward();
    await expect.poll(() => viewOf(page)).toEqual(like(second));
    expect(await page.evaluate(() => "isFirst" in (window as unknown as { wuxingMap: object }).wuxingMap)).toBe(true);
    await context.close();
  });

  it("keeps exposed and locked vehicles on it, whatever is hidden", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/?hide=ordinary,areas,roads,locked`);
    await mapIsDrawn(page);
    const layers = page.locator(".legend-layers");
    await layers.waitFor();
    const isPressed = (name: string): Promise<string | null> =>
      layers.getByRole("button", { name }).getAttribute("aria-pressed");
    await expect.poll(() => isPressed("普通车辆")).toBe("false");
    await expect.poll(() => isPressed("卡口")).toBe("true");
    expect(await layers.getByRole("button").allTextContents()).not.toContain("已锁定");
    await layers.getByRole("button", { name: "普通车辆" }).click();
    await page.waitForURL((url) => url.searchParams.get("hide") === "areas,roads");
    await context.close();
  });
});
