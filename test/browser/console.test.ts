import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaseSummary } from "../../src/model/case.ts";
import type { Exposure, Lock, Passage } from "../../src/model/finding.ts";
import { launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { agree, counts, isSound, shows } from "./seen.ts";

let browser: Browser;
let server: RunningServer;
let locks: Lock[];
let exposures: Exposure[];

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  locks = await itemsOf<Lock>(server.url, "/locks?state=live", 2);
  exposures = await itemsOf<Exposure>(server.url, `/exposures?vehicle=${encodeURIComponent(locks[0].vehicle)}`, 1);
  await itemsOf<Passage>(server.url, "/passages", 5);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

const openCases = (): Promise<CaseSummary[]> => itemsOf<CaseSummary>(server.url, "/cases?limit=1000", 0);

/** How many open locks nobody is at work on, or not in time. */
async function undecided(): Promise<number> {
  const cases = new Map((await openCases()).map((one) => [one.lock, one]));
  let count = 0;
  for (const state of ["live", "review"]) {
    for (const { id } of await itemsOf<Lock>(server.url, `/locks?state=${state}&limit=1000`, 0)) {
      const of = cases.get(id);
      if (state === "review" || of === undefined || of.takenBy === null || of.overdue) count++;
    }
  }
  return count;
}

const PAGES = (): Record<string, string> => ({
  situation: "/",
  locks: "/locks",
  lock: `/lock/${encodeURIComponent(locks.at(-1)!.id)}`,
  vehicles: "/vehicles",
  vehicle: `/vehicle/${encodeURIComponent(locks[0].vehicle)}?hours=24&exposure=${encodeURIComponent(exposures[0].id)}`,
  areas: "/areas",
  area: `/area/${encodeURIComponent(exposures[0].area)}`,
  publishing: "/area/new",
  importing: "/area/import",
  gates: "/gates",
  gate: "/gate/g4-weihui",
  system: "/system",
});

describe.each(["zh", "en"] as const)("every page in %s", (language) => {
  it.each([
    "situation",
    "locks",
    "lock",
    "vehicles",
    "vehicle",
    "areas",
    "area",
    "publishing",
    "importing",
    "gates",
    "gate",
    "system",
  ])("%s: no error, no request elsewhere, no fault of accessibility, no overflow at 1366 × 768", async (name) => {
    const theme = language === "zh" ? "light" : "dark";
    const path = PAGES()[name];
    const opened = await openConsole(browser, server.url + path, { language, theme, width: 1366, height: 768 });
    const { page, context } = opened;
    await page.locator(".rail .card, .rail .empty").first().waitFor();
    if (name !== "situation") await page.locator(".panel .section, .panel .filter, .panel .rows").first().waitFor();
    await isSound(opened);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe(language === "zh" ? "zh-CN" : "en");
    await context.close();
  });
});

describe("the situation", () => {
  it("shows the vehicles, the city and a card for each lock that waits", async () => {
    const { page, context } = await openConsole(browser, server.url);
    await mapIsDrawn(page);
    const { items } = (await (await fetch(`${server.url}/api/v1/locks?state=live`)).json()) as { items: Lock[] };
    await expect
      .poll(async () => Number(await page.locator(".state-counts .locked b").textContent()))
      .toBeGreaterThanOrEqual(1);
    await expect
      .poll(async () => Number(await page.locator(".rail-head b").textContent()))
      .toBeGreaterThanOrEqual(Math.min(2, items.length));
    const drawn = (): Promise<string[]> =>
      page.evaluate(() => {
        const { map } = (
          window as unknown as {
            wuxingMap: { map: { queryRenderedFeatures(options: object): { layer: { id: string } }[] } };
          }
        ).wuxingMap;
        return [...new Set(map.queryRenderedFeatures({}).map(({ layer }) => layer.id))];
      });
    await expect
      .poll(drawn)
      .toEqual(expect.arrayContaining(["land", "fence", "roads", "gate-bars", "area-line", "reach"]));
    await page
      .locator(".card", { hasText: /800 m 内.*停留/ })
      .first()
      .waitFor();
    await context.close();
  });

  it("says what would fill it while nothing needs a decision, and keeps working when a list fails", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`);
    await page.route("**/api/v1/locks?**", (route) => route.fulfill({ json: { items: [], next: null } }));
    await page.goto(server.url);
    await shows(page.locator(".rail .empty"), "目前没有需要处理的车辆");
    await page.unroute("**/api/v1/locks?**");
    await page.route("**/api/v1/locks?**", (route) =>
      route.fulfill({
        status: 503,
        json: { code: "STORE_UNAVAILABLE", message: { zh: "暂时不能写入", en: "" }, detail: null, problems: [] },
      }),
    );
    // Whatever the stream tells would have the list read anew, before the button is pressed.
    await page.route("**/api/v1/stream", (route) => route.abort());
    await page.reload();
    const failed = page.locator(".rail .failed");
    await shows(failed, "暂时不能写入");
    await shows(failed, "地图与实时数据不受影响");
    await page.unroute("**/api/v1/locks?**");
    await failed.getByRole("button", { name: "重试" }).click();
    await page.locator(".rail .card").first().waitFor();
    await context.close();
  });

  it("says since when it knows nothing new, and comes back by itself", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`);
    await page.route("**/api/v1/stream", (route) => route.abort());
    await page.goto(server.url);
    await page.evaluate(() => Object.assign(window, { stays: true }));
    await page.locator(".connection-lost").waitFor();
    await page.locator(".rail .card").first().waitFor();
    await page.unroute("**/api/v1/stream");
    await page.locator(".connection-lost").waitFor({ state: "detached" });
    expect(await page.evaluate(() => "stays" in window)).toBe(true);
    await context.close();
  });

  it("is worked by the keyboard", async () => {
    const { page, context } = await openConsole(browser, server.url);
    await page.locator(".rail .card").first().waitFor();
    await page.keyboard.press("j");
    await page.locator(".card.chosen").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/lock\//);
    await page.locator(".panel .exposure").first().waitFor();
    await page.keyboard.press("Escape");
    await page.waitForURL(server.url + "/");
    const waiting = async (): Promise<number> => Number(await page.locator(".rail-head b").textContent());
    await agree(waiting, undecided);
    await page.keyboard.press("a");
    await agree(waiting, async () => (await undecided()) - 1);
    await page.keyboard.press("5");
    await page.waitForURL(/\/gates$/);
    await page.keyboard.press("/");
    await page.locator("input:focus").waitFor();
    await page.keyboard.type("豫");
    await page.waitForURL(/\/vehicles\?q=/);
    await page.locator(".vehicle-row").first().waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await context.close();
  });

  it("changes language and day or night, and remembers both", async () => {
    const { page, context } = await openConsole(browser, server.url);
    await page.getByRole("button", { name: "EN" }).click();
    await shows(page.locator(".rail-head"), "To decide");
    await page.getByRole("button", { name: "Day", exact: false }).first().click();
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
    await expect
      .poll(() => page.evaluate(() => ["language", "theme"].map((name) => localStorage.getItem(`wuxing.${name}`))))
      .toEqual(["en", "dark"]);
    await context.close();
  });
});

