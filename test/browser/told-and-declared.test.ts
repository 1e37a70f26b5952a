import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaseSummary } from "../../src/model/case.ts";
import type { Status } from "../../src/model/status.ts";
import { launchBrowser, openConsole } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { shows } from "./seen.ts";
import { isWhole } from "./whole.ts";

const SMALL = { width: 1366, height: 768 } as const;

let browser: Browser;
let server: RunningServer;
let work: CaseSummary;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  [work] = await itemsOf<CaseSummary>(server.url, "/cases?type=locked-vehicle", 1);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Declares where the case's vehicle goes, as whoever sits at the desk. */
async function declare(): Promise<void> {
  const { cityTimeMs } = (await (await fetch(`${server.url}/api/v1/status`)).json()) as Status;
  const [plate, plateColour] = work.subject.id.split("_") as [string, string];
  const arrival = {
    id: `test-${plateColour}-${cityTimeMs}`,
    plate,
    plateColour: Number(plateColour),
    destination: { place: "410711", address: "王村镇物流园 3 号库" },
    arriveAt: new Date(cityTimeMs + 3_600_000).toISOString(),
    cargo: "冷冻猪肉",
    contact: "13800000000",
  };
  const answer = await fetch(`${server.url}/api/v1/arrivals/by-hand`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ arrivals: [arrival] }),
  });
  expect(await answer.json()).toMatchObject({ accepted: 1, rejected: 0 });
}

describe.each(["zh", "en"] as const)("a declared arrival in %s", (language) => {
  it("stands on the vehicle's page and in its case, each value with who said it; the number is shown when it is asked for", async () => {
    await declare();
    const address = `${server.url}/vehicle/${encodeURIComponent(work.subject.id)}`;
    const opened = await openConsole(browser, address, { ...SMALL, language, purpose: "case-work" });
    const { page, context } = opened;
    const declared = page.locator(".arrivals li").first();
    await shows(declared, /王村镇物流园 3 号库.*冷冻猪肉/su);
    await shows(declared, language === "zh" ? /登记，/u : /entered by /u);
    await declared.getByRole("button", { name: language === "zh" ? /显示/u : /Show/u }).click();
    await shows(declared, "13800000000");
    await isWhole(opened);
    await page.goto(`${server.url}/case/${encodeURIComponent(work.id)}`);
    await shows(page.locator(".arrivals li").first(), /王村镇物流园 3 号库/u);
    await context.close();
  });
});

describe("a case's page", () => {
  it.each(["zh", "en"] as const)("says who was told, by which way, and whether it was read (%s)", async (language) => {
    const address = `${server.url}/case/${encodeURIComponent(work.id)}`;
    const opened = await openConsole(browser, address, { ...SMALL, language, purpose: "case-work" });
    const { page, context } = opened;
    const told = page.locator(".notices > li").first();
    await told.waitFor();
    await shows(told.locator("b"), /\S/u);
    await shows(told, language === "zh" ? /站内 · (○ 未读|✓ .*已读)/u : /Inbox · (○ not read|✓ read )/u);
    await isWhole(opened);
    await context.close();
  });
});

describe("a forgotten password", () => {
  it("is chosen anew at the sign-in page by a code that an administrator made, good once", async () => {
    const signedIn = await openConsole(browser, `${server.url}/healthz`, { ...SMALL, purpose: null });
    const answer = await signedIn.context.request.post(`${server.url}/api/v1/session`, {
      data: { account: "admin", password: "wuxing-demo" },
      headers: { origin: server.url },
    });
    expect(answer.status()).toBe(200);
    await signedIn.page.goto(`${server.url}/users/deputy`);
    await signedIn.page.getByRole("button", { name: "一次性改密码…" }).click();
    const form = signedIn.page.getByRole("form", { name: "一次性改密码" });
    await form.getByLabel(/理由/u).fill("本人电话申请，已核对工号");
    await form.getByRole("button", { name: "一次性改密码" }).click();
    const code = signedIn.page.locator(".once code");
    await shows(code, /\S{8,}/u);
    const text = (await code.textContent())!;
    await signedIn.context.close();

    const { page, context } = await openConsole(browser, server.url, { ...SMALL, purpose: null });
    const openForm = async (): Promise<void> => {
      await page.locator(".bar-user").click();
      await page.getByRole("button", { name: "换账号登录" }).click();
      await page.getByRole("button", { name: /忘记密码/u }).click();
    };
    await openForm();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("账号").fill("deputy");
    await dialog.getByLabel("一次性码").fill(text);
    await dialog.getByLabel("新密码").fill("a-new-and-longer-one");
    await dialog.getByRole("button", { name: "设新密码并登录" }).click();
    await expect
      .poll(
        async () =>
          ((await (await context.request.get(`${server.url}/api/v1/me`)).json()) as { account: string }).account,
      )
      .toBe("deputy");
    // The code is used up.
    const again = await context.request.post(`${server.url}/api/v1/session/password`, {
      data: { account: "deputy", code: text, password: "yet-another-long-one" },
      headers: { origin: server.url },
    });
    expect(again.status()).toBe(422);
    await context.close();
  });
});
