import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clickMap, launchBrowser, openConsole } from "./browser.ts";
import { startDemo, type RunningServer } from "./running-server.ts";
import { counts, isAccessible, isEnabled, shows, showsNot } from "./seen.ts";

const SMALL = { width: 1366, height: 768 } as const;
/** The demo's city. */
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

/** So many days from now by the city's clock, as a field for local time takes it. */
async function localIn(days: number): Promise<string> {
  const { cityTimeMs } = await api<{ cityTimeMs: number }>("/status");
  return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "short" })
    .format(cityTimeMs + days * 86_400_000)
    .replace(" ", "T");
}

/** Grids that a test has changed, or was about to. */
const touched = new Set<string>();

/** Two grids of one community that are drawn as one piece each, and that no other test touches. */
function neighbours(): [Place, Place] {
  const plain = grids.filter(({ id, geometry }) => geometry.type === "Polygon" && !touched.has(id));
  const edges = ({ geometry }: Place): Set<string> => new Set(geometry.coordinates[0].map(String));
  for (const grid of plain) {
    const corners = edges(grid);
    const other = plain.find(
      (each) =>
        each.parent === grid.parent &&
        each.id > grid.id &&
        each.geometry.coordinates[0].filter((corner) => corners.has(String(corner))).length > 2,
    );
    if (other === undefined) continue;
    for (const { id } of [grid, other]) touched.add(id);
    return [grid, other];
  }
  throw new Error("no grids lie side by side");
}

const middle = ({ geometry }: Place): [number, number] => {
  const corners = geometry.coordinates[0];
  const mean = (axis: 0 | 1): number => corners.reduce((total, corner) => total + corner[axis], 0) / corners.length;
  return [mean(0), mean(1)];
};

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
    "fill the map from the city down to all 4,995, and only what is seen is in the document (%s)",
    async (language) => {
      const { page, context, errors, elsewhere } = await openConsole(browser, `${server.url}/grids`, {
        ...SMALL,
        language,
      });
      await counts(page.locator("a.load-row"), 12);
      await shows(page.locator("a.load-row .vacant").first(), /○ \d+/u);
      await expect.poll(() => drawn(page, "load")).toBeGreaterThan(11);
      await page.getByRole("button", { name: language === "zh" ? "网格" : "Grids", exact: true }).click();
      await page.getByRole("button", { name: language === "zh" ? "全部 4995" : "All 4995" }).waitFor();
      await expect.poll(() => drawn(page, "load")).toBeGreaterThan(3000);
      // Only what is seen is in the document, so that the wheel is answered at once.
      const rows = page.locator("a.load-row");
      await expect.poll(() => rows.count()).toBeLessThan(60);
      const list = page.locator(".rows");
      const startMs = performance.now();
      await list.evaluate((element) => element.scrollTo(0, element.scrollHeight / 2));
      await showsNot(rows.first(), "曙光第一网格");
      process.stdout.write(`the middle of 4,995 rows: ${Math.round(performance.now() - startMs)} ms (goal 2000 ms)\n`);
      await expect.poll(() => rows.count()).toBeLessThan(60);
      await page.getByRole("button", { name: language === "zh" ? /^空岗 \d+/ : /^Vacant \d+/ }).click();
      await counts(page.locator("a.load-row", { hasNot: page.locator(".vacant") }), 0);
      await rows.first().waitFor();
      await isAccessible(page);
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
    await page.getByRole("button", { name: "全部 4507" }).waitFor();
    await expect.poll(() => page.getByLabel("截至").inputValue()).toBe("2025-01-15");
    await page.goto(`${server.url}/grids?place=nowhere`);
    await page.getByRole("alert").getByText("PLACE_NOT_FOUND").waitFor();
    await context.close();
  });
});

