import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Exposure } from "../../src/model/finding.ts";
import type { RuleVersion } from "../../src/model/rule-version.ts";
import { launchBrowser, openConsole } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { isEnabled, isSound, shows } from "./seen.ts";

let browser: Browser;
let server: RunningServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  await itemsOf<Exposure>(server.url, "/exposures", 5);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

describe.each(["zh", "en"] as const)("the pages of rule and system in %s", (language) => {
  it.each(["/rules", "/system"])("%s: no error, no request elsewhere, no fault, no overflow", async (path) => {
    const theme = language === "zh" ? "light" : "dark";
    const opened = await openConsole(browser, server.url + path, { language, theme, width: 1366, height: 768 });
    await opened.page.locator(".panel .section").nth(1).waitFor();
    await isSound(opened);
    await opened.context.close();
  });
});

describe("the rule's page", () => {
  it("tries other parameters over the past, then publishes them, and says when they take effect", async () => {
    const { page, context, errors } = await openConsole(browser, `${server.url}/rules`, { width: 1366, height: 768 });
    const run = page.getByRole("button", { name: "试算", exact: true });
    await isEnabled(run, false);
    await page.getByText("参数与现在相同").waitFor();
    const publish = page.getByRole("form", { name: "发布新版本" });
    await publish.getByLabel("理由").fill("指挥部通知 2026-12 号");
    await isEnabled(publish.getByRole("button", { name: "发布", exact: true }), false);

    await page.getByLabel("改为 停留时长").fill("30");
    await run.click();
    const result = page.getByRole("table", { name: "试算", exact: true });
    await result.waitFor();
    const [before, after, gained, lost] = (
      await result.locator("tbody tr").first().locator("td").allTextContents()
    ).map(Number);
    expect(before).toBeGreaterThan(0);
    expect(after).toBe(before + gained - lost);
    expect(lost).toBeGreaterThan(0);
    await page.locator(".rule-changes li").first().waitFor();

    // Other parameters than those tried are not published.
    await page.getByLabel("改为 停留时长").fill("31");
    await isEnabled(publish.getByRole("button", { name: "发布", exact: true }), false);
    await page.getByLabel("改为 停留时长").fill("30");
    await publish.getByRole("button", { name: "发布", exact: true }).click();
    await page.getByText("第 2 版已发布，还没有生效").waitFor();
    await shows(page.locator(".panel-head .tag"), "第 1 版");
    const [second, first] = await itemsOf<RuleVersion>(server.url, "/rules", 2);
    expect(second).toMatchObject({ version: 2, state: "waiting", reason: "指挥部通知 2026-12 号" });
    expect(second.parameters.dwellMs).toBe(1_800_000);
    expect(second.author).not.toBe("");
    expect(first).toMatchObject({ version: 1, state: "running" });
    expect(errors).toEqual([]);
    await context.close();
  });

  it("refuses parameters that contradict each other with the reason", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/rules`);
    await page.getByLabel("改为 短暂离开").fill("7200");
    await page.getByRole("button", { name: "试算", exact: true }).click();
    const refused = page.locator(".notice.bad");
    await shows(refused, /规则参数有误.*graceMs/su);
    await context.close();
  });
});

describe("the system's page", () => {
  it("says what came in, what was refused, and how full the disk is", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/system`);
    await page.getByRole("heading", { name: "存储" }).waitFor();
    const body = page.locator(".panel-body");
    await shows(body, /数据盘剩余[\d.]+ GB \/ [\d.]+ GB/u);
    await shows(body, /收到的帧[\d,]+/u);
    await shows(body, "拒收的帧与内容");
    await context.close();
  });
});
