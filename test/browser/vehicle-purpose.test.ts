import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Lock } from "../../src/model/finding.ts";
import { launchBrowser, openConsole } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { isAccessible, shows, stands } from "./seen.ts";

let browser: Browser;
let server: RunningServer;
let locks: Lock[];

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  locks = await itemsOf<Lock>(server.url, "/locks?state=live", 1);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

describe("whoever has not said what for", () => {
  it("sees no plate, no track and no vehicle on the map; one click on a purpose shows them", async () => {
    const vehicle = locks[0].vehicle;
    const plate = `${vehicle.slice(0, 2)}·${vehicle.slice(2, 7)}`;
    const opened = await openConsole(browser, `${server.url}/healthz`, {
      width: 1366,
      height: 768,
      purpose: null,
    });
    const { page, context } = opened;
    const told: string[] = [];
    page.on("response", (response) => {
      if (response.ok()) told.push(new URL(response.url()).pathname);
    });
    const signedIn = await context.request.post(`${server.url}/api/v1/session`, {
      data: { account: "duty", password: "wuxing-demo" },
      headers: { origin: server.url },
    });
    expect(signedIn.status()).toBe(200);
    await page.goto(`${server.url}/vehicle/${encodeURIComponent(vehicle)}`);
    const panel = page.locator(".panel");
    await panel.getByText("请先说明查看的用途").waitFor();
    await shows(panel.locator("h1"), "•••••");
    await shows(page.locator(".rail .card").first(), "选择用途后显示");
    // With everything there that comes.
    await stands(opened);
    expect(await page.locator("body").textContent()).not.toContain(plate);
    // Nobody's way was told; how many there are names nobody.
    expect(told).toContain("/api/v1/locks");
    expect(told.filter((path) => /\/(stream|positions|track|trip)$/.test(path))).toEqual([]);
    await expect.poll(() => page.locator(".state-counts .locked b").textContent()).toMatch(/^[1-9]\d*$/);
    await isAccessible(page);

    await panel.getByRole("button", { name: "卡口查控" }).click();
    await shows(panel.locator("h1"), plate);
    await panel.locator(".player").waitFor();
    await page.locator(".purpose-needed").waitFor({ state: "detached" });
    await expect
      .poll(async () => Number(await page.locator(".state-counts .locked b").textContent()))
      .toBeGreaterThan(0);
    await context.close();
  });
});
