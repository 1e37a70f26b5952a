import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lock, Passage } from "../../src/model/finding.ts";
import type { Vehicle } from "../../src/model/vehicle.ts";
import { launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { agree, isAccessible, isEnabled, shows, showsNot } from "./seen.ts";

const SMALL = { width: 1366, height: 768 } as const;

let browser: Browser;
let server: RunningServer;
let locks: Lock[];

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  locks = await itemsOf<Lock>(server.url, "/locks?state=live", 2);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Counts the tones and keeps the notifications that the page makes. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const heard = { tones: 0, notices: [] as string[] };
    Object.assign(globalThis, { heard });
    const start: (this: OscillatorNode, when?: number) => void = Reflect.get(OscillatorNode.prototype, "start");
    OscillatorNode.prototype.start = function (when?: number) {
      heard.tones++;
      start.call(this, when);
    };
    const Notice = function (title: string, { body }: { body: string }): void {
      heard.notices.push(`${title}: ${body}`);
    };
    Object.assign(globalThis, {
      Notification: Object.assign(Notice, { permission: "granted", requestPermission: async () => "granted" }),
    });
  });
}
const heard = (page: Page): Promise<{ tones: number; notices: string[] }> =>
  page.evaluate(() => (globalThis as unknown as { heard: { tones: number; notices: string[] } }).heard);

describe("a new lock", () => {
  it("is told by sound and notification when the desk wants it, not before, and not what was there already", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`, SMALL);
    await listen(page);
    // The newest lock is held back, then it comes.
    const newest = locks[0].id;
    let held = true;
    await page.route("**/api/v1/locks?state=live**", async (route) => {
      const answer = await route.fetch();
      const { items, next } = (await answer.json()) as { items: Lock[]; next: string | null };
      await route.fulfill({ json: { items: held ? items.filter(({ id }) => id !== newest) : items, next } });
    });
    // Without the stream nothing new is heard of, until it is back and the lists are read anew.
    await page.route("**/api/v1/stream", (route) => route.abort());
    await page.goto(server.url);
    await page.locator(".rail .card").first().waitFor();
    expect(await heard(page)).toEqual({ tones: 0, notices: [] });
    await shows(page.locator(".alert-switch"), /声音 关.*桌面通知 关/u);
    await page.getByRole("button", { name: "声音 关" }).click();
    await page.getByRole("button", { name: "桌面通知 关" }).click();
    await page.getByRole("button", { name: "桌面通知 开" }).waitFor();
    // Turning it on lets one hear it.
    await expect.poll(async () => (await heard(page)).tones).toBe(2);
    await page.reload();
    await page.locator(".rail .card").first().waitFor();
    await page.getByRole("button", { name: "声音 开" }).waitFor();
    expect(await heard(page)).toEqual({ tones: 0, notices: [] });
    held = false;
    await page.mouse.click(700, 400);
    await page.unroute("**/api/v1/stream");
    // Others may come right behind it.
    await expect
      .poll(async () => (await heard(page)).notices[0])
      .toMatch(/新锁定，待接: .*已锁定，待处理|新锁定，待接: 新锁定.* \d+ 辆/u);
    await expect.poll(async () => (await heard(page)).tones).toBeGreaterThanOrEqual(2);
    await expect.poll(() => page.title()).toMatch(/^\(\d+\)/);
    await context.close();
  });
});

describe("the counts", () => {
  it.each(["zh", "en"] as const)("say the last hour against the one before (%s)", async (language) => {
    const { page, context } = await openConsole(browser, server.url, { ...SMALL, language });
    const trend = page.locator(".state-counts .locked small");
    await expect
      .poll(() => trend.getAttribute("title"))
      .toMatch(language === "zh" ? /近 1 小时 \d+，前 1 小时 \d+/u : /\d+ in the last hour, \d+ in the hour before/u);
    await context.close();
  });
});

/** How many vehicles had a position so many minutes of city time ago. */
async function vehiclesBefore(minutes: number): Promise<number> {
  const { cityTimeMs } = (await (await fetch(`${server.url}/api/v1/status`)).json()) as { cityTimeMs: number };
  const at = new Date(cityTimeMs - minutes * 60_000).toISOString();
  const answer = (await (await fetch(`${server.url}/api/v1/positions?at=${at}`)).json()) as { number: number[] };
  return answer.number.length;
}

describe("a replay", () => {
  it("shows the city at an instant of the past, says so in three places, plays, and leads back to now", async () => {
    // The demo's city begins empty: there has to be a past to go back to.
    await expect.poll(() => vehiclesBefore(40), { timeout: 400_000, interval: 2000 }).toBeGreaterThan(10);
    const { page, context, errors } = await openConsole(browser, server.url, { ...SMALL, theme: "dark" });
    await mapIsDrawn(page);
    const slider = page.locator(".replay-slider");
    // It waits for the city's clock.
    await isEnabled(slider, true);
    for (let step = 0; step < 30; step++) await slider.press("ArrowLeft");
    const bar = page.locator(".replay-bar");
    await bar.getByText(/\d+ 辆有定位/).waitFor();
    const instant = (): Promise<string | null> => bar.locator("output").textContent();
    const shown = await instant();
    await shows(page.locator(".bar-clock"), "历史回放");
    await shows(bar, "右侧卡片仍为实时");
    // What is drawn is what the API says of that instant.
    const at = await slider.inputValue();
    const answer = (await (
      await fetch(`${server.url}/api/v1/positions?at=${new Date(Number(at)).toISOString()}`)
    ).json()) as { number: number[]; timeMs: number[] };
    expect(answer.number.length).toBeGreaterThan(10);
    expect(Math.max(...answer.timeMs)).toBeLessThanOrEqual(Number(at));
    await isAccessible(page);
    await bar.getByRole("button", { name: /播放/ }).click();
    await expect.poll(instant).not.toBe(shown);
    await bar.getByRole("button", { name: "回到实时" }).click();
    await bar.waitFor({ state: "detached" });
    await showsNot(page.locator(".bar-clock"), "历史回放");
    expect(errors).toEqual([]);
    await context.close();
  });
});

describe("the clock of the city", () => {
  it("is waited for: until it is told nothing can be played back, which would be another time's", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`, SMALL);
    let tell = (): void => {};
    const told = new Promise<void>((resolve) => (tell = resolve));
    await page.route("**/api/v1/stream", async (route) => {
      await told;
      await route.continue();
    });
    await page.goto(server.url);
    const slider = page.locator(".replay-slider");
    await page.locator(".rail .card").first().waitFor();
    await isEnabled(slider, false);
    tell();
    await isEnabled(slider, true);
    const minuteMs = async (): Promise<number> => {
      const { cityTimeMs } = (await (await fetch(`${server.url}/api/v1/status`)).json()) as { cityTimeMs: number };
      return Math.floor(cityTimeMs / 60_000);
    };
    await expect
      .poll(async () => Math.abs(Number(await slider.inputValue()) / 60_000 - (await minuteMs())))
      .toBeLessThan(10);
    await context.close();
  });
});

