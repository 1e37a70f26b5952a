import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Area } from "../../src/model/area.ts";
import { launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { startDemo, type RunningServer } from "./running-server.ts";
import { isEnabled, shows } from "./seen.ts";

const SMALL = { width: 1366, height: 768 } as const;

let browser: Browser;
let server: RunningServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

type LonLat = [number, number];

/** The corners of what is being drawn, as the map was given them. */
const corners = (page: Page): Promise<LonLat[]> =>
  page.evaluate(() => {
    type Drawn = { geometry: { type: string; coordinates: LonLat }; properties: { found?: true; role?: string } };
    const { map } = (
      window as unknown as {
        wuxingMap: { map: { getSource(name: string): { serialize(): { data: { features: Drawn[] } } } } };
      }
    ).wuxingMap;
    return ["draft", "grids"].flatMap((source) =>
      map
        .getSource(source)
        .serialize()
        .data.features.filter(({ geometry, properties }) => {
          if (geometry.type !== "Point" || properties.found === true) return false;
          return source === "draft" || properties.role === "cut";
        })
        .map(({ geometry }) => geometry.coordinates),
    );
  });

/** Where a place is on the page, in pixels. */
const pixelOf = (page: Page, place: LonLat): Promise<{ x: number; y: number }> =>
  page.evaluate(([lon, lat]) => {
    const { map } = (
      window as unknown as {
        wuxingMap: { map: { project(place: [number, number]): { x: number; y: number }; getContainer(): HTMLElement } };
      }
    ).wuxingMap;
    const { left, top } = map.getContainer().getBoundingClientRect();
    const { x, y } = map.project([lon, lat]);
    return { x: x + left, y: y + top };
  }, place);

/** Draws corner after corner, each when the one before is there. */
async function draw(page: Page, places: readonly (readonly [number, number])[], before = 0): Promise<void> {
  for (const [index, [x, y]] of places.entries()) {
    await page.mouse.click(x, y);
    await expect.poll(async () => (await corners(page)).length).toBe(before + index + 1);
  }
}

async function drag(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 5 });
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
}

const SQUARE = [
  [700, 250],
  [820, 250],
  [820, 370],
  [700, 370],
] as const;

