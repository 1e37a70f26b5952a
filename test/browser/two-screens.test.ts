import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { CaseStory, CaseSummary } from "../../src/model/case.ts";
import type { Lock } from "../../src/model/finding.ts";
import { launchBrowser, openConsole, openPage, type WatchedPage } from "./browser.ts";
import { sendTruck, type OwnTruck } from "./own-truck.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { isAccessible } from "./seen.ts";

/** Within 800 m of the risk area west of the city, and in the grid whose head and deputy have the demo's accounts. */
const NEAR = [113.283, 35.2065] as const;
const GRID = [114.0255, 35.263] as const;
const PHOTO = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==",
  "base64",
);

let browser: Browser;
let server: RunningServer;
let trucks: OwnTruck[] = [];
/** No truck is sent twice. */
let lastNumber = 70_000;

beforeAll(async () => {
  // At the wall's own speed: what a person does on the phone takes as long as it takes.
  const demo = startDemo(["--demo-speed", "1", "--demo-trucks", "20"]);
  [browser, server] = await Promise.all([launchBrowser(), demo]);
});
afterEach(async () => {
  for (const truck of trucks.splice(0)) truck.stop();
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** A truck that was near the risk area and now stands in the grid, with the case of its lock. */
async function lockedTruck(): Promise<{ truck: OwnTruck; lock: Lock; id: string }> {
  const cityTimeMs = async (): Promise<number> => (await answer<{ cityTimeMs: number }>("/status")).cityTimeMs;
  const number = ++lastNumber;
  const story = { plate: `豫G${number}`, phone: `139000${number}`, near: NEAR, to: GRID, cityTimeMs };
  const truck = await sendTruck({ port: server.jt808Port, ...story });
  trucks.push(truck);
  const of = encodeURIComponent(truck.vehicle);
  const [{ id, lock }] = await itemsOf<CaseSummary>(server.url, `/cases?subject=${of}`, 1);
  return { truck, lock: await answer<Lock>(`/locks/${lock!}`), id };
}

async function answer<Answer>(path: string): Promise<Answer> {
  return (await (await fetch(`${server.url}/api/v1${path}`)).json()) as Answer;
}
const storyOf = (id: string): Promise<CaseStory> => answer<CaseStory>(`/cases/${id}`);
const stepsOf = async (id: string): Promise<(string | null)[]> =>
  (await storyOf(id)).entries.filter(({ kind }) => kind === "action").map(({ action }) => action);

/** A phone in the grid, signed in with one of the demo's accounts. Its errors are those of the program: without a network requests fail. */
async function openPhone(account: string): Promise<WatchedPage> {
  const [longitude, latitude] = GRID;
  const watched = await openPage(browser, {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
    locale: "zh-CN",
    permissions: ["geolocation"],
    // A few steps beside the truck.
    geolocation: { longitude: longitude + 0.0008, latitude, accuracy: 12 },
  });
  const { page } = watched;
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  await page.goto(`${server.url}/m/`);
  await page.getByLabel("账号").fill(account);
  await page.getByLabel("密码").fill("wuxing-demo");
  await page.getByRole("button", { name: "登录", exact: true }).click();
  await page.getByRole("navigation").getByText("我的任务").waitFor();
  return { ...watched, errors };
}

/** Presses the step under the thumb, fills its sheet, and confirms. */
async function step(page: Page, name: string, fill: (sheet: ReturnType<Page["getByRole"]>) => Promise<void> = nothing) {
  const actions = page.locator(".task-actions");
  const button = actions.getByRole("button", { name, exact: true });
  const more = actions.getByRole("button", { name: "其他操作" });
  const listed = page.getByRole("dialog", { name: "其他操作" }).getByRole("button", { name, exact: true });
  const sheet = page.getByRole("dialog", { name });
  // More steps than fit beside each other are behind one button; the step before may still be on its way.
  await expect
    .poll(async () => {
      if (await sheet.isVisible()) return "open";
      const next = (await button.isVisible()) ? button : (await listed.isVisible()) ? listed : more;
      await next.click({ timeout: 5000 });
      return "pressed";
    })
    .toBe("open");
  await fill(sheet);
  await sheet.getByRole("button", { name, exact: true }).click();
  await sheet.waitFor({ state: "detached" });
}
const nothing = async (): Promise<void> => undefined;
const byPhone = (sheet: ReturnType<Page["getByRole"]>): Promise<void> =>
  sheet.getByText("电话", { exact: true }).click();
async function withPhoto(sheet: ReturnType<Page["getByRole"]>): Promise<void> {
  await sheet.locator("input[type=file]").setInputFiles({ name: "spot.png", mimeType: "image/png", buffer: PHOTO });
  await sheet.getByRole("img", { name: "现场照片 1" }).waitFor();
  await sheet.getByText("位置已记录（精度 12 m）").waitFor();
}

/** Waits until the phone knows that the server has what was done on it: a step that follows stands on that. */
const isUploaded = (page: Page): Promise<void> =>
  page.getByText("已在本机完成，等待上传").waitFor({ state: "detached" });

const openTask = (page: Page, plate: string): Promise<void> => page.getByRole("link", { name: plate }).click();

describe("a lock on two screens", () => {
  it("goes from the finding to the release, with a phone that has no network in the middle", async () => {
    const console_ = await openConsole(browser, server.url, { width: 1366, height: 768 });
    const head = await openPhone("grid");
    const deputy = await openPhone("deputy");
    await head.page.getByText("目前没有任务").waitFor();
    const { truck, lock, id } = await lockedTruck();

    // Both see it: the desk at once, the phone with its next round.
    const card = console_.page.locator(`.rail .card[data-lock="${lock.id}"]`);
    await card.getByText(/停留 .*进入/).waitFor();
    await openTask(head.page, truck.plate);
    await head.page.getByRole("heading", { name: `${truck.plate} 曾在` }).waitFor();
    await isAccessible(head.page);
    await step(head.page, "接单");
    await console_.page.goto(`${server.url}/case/${id}`);
    await console_.page.getByText("联系司机", { exact: true }).first().waitFor();
    const { takenByName } = await storyOf(id);
    await console_.page.locator(".panel .facts").getByText(takenByName!, { exact: true }).waitFor();

    // Without a network the driver is reached and the vehicle verified; the phone says that this waits.
    await head.page.getByRole("button", { name: "已联系司机" }).waitFor();
    await isUploaded(head.page);
    await head.context.setOffline(true);
    await step(head.page, "已联系司机", byPhone);
    await step(head.page, "到场核实", withPhoto);
    await head.page.getByText("已在本机完成，等待上传").waitFor();
    await head.page.getByRole("button", { name: "登记处置" }).waitFor();
    expect(await stepsOf(id)).toEqual(["take"]);
    // Closed and opened again without a network, nothing of it is gone.
    await head.page.goto(`${server.url}/m/waiting`);
    await head.page.locator(".work-card").nth(1).waitFor();
    await expect
      .poll(() => head.page.locator(".work-card").allTextContents())
      .toEqual([
        expect.stringMatching(new RegExp(`等待网络.*${truck.plate}.*已联系司机`, "u")),
        expect.stringMatching(new RegExp(`前一步需要先处理.*${truck.plate}.*到场核实`, "u")),
      ]);
    await isAccessible(head.page);

    // Back in the network it goes by itself, each step once, with the time at which it was done.
    const onlineMs = (await answer<{ cityTimeMs: number }>("/status")).cityTimeMs;
    await head.context.setOffline(false);
    await head.page.getByText("没有待上传的内容").waitFor();
    await expect.poll(() => stepsOf(id)).toEqual(["take", "reach", "verify"]);
    const verified = (await storyOf(id)).entries.find(({ action }) => action === "verify")!;
    expect(Date.parse(verified.at)).toBeLessThan(onlineMs);
    expect(verified.detail["metersToSubject"]).toBeGreaterThan(50);
    expect(verified.detail["metersToSubject"]).toBeLessThan(100);
    await head.page.reload();
    await head.page.getByText("没有待上传的内容").waitFor();
    expect(await stepsOf(id)).toEqual(["take", "reach", "verify"]);
    await console_.page
      .getByText(/距车载终端 \d+ m/)
      .first()
      .waitFor();
    const photo = console_.page.locator(".story img").first();
    await expect.poll(() => photo.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(2);

    // Meanwhile the deputy, without a network, saw it before a result was waited for: both sides are shown, and a choice.
    await openTask(deputy.page, truck.plate);
    await deputy.page.getByRole("button", { name: "登记处置" }).waitFor();
    await deputy.context.setOffline(true);
    await step(deputy.page, "登记处置", (sheet) => sheet.getByText("检测", { exact: true }).click());
    await head.page.getByText("我的任务").click();
    await openTask(head.page, truck.plate);
    await step(head.page, "等待结果", (sheet) => sheet.getByRole("textbox").fill("等核酸结果"));
    await expect.poll(() => stepsOf(id)).toEqual(["take", "reach", "verify", "wait"]);
    await isUploaded(head.page);
    await step(head.page, "继续");
    await expect.poll(() => stepsOf(id)).toEqual(["take", "reach", "verify", "wait", "go-on"]);
    await deputy.context.setOffline(false);
    await deputy.page.goto(`${server.url}/m/waiting`);
    const conflict = deputy.page.locator(".work-card");
    await conflict.getByText("情况已变化，需要您选择").waitFor();
    await expect.poll(() => conflict.getByRole("heading").allTextContents()).toEqual(["我做的", "现在的情况"]);
    await isAccessible(deputy.page);
    await conflict.getByRole("button", { name: "按现在的情况重新提交" }).click();
    await deputy.page.getByText("没有待上传的内容").waitFor();
    await expect.poll(async () => (await stepsOf(id)).at(-1)).toBe("handle");

    // Who handled it does not check it; another person does, and the desk releases with a reason.
    await deputy.page.getByRole("navigation").getByText("网格", { exact: true }).click();
    await openTask(deputy.page, truck.plate);
    await deputy.page.getByText("这一步由他人完成").waitFor();
    await step(head.page, "复核通过");
    await expect.poll(() => stepsOf(id)).toContain("check");
    await console_.page.goto(`${server.url}/lock/${lock.id}`);
    await console_.page.getByRole("button", { name: /解除锁定/ }).click();
    const form = console_.page.getByRole("form", { name: "解除锁定" });
    await form.locator("select").selectOption({ label: "已排除风险" });
    await form.locator("textarea").fill("核酸阴性，车辆已消毒");
    await form.getByRole("button", { name: "解除锁定" }).click();
    await console_.page.getByText("核酸阴性，车辆已消毒").waitFor();
    await expect.poll(async () => (await answer<Lock>(`/locks/${lock.id}`)).state).toBe("released");
    await console_.page.locator(".tag", { hasText: "已解除" }).waitFor();
    await card.waitFor({ state: "detached" });
    await head.page.goto(`${server.url}/m/`);
    await head.page.getByText("目前没有任务").waitFor();
    expect([...head.errors, ...deputy.errors, ...console_.errors]).toEqual([]);
  });

  it("is taken by one of two phones without a network; the other is shown both sides and gives way", async () => {
    const [head, deputy] = [await openPhone("grid"), await openPhone("deputy")];
    const { truck, id } = await lockedTruck();
    for (const { page, context } of [head, deputy]) {
      await openTask(page, truck.plate);
      await page.getByRole("button", { name: "接单", exact: true }).waitFor();
      await context.setOffline(true);
      await step(page, "接单");
    }
    await head.context.setOffline(false);
    await expect.poll(() => stepsOf(id)).toEqual(["take"]);
    await deputy.context.setOffline(false);
    await deputy.page.goto(`${server.url}/m/waiting`);
    const conflict = deputy.page.locator(".work-card");
    await conflict.getByText("情况已变化，需要您选择").waitFor();
    await conflict.getByText("联系司机", { exact: true }).waitFor();
    await conflict.getByText("现在的状态下已不能这样做").waitFor();
    await conflict.getByRole("button", { name: "放弃我的操作" }).click();
    await deputy.page.getByRole("button", { name: "确定" }).click();
    await deputy.page.getByText("没有待上传的内容").waitFor();
    expect(await stepsOf(id)).toEqual(["take"]);
    const me = await head.page.evaluate(async () => (await fetch("/api/v1/me")).json());
    expect((await storyOf(id)).takenBy).toBe((me as { person: string }).person);
    expect([...head.errors, ...deputy.errors]).toEqual([]);
  });
});
