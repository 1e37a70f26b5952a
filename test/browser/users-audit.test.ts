import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Vehicle } from "../../src/model/vehicle.ts";
import { launchBrowser, openConsole, type ConsoleOptions } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { counts, isEnabled, isSound, shows } from "./seen.ts";

let browser: Browser;
let server: RunningServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  await itemsOf<Vehicle>(server.url, "/vehicles", 5);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const SMALL: ConsoleOptions = { width: 1366, height: 768 };

/** Opens a page in the name of one of the demo's accounts. */
async function openAs(account: string, path: string, options: ConsoleOptions = SMALL) {
  const opened = await openConsole(browser, `${server.url}/healthz`, { ...options, purpose: null });
  const signedIn = await opened.context.request.post(`${server.url}/api/v1/session`, {
    data: { account, password: "wuxing-demo" },
    headers: { origin: server.url },
  });
  expect(signedIn.status()).toBe(200);
  // The empty page before it keeps nothing, and says so.
  opened.errors.length = 0;
  await opened.page.goto(server.url + path);
  await opened.page.locator(".panel .settings-tabs").waitFor();
  return opened;
}

describe.each(["zh", "en"] as const)("the pages of accounts, audit and keys in %s", (language) => {
  it.each([
    ["admin", "/users"],
    ["admin", "/users/duty"],
    ["admin", "/account"],
    ["auditor", "/audit"],
    ["duty", "/users"],
    ["duty", "/audit"],
    ["duty", "/account"],
  ])("%s at %s: no error, no request elsewhere, no fault, no overflow", async (account, path) => {
    const theme = language === "zh" ? "light" : "dark";
    const opened = await openAs(account, path, { ...SMALL, language, theme });
    await opened.page.locator(".panel .row, .panel .section, .panel .empty").first().waitFor();
    await isSound(opened);
    await opened.context.close();
  });
});