describe("a shape on the map", () => {
  it("is drawn by corners, closed, and then its corners are moved, put in between and taken away", async () => {
    const { page, context, errors } = await openConsole(browser, `${server.url}/area/new`, SMALL);
    await mapIsDrawn(page);
    const hint = page.locator("fieldset small").first();
    await shows(hint, "双击或回车完成");
    await draw(page, SQUARE);
    await page.getByRole("button", { name: "撤回一点" }).click();
    await expect.poll(async () => (await corners(page)).length).toBe(3);
    await draw(page, SQUARE.slice(3), 3);
    // On the first corner again: it is closed.
    await page.mouse.click(700, 250);
    await shows(hint, "拖动顶点修改");
    const drawn = await corners(page);
    expect(drawn).toHaveLength(4);

    const [first] = drawn.toSorted((a, b) => a[0] - b[0] || b[1] - a[1]);
    const at = await pixelOf(page, first);
    await drag(page, at, { x: at.x - 60, y: at.y - 40 });
    await expect.poll(async () => (await corners(page)).length).toBe(4);
    const old = new Set(drawn.map(String));
    const others = async (): Promise<LonLat[]> => (await corners(page)).filter((corner) => !old.has(String(corner)));
    await expect
      .poll(async () => (await others()).map(([lon, lat]) => lon < first[0] && lat > first[1]))
      .toEqual([true]);

    await drag(page, { x: 820, y: 310 }, { x: 870, y: 310 });
    await expect.poll(async () => (await corners(page)).length).toBe(5);
    await page.mouse.click(870, 310, { button: "right" });
    await expect.poll(async () => (await corners(page)).length).toBe(4);
    await page.getByRole("button", { name: "清空" }).click();
    await expect.poll(async () => (await corners(page)).length).toBe(0);
    await shows(hint, "双击或回车完成");
    expect(page.url()).toContain("/area/new");
    expect(errors).toEqual([]);
    await context.close();
  });

  it("that is published is edited by its own corners, and only the one that was moved lies elsewhere", async () => {
    const ring: LonLat[] = [
      [114.3, 35.9],
      [114.32, 35.9],
      [114.32, 35.92],
      [114.3, 35.92],
    ];
    const given = {
      name: "改角点的片区",
      level: "medium",
      datum: "wgs84",
      geometry: { type: "Polygon", coordinates: [[...ring, ring[0]]] },
    };
    const answer = await fetch(`${server.url}/api/v1/areas`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(given),
    });
    expect(answer.status).toBe(201);
    const { id } = (await answer.json()) as Area;
    const { page, context, errors } = await openConsole(browser, `${server.url}/area/${id}/edit`, SMALL);
    await mapIsDrawn(page);
    await page.getByRole("button", { name: "面", exact: true }).click();
    await expect.poll(async () => (await corners(page)).length).toBe(4);
    await expect
      .poll(async () => (await pixelOf(page, ring[1])).x - (await pixelOf(page, ring[0])).x)
      .toBeGreaterThan(80);
    await mapIsDrawn(page);
    const at = await pixelOf(page, ring[1]);
    await drag(page, at, { x: at.x + 60, y: at.y + 30 });
    await expect.poll(async () => (await corners(page)).some(([lon]) => lon > 114.3201)).toBe(true);
    await page.getByRole("button", { name: "保存为新版本" }).click();
    await page.waitForURL(new RegExp(`/area/${id}$`, "u"));
    const saved = (await (await fetch(`${server.url}/api/v1/areas/${id}`)).json()) as Area;
    expect(saved.version).toBe(2);
    const now = new Set((saved.geometry.coordinates as LonLat[][])[0].map(String));
    expect(ring.filter((corner) => now.has(String(corner)))).toHaveLength(3);
    expect(errors).toEqual([]);
    await context.close();
  });
});

describe("a line through a grid", () => {
  it("is drawn by the same pen: ended by Enter, its points are moved and the halves follow", async () => {
    const { items } = (await (await fetch(`${server.url}/api/v1/places/outlines?parent=410721&kind=grid`)).json()) as {
      items: { id: string; geometry: { type: string; coordinates: LonLat[][] } }[];
    };
    const grid = items.findLast(({ geometry }) => geometry.type === "Polygon")!;
    const { page, context, errors } = await openConsole(browser, `${server.url}/grids/recut?places=${grid.id}`, SMALL);
    await mapIsDrawn(page);
    const hint = page.locator(".recut-line b");
    await shows(hint, "已有 0 点");
    const ring = grid.geometry.coordinates[0];
    const lons = ring.map(([lon]) => lon);
    const lats = ring.map(([, lat]) => lat);
    const lon = (Math.min(...lons) + Math.max(...lons)) / 2;
    const [south, north] = [Math.min(...lats), Math.max(...lats)];
    const top = await pixelOf(page, [lon, north - (north - south) * 0.2]);
    const foot = await pixelOf(page, [lon, north - (north - south) * 0.8]);
    await draw(page, [
      [top.x, top.y],
      [foot.x, foot.y],
    ]);
    await page.locator(".maplibregl-canvas").focus();
    await page.keyboard.press("Enter");
    await shows(hint, "拖动折点修改");
    const before = await corners(page);
    await drag(page, foot, { x: foot.x + 30, y: foot.y });
    await expect.poll(async () => (await corners(page))[1][0]).toBeGreaterThan(before[1][0]);
    expect(await corners(page)).toHaveLength(2);
    await page.getByLabel(/依据/u).fill("同一支笔");
    await isEnabled(page.getByRole("button", { name: "预览", exact: true }), true);
    expect(errors).toEqual([]);
    await context.close();
  });
});
