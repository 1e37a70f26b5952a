import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { accessibilityFaults, launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { startDemo, type RunningServer } from "./running-server.ts";

const SMALL = { width: 1366, height: 768 } as const;
const PATIENCE = { timeout: 30_000 };
/** The demo's city, a community of several grids in it, and two of its grids. */
const CITY = "410700";

interface Place {
  id: string;
  name: string;
  kind: string;
  parent: string;
  geometry: { type: "Polygon" | "MultiPolygon"; coordinates: number[][][] };
}

let browser: Browser;
let server: RunningServer;
let grids: Place[];

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo(["--demo-trucks", "10"])]);
  grids = (await api<{ items: Place[] }>("/places/outlines?kind=grid")).items;
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function api<Answer>(path: string, body?: object): Promise<Answer> {
  const init =
    body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(`${server.url}/api/v1${path}`, init);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return (await answer.json()) as Answer;
}

/** Two grids of one community that are drawn as one piece each, from the n-th on. */
function neighbours(skip: number): [Place, Place] {
  const plain = grids.filter(({ geometry }) => geometry.type === "Polygon");
  const edges = ({ geometry }: Place): Set<string> => new Set(geometry.coordinates[0].map(String));
  let seen = 0;
  for (const grid of plain) {
    const corners = edges(grid);
    const other = plain.find(
      (each) =>
        each.parent === grid.parent &&
        each.id > grid.id &&
        each.geometry.coordinates[0].filter((corner) => corners.has(String(corner))).length > 2,
    );
    if (other !== undefined && seen++ === skip) return [grid, other];
  }
  throw new Error("no grids lie side by side");
}

const middle = ({ geometry }: Place): [number, number] => {
  const corners = geometry.coordinates[0];
  const mean = (axis: 0 | 1): number => corners.reduce((total, corner) => total + corner[axis], 0) / corners.length;
  return [mean(0), mean(1)];
};

/** Clicks the map at a place, once it stands there. */
async function clickMap(page: Page, place: readonly [number, number]): Promise<void> {
  await mapIsDrawn(page);
  const at = await page.evaluate(
    ([lon, lat]) => {
      const { map } = (
        window as unknown as {
          wuxingMap: {
            map: { project(place: [number, number]): { x: number; y: number }; getCanvas(): HTMLCanvasElement };
          };
        }
      ).wuxingMap;
      const { left, top } = map.getCanvas().getBoundingClientRect();
      const { x, y } = map.project([lon, lat]);
      return { x: left + x, y: top + y };
    },
    place as [number, number],
  );
  await page.mouse.click(at.x, at.y);
}

const drawn = (page: Page, role: string): Promise<number> =>
  page.evaluate((wanted) => {
    const { map } = (
      window as unknown as {
        wuxingMap: {
          map: { queryRenderedFeatures(options: object): { properties: { role: string; id?: string } }[] };
        };
      }
    ).wuxingMap;
    const layers = ["grid-lines", "grid-before", "grid-chosen", "grid-points", "grid-after"];
    return map.queryRenderedFeatures({ layers }).filter(({ properties }) => properties.role === wanted).length;
  }, role);

