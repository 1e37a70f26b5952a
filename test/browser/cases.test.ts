import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaseStory, CaseSummary } from "../../src/model/case.ts";
import { clickMap, launchBrowser, openConsole } from "./browser.ts";
import { sendTruck, type OwnTruck } from "./own-truck.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { agree, counts, isAccessible, shows } from "./seen.ts";

const SMALL = { width: 1366, height: 768 } as const;
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
/** Cases in the list that nobody has taken. */
let cases: string[];

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo(["--demo-speed", "1", "--demo-trucks", "10"])]);
  cases = [await freshCase(), await freshCase(), await freshCase()];
  // Whoever sits here also serves in the grid, and verifies on the spot.
  const { person } = await answer<{ person: string }>("/me");
  const { place } = await storyOf(cases[0]);
  const appointed = await fetch(`${server.url}/api/v1/duties`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ place, slot: "member", person }),
  });
  expect(appointed.status).toBe(201);
});
afterAll(async () => {
  for (const truck of trucks) truck.stop();
  await browser?.close();
  await server?.close();
});

const answer = async <Answer>(path: string): Promise<Answer> =>
  (await (await fetch(`${server.url}/api/v1${path}`)).json()) as Answer;
const storyOf = (id: string): Promise<CaseStory> => answer<CaseStory>(`/cases/${id}`);

/** The addresses of the cases that wait for somebody, as the list has them. */
const newCases = async (): Promise<string[]> =>
  (await answer<{ items: CaseSummary[] }>("/cases?state=new")).items.map(({ id }) => `/case/${encodeURIComponent(id)}`);

/** A case that no other test touches: of a truck that was near the risk area and now stands in the city. */
async function freshCase(): Promise<string> {
  const number = 71_001 + trucks.length;
  const cityTimeMs = async (): Promise<number> => (await answer<{ cityTimeMs: number }>("/status")).cityTimeMs;
  const story = { plate: `豫G${number}`, phone: `139000${number}`, near: NEAR, to: GRID, cityTimeMs };
  const truck = await sendTruck({ port: server.jt808Port, ...story });
  trucks.push(truck);
  const [{ id }] = await itemsOf<CaseSummary>(server.url, `/cases?subject=${encodeURIComponent(truck.vehicle)}`, 1);
  return id;
}

/** The name of a county of the demo's city in which there is no case. */
async function quietCounty(): Promise<string> {
  const { items } = await answer<{ items: { id: string; name: string }[] }>("/places?parent=410700");
  for (const { id, name } of items)
    if ((await answer<{ items: CaseSummary[] }>(`/cases?place=${id}`)).items.length === 0) return name;
  throw new Error("every county has a case");
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

describe("the list of cases", () => {
  it.each(["zh", "en"] as const)("is filtered by clock, state and place; the view is a link (%s)", async (language) => {
    const zh = language === "zh";
    const { page, context, errors, elsewhere } = await openConsole(browser, `${server.url}/cases`, {
      ...SMALL,
      language,
    });
    const rows = page.locator(".case-row");
    await rows.first().waitFor();
    await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(3);
    await shows(
      rows.filter({ hasText: /豫G7100\d/u }).first(),
      zh ? /豫G7100\d.*待接单.*剩 \d+ 分/s : /豫G7100\d.*To be taken.*left/s,
    );
    await isAccessible(page);
    // All of them run out in less than half an hour; none is over.
    await page.getByRole("button", { name: zh ? "30 分内到期" : "Due in 30 min" }).click();
    await page.waitForURL(/view=soon/);
    await rows.first().waitFor();
    await page.getByRole("button", { name: zh ? "超时" : "Overdue", exact: true }).click();
    await page.getByText(zh ? "没有这样的事项" : "No such case").waitFor();
    await page.getByRole("button", { name: zh ? "进行中" : "Open", exact: true }).click();
    await rows.first().waitFor();
    // A place out of the tree, by its name: elsewhere there is nothing.
    await page.getByRole("button", { name: zh ? /^地区/ : /^Place/ }).click();
    await page
      .locator(".place-picker-list")
      .getByRole("button", { name: await quietCounty() })
      .click();
    await page.getByText(zh ? "没有这样的事项" : "No such case").waitFor();
    const { placeName } = await storyOf(cases[0]);
    const grid = placeName.split(/[ ·]+/).at(-1)!;
    await page.locator(".place-picker-list input").fill(grid);
    await page.locator(".place-picker-list li button", { hasText: grid }).first().click();
    await page.waitForURL(/place=\d+g\d+/);
    const link = page.url();
    await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(3);
    await page.goto(server.url);
    await page.goto(link);
    await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(3);
    await shows(page.locator(".place-picker > button"), grid);
    expect([...errors, ...elsewhere]).toEqual([]);
    await context.close();
  });

  it("is gone through by keys, and what others do does not move it under the hand", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`, SMALL);
    await page.clock.install();
    await page.goto(`${server.url}/cases?state=new`);
    const rows = page.locator(".case-row");
    const addresses = (): Promise<string[]> => rows.evaluateAll((all) => all.map((each) => each.getAttribute("href")!));
    await rows.first().waitFor();
    // A hand is on the list for some seconds after it moved: from here on they pass when this test lets them.
    await page.clock.pauseAt(Date.now() + 1000);
    for (const key of ["j", "j", "k", "j"]) await page.keyboard.press(key);
    await page.locator(".case-row.chosen").waitFor();
    const before = await addresses();
    expect(before.length).toBeGreaterThan(2);
    expect(await page.locator(".case-row.chosen").getAttribute("href")).toBe(before[1]);
    // The hand stays while somebody takes the first case, which is not in this list any more then.
    const box = (await page.locator(".panel .rows").boundingBox())!;
    await take(before[0].split("/").at(-1)!);
    // One at least: locks go on coming.
    const changes = page.getByRole("button", { name: /^有 \d+ 条变化/u });
    let moves = 0;
    await expect
      .poll(async () => {
        await page.mouse.move(box.x + 50 + (moves++ % 7), box.y + 30);
        await page.clock.runFor(500);
        return changes.isVisible();
      })
      .toBe(true);
    expect(await addresses()).toEqual(before);
    await page.clock.resume();
    await changes.click();
    await agree(addresses, newCases);
    expect(await addresses()).not.toContain(before[0]);
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${before[1]}`);
    await context.close();
  });

  it("is a board by state, with clocks and what is late", async () => {
    const { page, context, errors } = await openConsole(browser, `${server.url}/cases?as=board`, {
      language: "en",
      theme: "dark",
    });
    const column = page.locator(".board-column", { hasText: "To be taken" }).first();
    await column.locator(".board-card").first().waitFor();
    const known = async (): Promise<number> => (await newCases()).length;
    const cards = column.locator(".board-card");
    await agree(() => cards.count(), known);
    await shows(cards.first(), /left|over/);
    await isAccessible(page);
    await column.getByRole("link", { name: "To be taken" }).click();
    await page.waitForURL(/state=new/);
    await agree(() => page.locator(".case-row").count(), known);
    expect(errors).toEqual([]);
    await context.close();
  });
});

