import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { startCrowd, type Crowd } from "./crowd-server.ts";

/** At least so long is measured, and until so many pictures are drawn. */
const SECONDS = 8;
const PICTURES = 3;
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => browser?.close());

interface MapWindow {
  wuxingMap: { frames: number; map: { setLayoutProperty(layer: string, name: string, value: string): void } };
}

/** Pictures a second that the map draws while everything moves. */
async function framesPerSecond(page: Page): Promise<number> {
  return page.evaluate(
    async ([seconds, pictures]) => {
      const { wuxingMap } = window as unknown as MapWindow;
      const before = wuxingMap.frames;
      const startMs = performance.now();
      const tookMs = (): number => performance.now() - startMs;
      while (tookMs() < seconds * 1000 || (wuxingMap.frames - before < pictures && tookMs() < seconds * 10_000))
        await new Promise((resolve) => setTimeout(resolve, 200));
      return ((wuxingMap.frames - before) * 1000) / tookMs();
    },
    [SECONDS, PICTURES] as const,
  );
}

async function measured(crowd: Crowd, vehicles: number): Promise<{ filled: number; unfilled: number }> {
  // Every vehicle stands for itself: gathered ones would cost nothing.
  const { page, context, errors } = await openConsole(browser, `${crowd.url}/?hide=clusters`);
  await mapIsDrawn(page);
  const shown = page.locator(".state-counts .ordinary b");
  await expect
    .poll(async () => Number((await shown.textContent())!.replaceAll(/\D/gu, "")))
    .toBeGreaterThan(vehicles / 2);
  const filled = await framesPerSecond(page);
  await page.evaluate(() => {
    const { map } = (window as unknown as MapWindow).wuxingMap;
    for (const layer of ["land", "area-fill"]) map.setLayoutProperty(layer, "visibility", "none");
  });
  await mapIsDrawn(page);
  const unfilled = await framesPerSecond(page);
  expect(errors).toEqual([]);
  await context.close();
  return { filled, unfilled };
}

describe("the live map, drawn in software", () => {
  it("moves 10,000 vehicles", async () => {
    const crowd = await startCrowd(10_000);
    const { filled, unfilled } = await measured(crowd, 10_000);
    await crowd.close();
    process.stdout.write(
      `10,000 moving vehicles: ${filled.toFixed(1)} frames/s, without the map's fill ${unfilled.toFixed(1)}\n`,
    );
    // The aim is 30 on a graphics card. Here a processor draws and joins the page's layers, beside whatever else it has to do.
    expect(filled).toBeGreaterThan(1);
    expect(unfilled).toBeGreaterThan(1);
  });

  it("shows 100,000 vehicles", async () => {
    const crowd = await startCrowd(100_000);
    const { filled, unfilled } = await measured(crowd, 100_000);
    await crowd.close();
    process.stdout.write(
      `100,000 moving vehicles: ${filled.toFixed(1)} frames/s, without the map's fill ${unfilled.toFixed(1)}\n`,
    );
    expect(filled).toBeGreaterThan(1);
  });
});