describe("grids by load", () => {
  it.each(["zh", "en"] as const)(
    "fill the map from the city down to all 4,995, and stay fluid (%s)",
    async (language) => {
      const { page, context, errors, elsewhere } = await openConsole(browser, `${server.url}/grids`, {
        ...SMALL,
        language,
      });
      await page.locator("a.load-row").first().waitFor(PATIENCE);
      expect(await page.locator("a.load-row").count()).toBe(12);
      expect(await page.locator("a.load-row .vacant").first().textContent()).toMatch(/○ \d+/);
      await expect.poll(() => drawn(page, "load"), PATIENCE).toBeGreaterThan(11);
      await page.getByRole("button", { name: language === "zh" ? "网格" : "Grids", exact: true }).click();
      await page.getByRole("button", { name: language === "zh" ? "全部 4995" : "All 4995" }).waitFor(PATIENCE);
      await expect.poll(() => drawn(page, "load"), { timeout: 60_000 }).toBeGreaterThan(3000);
      // Only what is seen is in the document, and the wheel is answered at once.
      expect(await page.locator("a.load-row").count()).toBeLessThan(60);
      const list = page.locator(".rows");
      const started = Date.now();
      await list.evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
      await expect.poll(() => page.locator("a.load-row").first().textContent()).not.toContain("曙光第一网格");
      expect(Date.now() - started).toBeLessThan(2000);
      await page.getByRole("button", { name: language === "zh" ? /^空岗 \d+/ : /^Vacant \d+/ }).click();
      await page.locator("a.load-row").first().waitFor();
      expect(await page.locator("a.load-row", { hasNot: page.locator(".vacant") }).count()).toBe(0);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect([...errors, ...elsewhere]).toEqual([]);
      await context.close();
    },
  );

  it("are a link to a date and a level, and say what is wrong when they cannot be read", async () => {
    const { page, context } = await openConsole(
      browser,
      `${server.url}/grids?place=${CITY}&level=grid&at=2025-01-15T04:00:00Z`,
      SMALL,
    );
    // Before the operations of the spring of 2025.
    await page.getByRole("button", { name: "全部 4507" }).waitFor(PATIENCE);
    expect(await page.getByLabel("截至").inputValue()).toBe("2025-01-15");
    await page.goto(`${server.url}/grids?place=nowhere`);
    await page.getByRole("alert").getByText("PLACE_NOT_FOUND").waitFor(PATIENCE);
    await context.close();
  });
});