describe("a case's page", () => {
  it("takes a case from the desk to the spot: its clock, a photo, a place on the map, and the evidence drawn", async () => {
    const id = await freshCase();
    const { page, context, errors } = await openConsole(browser, `${server.url}/case/${id}`, SMALL);
    await page.locator(".clock-bar").first().waitFor();
    // The ladder's marks are told, those that are passed filled.
    await shows(page.locator(".clock-marks").first(), /[◇◆] 10 分 通知副网格长.*◇ 15 分 上交值班员/s);
    const step = async (name: string): Promise<ReturnType<Page["getByRole"]>> => {
      await page
        .locator(".panel")
        .getByRole("button", { name: `${name}…` })
        .click();
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
    await verify.getByRole("img", { name: "现场照片" }).waitFor();
    await clickMap(page, GRID);
    await verify.getByText(/已取 114\.02/).waitFor();
    await isAccessible(page);
    await verify.getByRole("button", { name: "到场核实" }).click();
    // In the story: who, when, where, how far from the terminal, and the photo.
    const entry = page.locator(".story li", { hasText: "到场核实" }).first();
    await entry.getByRole("img").waitFor();
    await shows(entry, /114\.02\d+, 35\.26\d+.*距车载终端 \d+ m/s);
    expect((await storyOf(id)).entries.find(({ action }) => action === "verify")!.attachments).toHaveLength(1);

    await page.getByRole("button", { name: "在地图上画出证据" }).click();
    await page.locator(".exposure .stay-bar").waitFor();
    const drawn = (): Promise<number> =>
      page.evaluate(() => {
        const { map } = (window as unknown as { wuxingMap: { map: { querySourceFeatures(source: string): object[] } } })
          .wuxingMap;
        return map.querySourceFeatures("evidence").length;
      });
    await expect.poll(drawn).toBeGreaterThan(1);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("shows a change that somebody else made at once, and is in English too", async () => {
    const id = await freshCase();
    const { page, context, errors } = await openConsole(browser, `${server.url}/case/${id}`, {
      ...SMALL,
      language: "en",
      rounds: false,
    });
    await page.locator(".panel").getByRole("button", { name: "Take it…" }).waitFor();
    await take(id);
    await page.locator(".panel-head .tag", { hasText: "Reach the driver" }).waitFor();
    await shows(page.locator(".story li").first(), "Take it");
    await isAccessible(page);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("says what is wrong: no such case, and a server that does not answer", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/case/none`, SMALL);
    await page.getByText("没有这件事项，或不在您的辖区").waitFor();
    await page.route("**/api/v1/cases?**", (route) => route.abort());
    await page.goto(`${server.url}/cases`);
    await page.getByText("没有读到事项").waitFor();
    await page.unroute("**/api/v1/cases?**");
    await page.locator(".case-row").first().waitFor();
    await counts(page.getByText("没有读到事项"), 0);
    await context.close();
  });
});