describe("accounts", () => {
  it("are made with a password shown once, blocked, and let in again", async () => {
    const { page, context } = await openAs("admin", "/users");
    await page.getByRole("button", { name: "新建账号" }).first().click();
    const form = page.getByRole("form", { name: "新建账号" });
    await form.getByLabel("账号", { exact: false }).first().fill("liu.auditor");
    await form.getByLabel("姓名或用途").fill("刘审计");
    await form.getByLabel("审计员").check();
    await form.getByRole("button", { name: "新建账号" }).click();
    await page.getByText("账号 liu.auditor 已建立").waitFor();
    const password = (await page.locator(".once code").textContent())!;
    expect(password.length).toBeGreaterThan(12);
    const signIn = () =>
      fetch(`${server.url}/api/v1/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ account: "liu.auditor", password }),
      });
    expect((await signIn()).status).toBe(200);
    await page.getByRole("button", { name: "我已记下" }).click();

    await page.getByLabel("账号或姓名的开头").fill("liu");
    await page.locator(".user-row", { hasText: "刘审计" }).click();
    await page.getByText("查询审计").waitFor();
    await shows(page.locator(".panel-body"), "不属于任何人员");
    await page.getByRole("button", { name: "停用…" }).click();
    await page.getByRole("button", { name: "确认停用" }).click();
    await page.getByRole("status").filter({ hasText: "已停用" }).waitFor();
    await page.locator(".panel-head .tag", { hasText: "已停用" }).waitFor();
    expect((await signIn()).status).toBe(401);
    await page.getByRole("button", { name: "恢复使用" }).click();
    await page.getByRole("status").filter({ hasText: "可以登录" }).waitFor();
    expect((await signIn()).status).toBe(200);
    await context.close();
  });

  it("show the duties that their rights come from, and a reset of the second factor asks for a reason", async () => {
    const { page, context } = await openAs("admin", "/users/duty");
    await page.getByText("实时监控").waitFor();
    await shows(page.locator(".panel-body"), /新乡市.*值班员/u);
    await page.getByRole("button", { name: "重置第二因素…" }).click();
    const form = page.getByRole("form", { name: "重置第二因素" });
    await form.getByLabel("理由").fill("手机丢了");
    await isEnabled(form.getByRole("button", { name: "重置第二因素" }), false);
    await form.getByLabel("理由").fill("本人手机丢失，已当面核实身份");
    await form.getByRole("button", { name: "重置第二因素" }).click();
    await page.getByRole("status").filter({ hasText: "已清除" }).waitFor();
    await context.close();
  });

  it("say what may not be done, and by whom it can", async () => {
    const admin = await openAs("admin", "/users/admin");
    await admin.page.getByText("这是您自己的账号").waitFor();
    await counts(admin.page.getByRole("button", { name: "停用…" }), 0);
    await admin.context.close();
    const duty = await openAs("duty", "/users");
    await duty.page.getByText("您不能使用账号").waitFor();
    await duty.page.getByText("由“系统管理员”身份管理", { exact: false }).waitFor();
    await duty.context.close();
  });
});

describe("keys and sessions", () => {
  it("a key is shown once, opens what it may and no more, and opens nothing once revoked", async () => {
    const { page, context } = await openAs("duty", "/account");
    await page.locator(".lines tbody tr").first().waitFor();
    await page.getByRole("button", { name: "新建密钥" }).click();
    const form = page.getByRole("form", { name: "新建密钥" });
    await form.getByLabel("用途说明").fill("每日报表程序");
    await isEnabled(form.getByLabel("管理账号"), false);
    await form.getByLabel("报告", { exact: true }).check();
    await form.getByRole("button", { name: "新建密钥" }).click();
    const key = (await page.locator(".once code").textContent())!;
    const ask = async (path: string): Promise<number> =>
      (await fetch(`${server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${key}` } })).status;
    expect(await ask("/me")).toBe(200);
    expect(await ask("/accounts")).toBe(403);
    await page.getByRole("button", { name: "我已记下" }).click();
    await expect.poll(() => page.locator(".panel").textContent()).not.toContain(key);
    const row = page.locator(".key-rows li", { hasText: "每日报表程序" });
    await row.getByRole("button", { name: "吊销" }).click();
    await row.waitFor({ state: "detached" });
    await expect.poll(() => ask("/me")).toBe(401);
    await context.close();
  });
});

describe("the audit", () => {
  it("says who looked at a vehicle and what for, on the vehicle's page and to the auditor, who is in it too", async () => {
    const [vehicle] = await itemsOf<Vehicle>(server.url, "/vehicles?limit=1", 1);
    const { page, context } = await openConsole(
      browser,
      `${server.url}/vehicle/${encodeURIComponent(vehicle.id)}`,
      SMALL,
    );
    await page.getByRole("button", { name: "展开查看" }).click();
    const row = page.locator(".viewers tbody tr").first();
    await shows(row, "卡口查控");
    await context.close();

    const auditor = await openAs("auditor", `/audit?subject=${encodeURIComponent(vehicle.id)}`);
    const notes = auditor.page.locator(".audit-row");
    await notes
      .filter({ hasText: /GET \/vehicles\/:id\/viewers/u })
      .first()
      .waitFor();
    await counts(notes.filter({ hasNotText: vehicle.id }), 0);
    await expect.poll(() => auditor.page.getByRole("link", { name: "CSV" }).getAttribute("href")).toContain("subject=");
    await auditor.page.getByRole("button", { name: "清除条件" }).click();
    await auditor.page.locator(".audit-row", { hasText: "GET /audit?limit&subject" }).first().waitFor();
    await auditor.context.close();
  });

  it("is asked by its filters, page by page, and its chain is verified by a button", async () => {
    const { page, context, errors } = await openAs("auditor", "/audit");
    await page.locator(".audit-row").first().waitFor();
    await page.getByLabel("类别").selectOption({ label: "登录" });
    await page.getByRole("button", { name: "查询", exact: true }).click();
    await page.waitForURL(/kind=sign-in/);
    await page.locator(".audit-row", { hasText: "登录" }).first().waitFor();
    await counts(page.locator(".audit-row", { hasNotText: "登录" }), 0);
    await page.getByLabel("谁 (账号)").fill("nobody-of-this-name");
    await page.getByRole("button", { name: "查询", exact: true }).click();
    await page.getByText("没有符合条件的记录").waitFor();

    await page.locator(".audit-chain summary").click();
    const form = page.getByRole("form", { name: "校验整条链" });
    await form.getByRole("button").click();
    const whole = page.getByRole("status").filter({ hasText: "完整" });
    await whole.waitFor();
    await shows(page.locator(".once code"), /^\d+:\S{20,}$/u);
    const head = (await page.locator(".once code").textContent())!;
    // One row more than there are: something was cut off the end.
    const [, digest] = head.split(":");
    await form.getByLabel("以前抄下的").fill(`99999999:${digest}`);
    await form.getByRole("button").click();
    const broken = page.getByRole("alert").filter({ hasText: "断开" });
    await shows(broken, "末尾有记录缺失");
    expect(errors).toEqual([]);
    await context.close();
  });

  it("that cannot be read says so and can be tried again", async () => {
    const { page, context } = await openAs("auditor", "/users");
    const failure = { code: "STORE_UNAVAILABLE", message: { zh: "暂时不能读取", en: "" }, detail: null, problems: [] };
    await page.route("**/api/v1/audit?**", (route) => route.fulfill({ status: 503, json: failure }));
    await page.getByRole("link", { name: "审计", exact: true }).click();
    const failed = page.locator(".failed");
    await shows(failed, /审计读取失败.*暂时不能读取/su);
    await page.unroute("**/api/v1/audit?**");
    await failed.getByRole("button", { name: "重试" }).click();
    await page.locator(".audit-row").first().waitFor();
    await context.close();
  });
});
