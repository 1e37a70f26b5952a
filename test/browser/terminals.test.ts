import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../counterpart/raw-terminal.ts";
import { launchBrowser, openConsole, type ConsoleOptions, type WatchedPage } from "./browser.ts";
import { startDemo, type RunningServer } from "./running-server.ts";
import { counts, isSound, shows, showsNot } from "./seen.ts";

const SMALL: ConsoleOptions = { width: 1366, height: 768 };
/** Answers of the platform to 0x0100 (table 7 of JT/T 808-2013). */
const OK = 0;
const TERMINAL_UNKNOWN = 4;

let browser: Browser;
let server: RunningServer;
const trucks: RawTerminal[] = [];

beforeAll(async () => {
  // The demo's own fleet waits as well.
  [browser, server] = await Promise.all([launchBrowser(), startDemo(["--admission", "listed"])]);
});
afterEach(() => {
  for (const truck of trucks.splice(0)) truck.socket.destroy();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function connectTruck(phone: string): Promise<RawTerminal> {
  const truck = await connectTerminal(server.jt808Port, phone, "2019");
  trucks.push(truck);
  return truck;
}

/** Connects a truck and has it ask to be let in. */
async function ask(phone: string, plate: string): Promise<RawTerminal> {
  const truck = await connectTruck(phone);
  const { result } = await truck.register({ plate, terminalId: phone.slice(-7), terminalModel: "WX-9" });
  expect(result).toBe(TERMINAL_UNKNOWN);
  return truck;
}

/** Opens the page, asked for a part of a number. */
async function openTerminals(of: string, options: ConsoleOptions = SMALL): Promise<WatchedPage> {
  return openConsole(browser, `${server.url}/terminals?q=${of}`, options);
}

function rowOf(page: Page, phone: string): Locator {
  return page.locator(".terminal-row", { hasText: phone });
}

async function choose(page: Page, status: string | RegExp): Promise<void> {
  await page.locator(".chips").getByRole("button", { name: status }).click();
}

describe("a terminal that nobody knows", () => {
  it("waits with what it says of itself, is let in, and logs in", async () => {
    const phone = "13500008001";
    const { page, context, errors } = await openTerminals(phone);
    await page.getByText("没有符合条件的终端").waitFor();
    const truck = await ask(phone, "豫G80001");
    const row = rowOf(page, phone);
    await shows(row, /豫G·80001.*WXTST.*WX-9.*0008001.*已等.*来自 127\.0\.0\.1/su);
    await shows(page.locator(".chips button[aria-pressed=true]"), /待审核 [1-9]/u);
    await row.getByRole("button", { name: "准入" }).click();
    await page.getByRole("status").filter({ hasText: "已准入 豫G·80001" }).waitFor();

    await truck.logIn({ plate: "豫G80001" });
    await choose(page, "已准入");
    await shows(row, "在线");
    expect(truck.closed).toBe(false);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("stays out when it is refused, and can be let in after all", async () => {
    const phone = "13500008002";
    const truck = await ask(phone, "豫G80002");
    const { page, context } = await openTerminals(phone);
    await rowOf(page, phone).getByRole("button", { name: "拒绝" }).click();
    await page.getByRole("status").filter({ hasText: "已拒绝 豫G·80002" }).waitFor();
    expect((await truck.register({ plate: "豫G80002" })).result).toBe(TERMINAL_UNKNOWN);

    await choose(page, "已拒绝");
    const row = rowOf(page, phone);
    await shows(row, /⊘ 已拒绝/u);
    await row.getByRole("button", { name: "改为准入" }).click();
    await page.getByRole("status").filter({ hasText: "已准入" }).waitFor();
    expect((await truck.register({ plate: "豫G80002" })).result).toBe(OK);
    await context.close();
  });

  it("is out when its code is revoked, which is asked first, and back when it registers anew", async () => {
    const phone = "13500008003";
    const truck = await ask(phone, "豫G80003");
    const { page, context } = await openTerminals(phone);
    await rowOf(page, phone).getByRole("button", { name: "准入" }).click();
    await page.getByRole("status").filter({ hasText: "已准入" }).waitFor();
    const code = await truck.logIn({ plate: "豫G80003" });
    await choose(page, "已准入");
    const row = rowOf(page, phone);
    await shows(row, "在线");

    await row.getByRole("button", { name: "作废接入码" }).click();
    await shows(row, "重新注册会得到新码");
    await row.getByRole("button", { name: "取消" }).click();
    await showsNot(row, "重新注册会得到新码");
    expect(truck.closed).toBe(false);
    await row.getByRole("button", { name: "作废接入码" }).click();
    await row.getByRole("button", { name: "确认作废" }).click();
    await page.getByRole("status").filter({ hasText: "接入码已作废" }).waitFor();
    await truck.until(() => truck.closed);
    await shows(row, "离线");

    const again = await connectTruck(phone);
    expect(await again.authenticate(code)).not.toBe(OK);
    expect(await again.logIn({ plate: "豫G80003" })).not.toBe(code);
    await shows(row, "在线");
    await context.close();
  });

  it("is counted where a decision is looked for, and reached from the system page", async () => {
    await ask("13500008004", "豫G80004");
    const { page, context } = await openConsole(browser, `${server.url}/system`, SMALL);
    await shows(page.locator(".nav a", { hasText: "设置" }).locator("b"), /^[1-9]\d?\+?$/u);
    await shows(page.locator(".settings-tabs a", { hasText: "终端" }), /^终端[1-9]\d*$/u);
    await page.locator(".settings-tabs").getByRole("link", { name: "终端" }).click();
    await page.locator(".terminal-row").first().waitFor();
    await context.close();
  });

  it("is let in by keys alone", async () => {
    const phone = "13500008005";
    await ask(phone, "豫G80005");
    const { page, context } = await openTerminals(phone);
    await rowOf(page, phone).getByRole("button", { name: "准入" }).focus();
    await page.keyboard.press("Enter");
    const said = page.getByRole("status").filter({ hasText: "已准入" });
    await said.waitFor();
    await expect.poll(() => said.evaluate((part) => part === document.activeElement)).toBe(true);
    await context.close();
  });
});

describe("the page of terminals", () => {
  it.each([
    ["zh", "light", 1366, 768],
    ["en", "dark", 1366, 768],
    ["zh", "dark", 1920, 1080],
    ["en", "light", 1920, 1080],
  ] as const)("in %s, %s, %i wide: no error, no request elsewhere, no fault, no overflow", async (...look) => {
    const [language, theme, width, height] = look;
    const truck = await connectTruck("13500008006");
    await truck.register({ plate: "豫G80006" });
    const options = { language, theme, width, height };
    const watched = await openConsole(browser, `${server.url}/terminals`, options);
    await watched.page.locator(".terminal-row").first().waitFor();
    await isSound(watched, width, height);
    const accepted = await fetch(`${server.url}/api/v1/terminals/13500008006/accept`, { method: "POST" });
    expect(accepted.status).toBe(200);
    await watched.page.goto(`${server.url}/terminals?status=accepted`);
    await watched.page.locator(".terminal-acts button[aria-expanded]").first().click();
    await watched.page.locator(".terminal-ask").waitFor();
    await isSound(watched, width, height);
    await watched.context.close();
  });

  it("asks what for before it shows numbers", async () => {
    const phone = "13500008007";
    await ask(phone, "豫G80007");
    const { page, context } = await openTerminals(phone, { ...SMALL, purpose: null });
    await page.getByText("请先说明查看的用途").first().waitFor();
    await counts(rowOf(page, phone), 0);
    await page.locator(".panel").getByRole("button", { name: "卡口查控" }).click();
    await rowOf(page, phone).waitFor();
    await context.close();
  });

  it.each(["auditor", "admin"])("says to %s, who cannot let in, whose duty it is", async (account) => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`, { ...SMALL, purpose: null });
    const signedIn = await context.request.post(`${server.url}/api/v1/session`, {
      data: { account, password: "wuxing-demo" },
      headers: { origin: server.url },
    });
    expect(signedIn.status()).toBe(200);
    await page.goto(`${server.url}/terminals`);
    await page.getByText("您不能使用终端准入").waitFor();
    await page.getByText("终端准入由市、县值班席", { exact: false }).waitFor();
    await context.close();
  });

  it("says what failed and what goes on, and can be tried again", async () => {
    const phone = "13500008008";
    await ask(phone, "豫G80008");
    const { page, context } = await openConsole(browser, `${server.url}/users`, SMALL);
    const failure = { code: "STORE_UNAVAILABLE", message: { zh: "暂时不能读取", en: "" }, detail: null, problems: [] };
    await page.route("**/api/v1/terminals?**", (route) => route.fulfill({ status: 503, json: failure }));
    await page.locator(".settings-tabs").getByRole("link", { name: "终端" }).click();
    const failed = page.locator(".failed");
    await shows(failed, /终端列表读取失败.*暂时不能读取/su);
    // While it still fails: the list is also asked for by itself, and once that is answered there is no such button.
    await failed.getByRole("button", { name: "重试" }).click();
    await page.unroute("**/api/v1/terminals?**");
    await page.locator(".terminal-row").first().waitFor();
    await context.close();
  });
});
