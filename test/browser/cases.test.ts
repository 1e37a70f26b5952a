import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import "./say-purpose.ts";
import type { CaseStory, CaseSummary } from "../../src/model/case.ts";
import { accessibilityFaults, launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { sendTruck, type OwnTruck } from "./own-truck.ts";
import { startDemo, type RunningServer } from "./running-server.ts";

const SMALL = { width: 1366, height: 768 } as const;
const PATIENCE = { timeout: 30_000 };
/** Within 800 m of the risk area west of the city, and in a grid of the city. */
const NEAR = [113.283, 35.2065] as const;
const GRID = [114.0255, 35.263] as const;
const PHOTO = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==",
  "base64",
);

let browser: Browser;
let server: RunningServer;
const trucks: OwnTruck[] = [];
const cases: string[] = [];

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo(["--demo-speed", "1", "--demo-trucks", "10"])]);
  for (const number of [1, 2, 3, 4]) cases.push(await lockedTruck(number));
});
afterAll(async () => {
  for (const truck of trucks) truck.stop();
  await browser?.close();
  await server?.close();
});

const answer = async <Answer>(path: string): Promise<Answer> =>
  (await (await fetch(`${server.url}/api/v1${path}`)).json()) as Answer;
const storyOf = (id: string): Promise<CaseStory> => answer<CaseStory>(`/cases/${id}`);

/** A truck that was near the risk area and now stands in the city; the case of its lock. */
async function lockedTruck(number: number): Promise<string> {
  const cityTimeMs = async (): Promise<number> => (await answer<{ cityTimeMs: number }>("/status")).cityTimeMs;
  const story = { plate: `豫G7100${number}`, phone: `1390007100${number}`, near: NEAR, to: GRID, cityTimeMs };
  const truck = await sendTruck({ port: server.jt808Port, ...story });
  trucks.push(truck);
  for (let wait = 0; wait < 120; wait++) {
    const found = await answer<{ items: CaseSummary[] }>(`/cases?subject=${encodeURIComponent(truck.vehicle)}`);
    if (found.items[0] !== undefined) return found.items[0].id;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`no case for ${truck.plate} after 60 s`);
}