describe("a vehicle's terminal", () => {
  it.each(["zh", "en"] as const)("is asked and told, and its answer is shown (%s)", async (language) => {
    const moving = async (): Promise<Vehicle[]> =>
      (await itemsOf<Vehicle>(server.url, "/vehicles?limit=1000", 1)).filter(({ last }) => (last?.speedKmh ?? 0) > 20);
    await expect.poll(async () => (await moving()).length).toBeGreaterThan(0);
    // The one that reported last is connected.
    const [vehicle] = (await moving()).toSorted((a, b) => (a.last!.time < b.last!.time ? 1 : -1));
    const { page, context } = await openConsole(
      browser,
      `${server.url}/vehicle/${encodeURIComponent(vehicle.id)}?hours=24`,
      {
        ...SMALL,
        language,
      },
    );
    const order = page.locator(".order");
    await order.waitFor();
    const send = language === "zh" ? "下达" : "Send";
    await order.getByRole("button", { name: send, exact: true }).click();
    await page.locator(".orders .done").first().waitFor();
    await order.getByRole("button", { name: language === "zh" ? "发送文字" : "Send text" }).click();
    await isEnabled(order.getByRole("button", { name: send, exact: true }), false);
    await order.locator("textarea").fill("请前往服务区登记");
    await order.getByRole("button", { name: send, exact: true }).click();
    await page
      .locator(".orders .done", { hasText: language === "zh" ? "文字" : "Text" })
      .first()
      .waitFor();
    await context.close();
  });

  it("that stood has its stops listed, each leads to its instant", async () => {
    const { page, context } = await openConsole(
      browser,
      `${server.url}/vehicle/${encodeURIComponent(locks[0].vehicle)}?hours=24`,
      SMALL,
    );
    await page.locator(".stops summary").press("Enter");
    const line = page.locator(".stops tbody tr", { hasText: /停留|熄火停车/u }).first();
    await shows(line, /\d/u);
    await line.getByRole("button").click();
    await page.waitForURL(/[?&]at=/);
    await context.close();
  });
});

describe("a gate", () => {
  it("answers who passed between two instants, one way, and saves the answer", async () => {
    const [passage] = await itemsOf<Passage>(server.url, "/passages?limit=1", 1);
    const { page, context, errors } = await openConsole(browser, `${server.url}/gate/${passage.gate}`, {
      ...SMALL,
      language: "en",
    });
    await page.locator(".passage-row").first().waitFor();
    const local = (ms: number): string =>
      new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" })
        .format(ms)
        .replace(" ", "T");
    const time = Date.parse(passage.time);
    const form = page.getByRole("form", { name: "Who passed in this time" });
    await form.getByLabel("From").fill(local(time + 60_000));
    await form.getByLabel("To").fill(local(time - 60_000));
    await form.getByText("The end has to be later").waitFor();
    await form.getByLabel("From").fill(local(time - 60_000));
    await form.getByLabel("To").fill(local(time + 120_000));
    await form.getByRole("button", { name: "Ask" }).click();
    await page.waitForURL(/from=.*to=/);
    // The newest ones: some more may come while both are asked.
    const path = `/gates/${passage.gate}/passages?${new URL(page.url()).searchParams}`;
    const passed = (): Promise<{ direction: string }[]> => itemsOf(server.url, path, 1);
    const rows = page.locator(".passage-row");
    await agree(
      () => rows.count(),
      async () => (await passed()).length,
    );
    const other = passage.direction === "inbound" ? "Outbound" : "Inbound";
    await page.locator(".filter").getByRole("button", { name: other }).click();
    await agree(
      () => rows.count(),
      async () => (await passed()).filter(({ direction }) => direction !== passage.direction).length,
    );
    await expect
      .poll(() => page.locator(".filter .export a").first().getAttribute("href"))
      .toMatch(/gates\/.*\/passages\?direction=.*from=.*to=/u);
    await page.getByRole("button", { name: "GPS against ETC" }).click();
    await page.waitForURL(/view=queue/);
    await page.getByText("Passages that only one saw").waitFor();
    await isAccessible(page);
    expect(errors).toEqual([]);
    await context.close();
  });
});
