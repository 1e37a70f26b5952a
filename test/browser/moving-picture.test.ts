import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOKENS } from "../../src/web/tokens.ts";
import { launchBrowser, mapIsDrawn, openPage } from "./browser.ts";
import { startCrowd, type Crowd } from "./crowd-server.ts";

const VEHICLES = 10_000;
const SIZE = { width: 1366, height: 768 };
/** Every vehicle stands for itself, and the ground is empty but for them. */
const VIEW = "?hide=clusters,areas,gates,fence,roads,places&theme=light";
const STATES = ["ordinary", "exposed", "locked", "released"] as const;
type Seen = Record<(typeof STATES)[number], number>;

interface View {
  lon: number;
  lat: number;
  zoom: number;
}
interface MapWindow {
  wuxingMap: { view(): View; show(view: View): void };
}

let browser: Browser;
let crowd: Crowd;

beforeAll(async () => {
  [browser, crowd] = await Promise.all([launchBrowser(), startCrowd(VEHICLES, false)]);
});
afterAll(async () => {
  await browser?.close();
  await crowd?.close();
});

/** @param hasCard true: what draws says that it is a graphics card, and the page believes it */
async function openMap(hasCard: boolean): Promise<Page> {
  const { page } = await openPage(browser, { viewport: SIZE });
  if (hasCard) await page.addInitScript(saysThatItIsACard);
  await page.goto(`${crowd.url}/${VIEW}`);
  await mapIsDrawn(page);
  return page;
}

/** Runs in the page. */
function saysThatItIsACard(): void {
  const { prototype } = WebGL2RenderingContext;
  const original = Object.getOwnPropertyDescriptor(prototype, "getParameter")!.value as (name: number) => unknown;
  const UNMASKED_RENDERER = 0x9246;
  prototype.getParameter = function (name) {
    return name === UNMASKED_RENDERER ? "A graphics card" : original.call(this, name);
  };
}

/** How many pixels of the map are about of the colour of each state; a symbol that lies half a pixel further has some more or fewer. */
async function seen(page: Page): Promise<Seen> {
  const picture = (await page.screenshot({ clip: { x: 280, y: 130, width: 680, height: 550 } })).toString("base64");
  const colors = STATES.map((state) => Number.parseInt(TOKENS.light[state].slice(1), 16));
  const counts = await page.evaluate(
    async ([png, wanted]) => {
      const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d")!;
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      const isNear = (at: number, color: number): boolean =>
        Math.abs(data[at] - (color >> 16)) +
          Math.abs(data[at + 1] - ((color >> 8) & 255)) +
          Math.abs(data[at + 2] - (color & 255)) <
        90;
      const found = wanted.map(() => 0);
      for (let at = 0; at < data.length; at += 4)
        for (const [i, color] of wanted.entries()) if (isNear(at, color)) found[i]++;
      return found;
    },
    [picture, colors] as const,
  );
  return Object.fromEntries(STATES.map((state, i) => [state, counts[i]])) as Seen;
}

const isPictureSeen = (page: Page): Promise<boolean> => page.locator(".map-picture").isVisible();

describe("the map without a graphics card", () => {
  it("shows every state as a card draws it", async () => {
    const card = await openMap(true);
    const software = await openMap(false);
    await expect.poll(() => isPictureSeen(software)).toBe(true);
    expect(await card.locator(".map-picture").count()).toBe(0);
    await expect
      .poll(async () => {
        const [drawn, stamped] = [await seen(card), await seen(software)];
        return STATES.map((state) => {
          const ratio = stamped[state] / drawn[state];
          return drawn[state] > 50 && ratio > 0.85 && ratio < 1.18
            ? "as drawn"
            : `${state} ${ratio} of ${drawn[state]}`;
        });
      })
      .toEqual(STATES.map(() => "as drawn"));
  });

  it("shows the map itself while that moves, and the vehicles where they are afterwards", async () => {
    const page = await openMap(false);
    await expect.poll(() => isPictureSeen(page)).toBe(true);
    await expect.poll(async () => (await seen(page)).locked).toBeGreaterThan(50);
    await page.mouse.move(600, 400);
    await page.mouse.down();
    for (let x = 600; x > 500; x -= 20) await page.mouse.move(x, 400);
    await expect.poll(() => isPictureSeen(page)).toBe(false);
    await page.mouse.up();
    await expect.poll(() => isPictureSeen(page)).toBe(true);
    await mapIsDrawn(page);

    // Gone to a place with no vehicle, and back.
    const home = await page.evaluate(() => (window as unknown as MapWindow).wuxingMap.view());
    const goTo = (view: View): Promise<void> =>
      page.evaluate((to) => (window as unknown as MapWindow).wuxingMap.show(to), view);
    await goTo({ ...home, lon: 120 });
    await expect.poll(async () => (await seen(page)).locked).toBe(0);
    await goTo(home);
    await expect.poll(async () => (await seen(page)).locked).toBeGreaterThan(50);
  });
});