describe("a roster", () => {
  it("is changed on the page: appointed, on leave with a substitute, back, ended; and says who is asked now", async () => {
    const { id } = await gridWithVacancy();
    const { page, context, errors } = await openConsole(browser, `${server.url}/grids?place=${id}`, SMALL);
    const roster = page.locator(".roster");
    const vacant = roster.locator("tr", { hasText: "○" }).first();
    await vacant.waitFor();
    const slot = (await vacant.locator("td").first().textContent())!.replace("○ ", "");
    await vacant.getByRole("button", { name: "任命" }).click();
    const form = page.getByRole("form", { name: "任命" });
    await form.getByRole("button", { name: "任命" }).click();
    await form.getByText("— 请填写").waitFor();
    await form.getByLabel(/人员编号/).fill("test-wang");
    await form.getByLabel(/姓名/).fill("王试");
    await form.getByRole("button", { name: "任命" }).click();
    const held = roster.locator("section", { hasText: "在岗人员" }).locator("tr", { hasText: "王试" });
    await held.waitFor();
    await shows(held, slot);
    await roster.getByLabel("来事岗位").selectOption({ label: slot });
    await roster.locator(".ask-chain .answers", { hasText: "王试" }).waitFor();

    await held.getByRole("button", { name: "请假" }).click();
    const leave = page.getByRole("form", { name: /请假/ });
    await leave.getByLabel(/^止/).fill(await localIn(30));
    await leave.getByRole("button", { name: "请假" }).click();
    await held.getByText("请假 · 无人顶替").waitFor();
    // Nobody stands in: it goes up at once, and the page says to whom.
    const answers = roster.locator(".ask-chain .answers");
    await showsNot(answers, "王试");
    await shows(roster.locator(".ask-chain li").first(), "全部请假");
    await roster.getByRole("button", { name: "销假" }).click();
    await shows(answers, "王试");

    await held.getByRole("button", { name: "卸任" }).click();
    await page.getByRole("form", { name: /卸任/ }).getByRole("button", { name: "卸任" }).click();
    await roster
      .locator("tr", { hasText: `○ ${slot}` })
      .first()
      .waitFor();
    await roster.locator("section", { hasText: "变动记录" }).getByText("已卸任").first().waitFor();
    await isAccessible(page);
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
      page.waitForEvent("download"),
      page.locator(".roster .export").getByRole("link", { name: "CSV" }).click(),
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
    await form.getByRole("alert").getByText("king").waitFor();
    await counts(page.locator(".roster").getByText("李试"), 0);
    await choose(`${text}\n${id},,${slot},test-li,李试`);
    await form.getByRole("button", { name: /^Import \d+ people/ }).click();
    await form.getByText(/^1 appointed, \d+ served already/).waitFor();
    await page.locator(".roster tr", { hasText: "李试" }).first().waitFor();
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
    const [grid] = neighbours();
    const { page, context, errors } = await openConsole(browser, `${server.url}/grids/recut`, SMALL);
    await page.getByLabel("查找网格").fill(grid.id);
    await page.locator(".chips button", { hasText: grid.id }).click();
    await page.locator(".recut-chosen li", { hasText: grid.name }).waitFor();
    await expect.poll(() => drawn(page, "chosen")).toBeGreaterThan(0);
    const [lon, lat] = middle(grid);
    await clickMap(page, [lon, lat + 0.0015]);
    await page.getByText("已有 1 点").waitFor();
    await clickMap(page, [lon, lat - 0.0015]);
    await page.getByText("已有 2 点").waitFor();
    await expect.poll(() => drawn(page, "after")).toBeGreaterThanOrEqual(2);
    const preview = page.getByRole("button", { name: "预览", exact: true });
    await isEnabled(preview, false);
    await page.getByLabel(/依据/).fill("测试〔2026〕1号");
    // Not the midnight that is proposed, which may come while this is looked at.
    await page.getByLabel("生效时间").fill(await localIn(3));
    await preview.click();
    const said = page.getByRole("region", { name: "预览：会发生什么" });
    await shows(said, new RegExp(`撤销 ${grid.name}.*新网格 ${grid.name}A.*新网格 ${grid.name}B`, "su"));
    await shows(said, /空岗 \d/u);
    // Everybody who lives there, and every device, goes to one of the parts, with who heads it.
    const homes = await api<{ resident: number; device: number }>(`/places/${grid.id}/homes`);
    expect(homes.resident).toBeGreaterThan(0);
    await shows(said.locator(".totals div", { hasText: "居民" }), new RegExp(`居民\\s*${homes.resident}$`, "u"));
    await shows(said.locator(".totals div", { hasText: "设备" }), new RegExp(`设备\\s*${homes.device}$`, "u"));
    await shows(
      said.getByRole("table", { name: "从哪里转到哪里" }),
      new RegExp(`${grid.name}.*${grid.name}[AB]`, "su"),
    );
    // What is looked at is what is done: another name asks for another preview.
    await page.getByLabel("名称").first().fill("东试网格");
    await isEnabled(page.getByRole("button", { name: "确认执行…" }), false);
    await preview.click();
    await said.getByText("东试网格").first().waitFor();
    await isAccessible(page);
    await page.getByRole("button", { name: "确认执行…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "确认执行" }).click();
    const planned = page.locator(".operations li", { hasText: "测试〔2026〕1号" });
    await shows(planned, /拆分.*东试网格.*未生效/su);
    const { effectiveAt } = (await api<{ items: { effectiveAt: string }[] }>("/place-operations")).items[0];
    const after = `at=${new Date(Date.parse(effectiveAt) + 1000).toISOString()}`;
    const below = async (): Promise<string[]> =>
      (await api<{ items: Place[] }>(`/places?parent=${grid.parent}&${after}`)).items.map(({ name }) => name);
    await expect.poll(below).toContain("东试网格");

    await planned.getByRole("button", { name: "撤回" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "撤回" }).click();
    await planned.getByText("已撤回").waitFor();
    await expect.poll(below).not.toContain("东试网格");
    await expect.poll(below).toContain(grid.name);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("merges two grids that are clicked on the map, in English, at 1920", async () => {
    const [one, other] = neighbours();
    const { page, context } = await openConsole(browser, `${server.url}/grids/recut?tool=merge&places=${one.id}`, {
      language: "en",
      theme: "dark",
    });
    await page.locator(".recut-chosen li", { hasText: one.name }).waitFor();
    await expect.poll(() => drawn(page, "chosen")).toBeGreaterThan(0);
    await clickMap(page, middle(other));
    await page.locator(".recut-chosen li", { hasText: other.name }).waitFor();
    await page.getByLabel(`People of ${other.name} stay`).check();
    await page.getByLabel(/Grounds/).fill("Test 2");
    await page.getByRole("button", { name: "Preview", exact: true }).click();
    const said = page.getByRole("region", { name: "Preview: what happens" });
    await shows(said, /Ended .*Ended .*New grids/su);
    await isAccessible(page);
    await context.close();
  });

  it("shows where imported outlines have faults, on the list and on the map", async () => {
    const [one] = neighbours();
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
    await page.getByText("改边界 1 个，新建 0 个").waitFor();
    await page.getByLabel(/依据/).fill("测试 3");
    await page.getByRole("button", { name: "预览", exact: true }).click();
    await page.getByText("边界有误，位置见地图上的圆圈").waitFor();
    await page.locator(".problems li").first().waitFor();
    await expect.poll(() => drawn(page, "fault")).toBeGreaterThan(0);
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
    await page.getByText("您没有“网格管理”权限").waitFor();
    await page.goto(`${server.url}/grids`);
    await page.locator("a.load-row").first().waitFor();
    await counts(page.getByRole("link", { name: "调整网格" }), 0);
    await context.close();
  });
});