describe("a vehicle's page", () => {
  it("draws the evidence of an exposure: crossings, nearest approach, stay with the ten-minute mark", async () => {
    const exposure = exposures[0];
    const { page, context } = await openConsole(browser, server.url + PAGES()["vehicle"]);
    await page.locator(".exposure.drawn").waitFor();
    await mapIsDrawn(page);
    const labels = page.locator(".evidence-label");
    await labels
      .filter({ hasText: /进入 800 m|首个定位/u })
      .first()
      .waitFor();
    // A stay that goes on may come nearer yet.
    await expect
      .poll(async () => {
        const path = `/exposures?vehicle=${encodeURIComponent(exposure.vehicle)}`;
        const { minDistanceM } = (await itemsOf<Exposure>(server.url, path, 1)).find(({ id }) => id === exposure.id)!;
        return labels.filter({ hasText: `${Math.round(minDistanceM)} m` }).count();
      })
      .toBeGreaterThan(0);
    await shows(page.locator(".exposure.drawn .stay-tick"), "10 分");
    const near = (): Promise<number> =>
      page.evaluate(() => {
        const { map } = (
          window as unknown as { wuxingMap: { map: { queryRenderedFeatures(options: object): unknown[] } } }
        ).wuxingMap;
        return map.queryRenderedFeatures({ layers: ["track-near"] }).length;
      });
    await expect.poll(near).toBeGreaterThan(0);
    await context.close();
  });

  it("plays its track, and its address opens the same instant again", async () => {
    const { page, context } = await openConsole(browser, server.url + PAGES()["vehicle"]);
    const slider = page.locator(".player input[type=range]");
    for (let step = 0; step < 30; step++) await slider.press("PageDown");
    // The address follows the slider, and then both stay.
    const apart = async (): Promise<number> =>
      Date.parse(new URL(page.url()).searchParams.get("at") ?? "") - Number(await slider.inputValue());
    await expect
      .poll(async () => {
        const before = await apart();
        await page.waitForTimeout(300);
        return [before, await apart()];
      })
      .toEqual([0, 0]);
    const shown = await page.locator(".player output").textContent();
    await page.reload();
    await page.locator(".player output").waitFor();
    await expect.poll(() => page.locator(".player output").textContent()).toBe(shown);
    await page.locator(".player").getByRole("button", { name: /播放/ }).click();
    await expect.poll(() => page.locator(".player output").textContent()).not.toBe(shown);
    await context.close();
  });

  it("that does not exist says so", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/vehicle/${encodeURIComponent("豫Z00000_2")}`);
    await shows(page.locator(".panel .empty"), "没有这辆车");
    await context.close();
  });
});

describe("a lock", () => {
  it("is ended only by the steps of its case, each by whose duty it is", async () => {
    const taken = new Set((await openCases()).filter(({ state }) => state !== "new").map((one) => one.lock));
    const lock = (await itemsOf<Lock>(server.url, "/locks?state=live", 2)).find(({ id }) => !taken.has(id))!;
    const { page, context } = await openConsole(browser, `${server.url}/lock/${encodeURIComponent(lock.id)}`);
    const panel = page.locator(".panel");
    await panel.getByText("待接单", { exact: true }).waitFor();
    await panel.getByRole("button", { name: "接单…" }).waitFor();
    await counts(panel.getByRole("button", { name: /解除/u }), 0);
    await panel.getByRole("button", { name: "接单…" }).click();
    await panel.getByRole("form", { name: "接单" }).getByRole("button", { name: "接单", exact: true }).click();
    await panel.getByText("联系司机", { exact: true }).waitFor();
    await panel.getByRole("button", { name: "已联系司机…" }).click();
    const form = panel.getByRole("form", { name: "已联系司机" });
    await form.getByRole("button", { name: "已联系司机" }).click();
    await counts(form.locator("[aria-invalid=true]"), 1);
    await form.getByLabel("方式").selectOption({ label: "电话" });
    await form.getByRole("button", { name: "已联系司机" }).click();
    // What follows is done on the spot, with the phone.
    await panel.getByText("现场核实", { exact: true }).waitFor();
    const path = `${server.url}/api/v1/locks/${encodeURIComponent(lock.id)}`;
    const body = JSON.stringify({ by: "王芳", reason: "r", evidence: "e" });
    const headers = { "content-type": "application/json" };
    expect((await fetch(`${path}/release`, { method: "POST", headers, body })).status).toBe(409);
    expect(((await (await fetch(path)).json()) as Lock).state).toBe("live");
    await context.close();
  });
});

describe("a risk area", () => {
  it("is drawn on the map, published, edited and withdrawn", async () => {
    const { page, context, errors } = await openConsole(browser, `${server.url}/area/new`);
    await mapIsDrawn(page);
    const map = page.locator(".map-canvas");
    const corners = [
      [760, 240],
      [860, 260],
      [840, 340],
    ] as const;
    for (const [index, [x, y]] of corners.entries()) {
      await map.click({ position: { x, y } });
      await shows(page.locator(".draw-line"), `已点 ${index + 1} 个顶点`);
    }
    await page.getByLabel("名称").fill("测试片区");
    await page.getByRole("button", { name: "中风险区" }).click();
    await page.getByRole("button", { name: "发布", exact: true }).click();
    await page.waitForURL(/\/area\/(?!new)/);
    await page.locator(".panel-head", { hasText: "测试片区" }).waitFor();
    const id = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1)!);

    await page.getByRole("link", { name: "修改" }).click();
    await page.getByLabel("名称").fill("测试片区二");
    await page.getByRole("button", { name: "保存为新版本" }).click();
    await page.locator(".panel-head", { hasText: "测试片区二" }).waitFor();
    await shows(page.locator(".facts").first(), "第 2 版");

    await page.getByRole("button", { name: "撤销…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "撤销风险区" }).click();
    await page.locator(".panel-head .tag", { hasText: "已撤销" }).waitFor();
    const answer = (await (await fetch(`${server.url}/api/v1/areas/${encodeURIComponent(id)}`)).json()) as {
      state: string;
    };
    expect(answer.state).toBe("withdrawn");
    expect(errors).toEqual([]);
    await context.close();
  });

  it("with a broken ring is refused with the place of the fault", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/area/new`, { language: "en" });
    await page.getByRole("button", { name: "GeoJSON" }).click();
    await page.locator("textarea.code").fill("{");
    await page.locator("small.bad", { hasText: "no valid GeoJSON" }).waitFor();
    const bowtie = {
      type: "Polygon",
      coordinates: [
        [
          [113.8, 35.2],
          [113.9, 35.3],
          [113.9, 35.2],
          [113.8, 35.3],
          [113.8, 35.2],
        ],
      ],
    };
    await page.locator("textarea.code").fill(JSON.stringify(bowtie));
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await shows(page.locator(".notice.bad"), /coordinates/u);
    await context.close();
  });
});

describe("a gate", () => {
  it("answers who passed in an hour", async () => {
    const [passage] = await itemsOf<Passage>(server.url, "/passages?limit=1", 1);
    const { page, context } = await openConsole(browser, `${server.url}/gate/${passage.gate}`);
    const bar = page
      .locator("button.hour")
      .filter({ has: page.locator(".hour-bar[style*='height: 100%']") })
      .last();
    // By the keyboard: an hour that begins moves the bars along.
    await bar.press("Enter");
    await page.waitForURL(/hour=/);
    await page.getByText("全部时段").waitFor();
    await expect.poll(() => page.locator(".passage-row").count()).toBeGreaterThan(0);
    await context.close();
  });
});