describe("a roster", () => {
  it("is changed on the page: appointed, on leave with a substitute, back, ended; and says who is asked now", async () => {
    const { id } = await gridWithVacancy();
    const { page, context, errors } = await openConsole(browser, `${server.url}/grids?place=${id}`, SMALL);
    const roster = page.locator(".roster");
    const vacant = roster.locator("tr", { hasText: "○" }).first();
    await vacant.waitFor(PATIENCE);
    const slot = (await vacant.locator("td").first().textContent())!.replace("○ ", "");
    await vacant.getByRole("button", { name: "任命" }).click();
    const form = page.getByRole("form", { name: "任命" });
    await form.getByRole("button", { name: "任命" }).click();
    await form.getByText("— 请填写").waitFor();
    await form.getByLabel(/人员编号/).fill("test-wang");
    await form.getByLabel(/姓名/).fill("王试");
    await form.getByRole("button", { name: "任命" }).click();
    const held = roster.locator("section", { hasText: "在岗人员" }).locator("tr", { hasText: "王试" });
    await held.waitFor(PATIENCE);
    expect(await held.textContent()).toContain(slot);
    await roster.getByLabel("来事岗位").selectOption({ label: slot });
    await roster.locator(".ask-chain .answers", { hasText: "王试" }).waitFor(PATIENCE);

    await held.getByRole("button", { name: "请假" }).click();
    const leave = page.getByRole("form", { name: /请假/ });
    await leave.getByLabel(/^止/).fill("2027-01-01T00:00");
    await leave.getByRole("button", { name: "请假" }).click();
    await held.getByText("请假 · 无人顶替").waitFor(PATIENCE);
    // Nobody stands in: it goes up at once, and the page says to whom.
    const answers = roster.locator(".ask-chain .answers");
    await expect.poll(() => answers.textContent(), PATIENCE).not.toContain("王试");
    expect(await roster.locator(".ask-chain li").first().textContent()).toContain("全部请假");
    await roster.getByRole("button", { name: "销假" }).click();
    await expect.poll(() => answers.textContent(), PATIENCE).toContain("王试");

    await held.getByRole("button", { name: "卸任" }).click();
    await page.getByRole("form", { name: /卸任/ }).getByRole("button", { name: "卸任" }).click();
    await roster.locator("tr", { hasText: `○ ${slot}` }).waitFor(PATIENCE);
    await roster.locator("section", { hasText: "变动记录" }).getByText("已卸任").first().waitFor(PATIENCE);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("leaves as a file and comes back changed; a fault leaves everything as it was", async () => {
    const { id, slot } = await gridWithVacancy();
    const { page, context } = await openConsole(browser, `${server.url}/grids?place=${id}`, {
      ...SMALL,
      language: "en",
    });
    const [download] = await Promise.all([
      page.waitForEvent("download", PATIENCE),
      page.locator(".roster .export").getByRole("link", { name: "CSV" }).click(PATIENCE),
    ]);
    const file = await (await download.createReadStream()).toArray();
    const text = Buffer.concat(file as Buffer[]).toString("utf8");
    expect(text).toContain(`${id},`);
    const form = page.getByRole("form", { name: "Import a roster" });
    const choose = (content: string): Promise<void> =>
      form
        .locator("input[type=file]")
        .setInputFiles({ name: "roster.csv", mimeType: "text/csv", buffer: Buffer.from(content) });
    await choose("who\nx");
    await form.getByText("Columns missing: place, slot, person").waitFor();
    await choose(`${text}\n${id},,${slot},test-li,李试\n${id},,king,test-li,李试`);
    await form.getByRole("button", { name: /^Import \d+ people/ }).click();
    await form.getByRole("alert").getByText("king").waitFor(PATIENCE);
    expect(await page.locator(".roster").getByText("李试").count()).toBe(0);
    await choose(`${text}\n${id},,${slot},test-li,李试`);
    await form.getByRole("button", { name: /^Import \d+ people/ }).click();
    await form.getByText(/^1 appointed, \d+ served already/).waitFor(PATIENCE);
    await page.locator(".roster tr", { hasText: "李试" }).first().waitFor(PATIENCE);
    await context.close();
  });
});

async function gridWithVacancy(): Promise<{ id: string; slot: string }> {
  const { items } = await api<{ items: { place: string; slot: string; person: string | null }[] }>(
    `/duties?place=${CITY}&limit=1000`,
  );
  const vacant = items.find(({ person, place }) => person === null && grids.some(({ id }) => id === place))!;
  return { id: vacant.place, slot: vacant.slot };
}

describe("re-cutting grids", () => {
  it("splits a grid that is clicked along a line that is drawn: previewed, confirmed, taken back", async () => {
    const [grid] = neighbours(0);
    const { page, context, errors } = await openConsole(browser, `${server.url}/grids/recut`, SMALL);
    await page.getByLabel("查找网格").fill(grid.id);
    await page.locator(".chips button", { hasText: grid.id }).click(PATIENCE);
    await page.locator(".recut-chosen li", { hasText: grid.name }).waitFor(PATIENCE);
    await expect.poll(() => drawn(page, "chosen"), PATIENCE).toBeGreaterThan(0);
    const [lon, lat] = middle(grid);
    await clickMap(page, [lon, lat + 0.0015]);
    await page.getByText("已有 1 点").waitFor(PATIENCE);
    await clickMap(page, [lon, lat - 0.0015]);
    await page.getByText("已有 2 点").waitFor(PATIENCE);
    await expect.poll(() => drawn(page, "after"), PATIENCE).toBeGreaterThanOrEqual(2);
    const preview = page.getByRole("button", { name: "预览", exact: true });
    expect(await preview.isDisabled()).toBe(true);
    await page.getByLabel(/依据/).fill("测试〔2026〕1号");
    await preview.click();
    const said = page.getByRole("region", { name: "预览：会发生什么" });
    await said.waitFor(PATIENCE);
    expect(await said.textContent()).toMatch(
      new RegExp(`撤销 ${grid.name}.*新网格 ${grid.name}A.*新网格 ${grid.name}B`, "s"),
    );
    expect(await said.textContent()).toMatch(/空岗 \d/);
    // What is looked at is what is done: another name asks for another preview.
    await page.getByLabel("名称").first().fill("东试网格");
    expect(await page.getByRole("button", { name: "确认执行…" }).isDisabled()).toBe(true);
    await preview.click();
    await said.getByText("东试网格").first().waitFor(PATIENCE);
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole("button", { name: "确认执行…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "确认执行" }).click();
    const planned = page.locator(".operations li", { hasText: "测试〔2026〕1号" });
    await planned.waitFor(PATIENCE);
    expect(await planned.textContent()).toMatch(/拆分.*东试网格.*未生效/s);
    const { effectiveAt } = (await api<{ items: { effectiveAt: string }[] }>("/place-operations")).items[0];
    const after = `at=${new Date(Date.parse(effectiveAt) + 1000).toISOString()}`;
    const below = async (): Promise<string[]> =>
      (await api<{ items: Place[] }>(`/places?parent=${grid.parent}&${after}`)).items.map(({ name }) => name);
    expect(await below()).toContain("东试网格");

    await planned.getByRole("button", { name: "撤回" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "撤回" }).click();
    await planned.getByText("已撤回").waitFor(PATIENCE);
    expect(await below()).not.toContain("东试网格");
    expect(await below()).toContain(grid.name);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("merges two grids that are clicked on the map, in English, at 1920", async () => {
    const [one, other] = neighbours(1);
    const { page, context } = await openConsole(browser, `${server.url}/grids/recut?tool=merge&places=${one.id}`, {
      language: "en",
      theme: "dark",
    });
    await page.locator(".recut-chosen li", { hasText: one.name }).waitFor(PATIENCE);
    await expect.poll(() => drawn(page, "chosen"), PATIENCE).toBeGreaterThan(0);
    await clickMap(page, middle(other));
    await page.locator(".recut-chosen li", { hasText: other.name }).waitFor(PATIENCE);
    await page.getByLabel(`People of ${other.name} stay`).check();
    await page.getByLabel(/Grounds/).fill("Test 2");
    await page.getByRole("button", { name: "Preview", exact: true }).click();
    const said = page.getByRole("region", { name: "Preview: what happens" });
    await said.waitFor(PATIENCE);
    expect(await said.textContent()).toMatch(/Ended .*Ended .*New grids/s);
    expect(await accessibilityFaults(page)).toEqual([]);
    await context.close();
  });

  it("shows where imported outlines have faults, on the list and on the map", async () => {
    const [one] = neighbours(2);
    const shifted = one.geometry.coordinates.map((ring) => ring.map(([lon, lat]) => [lon + 0.01, lat]));
    const { page, context } = await openConsole(browser, `${server.url}/grids/recut?tool=import`, SMALL);
    const feature = {
      type: "Feature",
      properties: { id: one.id },
      geometry: { type: "Polygon", coordinates: shifted },
    };
    await page.locator("input[type=file]").setInputFiles({
      name: "g.geojson",
      mimeType: "application/geo+json",
      buffer: Buffer.from(JSON.stringify(feature)),
    });
    await page.getByText("改边界 1 个，新建 0 个").waitFor(PATIENCE);
    await page.getByLabel(/依据/).fill("测试 3");
    await page.getByRole("button", { name: "预览", exact: true }).click();
    await page.getByText("边界有误，位置见地图上的圆圈").waitFor(PATIENCE);
    expect(await page.locator(".problems li").count()).toBeGreaterThan(0);
    await expect.poll(() => drawn(page, "fault"), PATIENCE).toBeGreaterThan(0);
    await context.close();
  });

  it("is for those who may; others read who may", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/healthz`, SMALL);
    await page.route("**/api/v1/me", async (route) => {
      const response = await route.fetch();
      const me = (await response.json()) as { rights: string[] };
      await route.fulfill({ response, json: { ...me, rights: me.rights.filter((right) => right !== "places") } });
    });
    await page.goto(`${server.url}/grids/recut`);
    await page.getByText("您没有“网格管理”权限").waitFor(PATIENCE);
    await page.goto(`${server.url}/grids`);
    await page.locator("a.load-row").first().waitFor(PATIENCE);
    expect(await page.getByRole("link", { name: "调整网格" }).count()).toBe(0);
    await context.close();
  });
});