/** Somebody else takes a case. */
async function take(id: string): Promise<void> {
  const { version } = await storyOf(id);
  const taken = await fetch(`${server.url}/api/v1/cases/${id}/actions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: crypto.randomUUID(), action: "take", version }),
  });
  if (!taken.ok) throw new Error(`${taken.status} ${await taken.text()}`);
}

/** Where the map shows a position, in the page. */
async function onMap(page: Page, [lon, lat]: readonly [number, number]): Promise<{ x: number; y: number }> {
  await mapIsDrawn(page);
  return page.evaluate(
    (place) => {
      const { map } = (
        window as unknown as {
          wuxingMap: {
            map: { project(place: [number, number]): { x: number; y: number }; getCanvas(): HTMLCanvasElement };
          };
        }
      ).wuxingMap;
      const { left, top } = map.getCanvas().getBoundingClientRect();
      const { x, y } = map.project(place);
      return { x: left + x, y: top + y };
    },
    [lon, lat] as [number, number],
  );
}

describe("the list of cases", () => {
  it.each(["zh", "en"] as const)("is filtered by clock, state and place; the view is a link (%s)", async (language) => {
    const zh = language === "zh";
    const { page, context, errors, elsewhere } = await openConsole(browser, `${server.url}/cases`, {
      ...SMALL,
      language,
    });
    const rows = page.locator(".case-row");
    await rows.first().waitFor(PATIENCE);
    expect(await rows.count()).toBeGreaterThanOrEqual(3);
    expect(await rows.first().textContent()).toMatch(
      zh ? /豫G7100\d.*待接单.*剩 \d+ 分/s : /豫G7100\d.*To be taken.*left/s,
    );
    expect(await accessibilityFaults(page)).toEqual([]);
    // All of them run out in less than half an hour; none is over.
    await page.getByRole("button", { name: zh ? "30 分内到期" : "Due in 30 min" }).click();
    await page.waitForURL(/view=soon/);
    await rows.first().waitFor(PATIENCE);
    await page.getByRole("button", { name: zh ? "超时" : "Overdue", exact: true }).click();
    await page.getByText(zh ? "没有这样的事项" : "No such case").waitFor(PATIENCE);
    await page.getByRole("button", { name: zh ? "进行中" : "Open", exact: true }).click();
    // A place out of the tree, by its name: elsewhere there is nothing.
    await page.getByRole("button", { name: zh ? /^地区/ : /^Place/ }).click();
    await page.locator(".place-picker-list").getByRole("button", { name: "长垣市" }).click(PATIENCE);
    await page.getByText(zh ? "没有这样的事项" : "No such case").waitFor(PATIENCE);
    const { placeName } = await storyOf(cases[0]);
    const grid = placeName.split(/[ ·]+/).at(-1)!;
    await page.locator(".place-picker-list input").fill(grid);
    await page.locator(".place-picker-list li button", { hasText: grid }).first().click(PATIENCE);
    await page.waitForURL(/place=\d+g\d+/);
    const link = page.url();
    await expect.poll(() => rows.count(), PATIENCE).toBeGreaterThanOrEqual(3);
    await page.goto(server.url);
    await page.goto(link);
    await expect.poll(() => rows.count(), PATIENCE).toBeGreaterThanOrEqual(3);
    expect(await page.locator(".place-picker > button").textContent()).toContain(grid);
    expect([...errors, ...elsewhere]).toEqual([]);
    await context.close();
  });

  it("is gone through by keys, and what others do does not move it under the hand", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/cases?state=new`, SMALL);
    const rows = page.locator(".case-row");
    const addresses = (): Promise<(string | null)[]> =>
      rows.evaluateAll((all) => all.map((each) => each.getAttribute("href")));
    await rows.first().waitFor(PATIENCE);
    for (const key of ["j", "j", "k", "j"]) await page.keyboard.press(key);
    const before = await addresses();
    expect(before.length).toBeGreaterThan(2);
    expect(await page.locator(".case-row.chosen").getAttribute("href")).toBe(before[1]);
    // The hand stays on the list while somebody takes the first case, which is not in this list any more then.
    const box = (await page.locator(".panel .rows").boundingBox())!;
    const hand = new AbortController();
    const moving = (async () => {
      for (let move = 0; !hand.signal.aborted && move < 100; move++) {
        await page.mouse.move(box.x + 50 + (move % 7), box.y + 30);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    })();
    await take(before[0]!.split("/").at(-1)!);
    await page.getByRole("button", { name: "有 1 条变化" }).waitFor(PATIENCE);
    expect(await addresses()).toEqual(before);
    hand.abort();
    await moving;
    await page.getByRole("button", { name: "有 1 条变化" }).click();
    await expect.poll(addresses, PATIENCE).toEqual(before.slice(1));
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${before[1]!}`);
    await context.close();
  });

  it("is a board by state, with clocks and what is late", async () => {
    const { page, context, errors } = await openConsole(browser, `${server.url}/cases?as=board`, {
      language: "en",
      theme: "dark",
    });
    const column = page.locator(".board-column", { hasText: "To be taken" }).first();
    await column.locator(".board-card").first().waitFor(PATIENCE);
    // Locks go on coming: both are asked until they agree.
    const known = async (): Promise<number> =>
      (await answer<{ items: CaseSummary[] }>("/cases?state=new")).items.length;
    const cards = column.locator(".board-card");
    await expect.poll(async () => (await cards.count()) - (await known()), PATIENCE).toBe(0);
    await expect.poll(() => cards.first().textContent(), PATIENCE).toMatch(/left|over/);
    expect(await accessibilityFaults(page)).toEqual([]);
    await column.getByRole("link", { name: "To be taken" }).click();
    await page.waitForURL(/state=new/);
    await expect.poll(async () => (await page.locator(".case-row").count()) - (await known()), PATIENCE).toBe(0);
    expect(errors).toEqual([]);
    await context.close();
  });
});

describe("a case's page", () => {
  it("takes a case from the desk to the spot: its clock, a photo, a place on the map, and the evidence drawn", async () => {
    const id = (await answer<{ items: CaseSummary[] }>("/cases?state=new")).items[0].id;
    // Whoever sits here also serves in the grid, and verifies on the spot.
    const { person } = await answer<{ person: string }>("/me");
    const { place } = await storyOf(id);
    const appointed = await fetch(`${server.url}/api/v1/duties`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ place, slot: "member", person }),
    });
    expect(appointed.status).toBe(201);
    const { page, context, errors } = await openConsole(browser, `${server.url}/case/${id}`, SMALL);
    await page.locator(".clock-bar").first().waitFor(PATIENCE);
    // The ladder's marks are told, those that are passed filled.
    expect(await page.locator(".clock-marks").first().textContent()).toMatch(
      /◇ 10 分 通知副网格长.*◇ 15 分 上交值班员/s,
    );
    const step = async (name: string): Promise<ReturnType<Page["getByRole"]>> => {
      await page
        .locator(".panel")
        .getByRole("button", { name: `${name}…` })
        .click(PATIENCE);
      return page.getByRole("form", { name });
    };
    const taking = await step("接单");
    await taking.getByRole("button", { name: "接单" }).click();
    const reach = await step("已联系司机");
    await reach.locator("select").selectOption({ index: 1 });
    await reach.getByRole("button", { name: "已联系司机" }).click();
    const verify = await step("到场核实");
    for (const select of await verify.locator("select").all()) await select.selectOption({ index: 1 });
    await verify.getByRole("button", { name: "到场核实" }).click();
    await verify.getByText("还缺照片或地点").waitFor();
    await verify.locator("input[type=file]").setInputFiles({ name: "spot.png", mimeType: "image/png", buffer: PHOTO });
    await verify.getByRole("img", { name: "现场照片" }).waitFor(PATIENCE);
    const at = await onMap(page, GRID);
    await page.mouse.click(at.x + 2, at.y);
    await verify.getByText(/已取 114\.02/).waitFor(PATIENCE);
    expect(await accessibilityFaults(page)).toEqual([]);
    await verify.getByRole("button", { name: "到场核实" }).click();
    // In the story: who, when, where, how far from the terminal, and the photo.
    const entry = page.locator(".story li", { hasText: "到场核实" }).first();
    await entry.getByRole("img").waitFor(PATIENCE);
    expect(await entry.textContent()).toMatch(/114\.02\d+, 35\.26\d+.*距车载终端 \d+ m/s);
    expect((await storyOf(id)).entries.find(({ action }) => action === "verify")!.attachments).toHaveLength(1);

    await page.getByRole("button", { name: "在地图上画出证据" }).click();
    await page.locator(".exposure .stay-bar").waitFor(PATIENCE);
    const drawn = (): Promise<number> =>
      page.evaluate(() => {
        const { map } = (window as unknown as { wuxingMap: { map: { querySourceFeatures(source: string): object[] } } })
          .wuxingMap;
        return map.querySourceFeatures("evidence").length;
      });
    await expect.poll(drawn, PATIENCE).toBeGreaterThan(1);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("shows a change that somebody else made at once, and is in English too", async () => {
    const id = (await answer<{ items: CaseSummary[] }>("/cases?state=new")).items.at(-1)!.id;
    const { page, context, errors } = await openConsole(browser, `${server.url}/case/${id}`, {
      ...SMALL,
      language: "en",
    });
    await page.locator(".panel").getByRole("button", { name: "Take it…" }).waitFor(PATIENCE);
    const started = Date.now();
    await take(id);
    await page.locator(".panel-head .tag", { hasText: "Reach the driver" }).waitFor(PATIENCE);
    expect(Date.now() - started).toBeLessThan(9000);
    expect(await page.locator(".story li").first().textContent()).toContain("Take it");
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("says what is wrong: no such case, and a server that does not answer", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/case/none`, SMALL);
    await page.getByText("没有这件事项，或不在您的辖区").waitFor(PATIENCE);
    await page.route("**/api/v1/cases?**", (route) => route.abort());
    await page.goto(`${server.url}/cases`);
    await page.getByText("没有读到事项").waitFor(PATIENCE);
    await page.unroute("**/api/v1/cases?**");
    await page.locator(".case-row").first().waitFor(PATIENCE);
    expect(await page.getByText("没有读到事项").count()).toBe(0);
    await context.close();
  });
});
