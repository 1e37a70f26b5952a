import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Area } from "../../src/model/area.ts";
import type { AreaPreview } from "../../src/model/area-preview.ts";
import type { Exposure } from "../../src/model/finding.ts";
import { launchBrowser, mapIsDrawn, openConsole } from "./browser.ts";
import { itemsOf, startDemo, type RunningServer } from "./running-server.ts";
import { isAccessible, shows } from "./seen.ts";

/** The demo's busiest yard: trucks stand here for hours. */
const YARD = { type: "Point", coordinates: [113.938263, 35.288167] };
/** Eastern yard in another file's datum. */
const KML = `<kml xmlns="http://www.opengis.net/kml/2.2"><Document>
  <Placemark><name>七里营</name><ExtendedData><Data name="level"><value>medium</value></Data></ExtendedData>
    <Point><coordinates>113.827127,35.148848</coordinates></Point></Placemark>
  <Placemark><name>坏环</name><Polygon><outerBoundaryIs><LinearRing><coordinates>113.8,35.2 113.9,35.3 113.9,35.2</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>
</Document></kml>`;
const row = (province: string, city: string, county: string, ...communitys: string[]) => ({
  type: "2",
  province,
  city,
  county,
  area_name: `${province} ${city} ${county}`,
  communitys,
});
const list = (hour: number, middlelist: object[]) =>
  JSON.stringify({
    code: 0,
    msg: "查询成功",
    data: {
      end_update_time: `2026-11-24 ${hour}时`,
      hcount: 3,
      mcount: middlelist.length,
      highlist: [
        row("河南省", "新乡市", "卫辉市", "全域"),
        row("北京市", "朝阳区", "高碑店（地区）乡", "方家园社区"),
        row("河南省", "郑州市", "中原区", "秦岭路街道锦艺社区3号楼1单元"),
      ],
      middlelist,
    },
  });

let browser: Browser;
let server: RunningServer;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo()]);
  // Trucks have stood in the yard for ten minutes when the question finds some.
  const until = Date.now() + 600_000;
  while ((await preview([YARD])).vehicles < 2) {
    if (Date.now() > until) throw new Error("no truck stayed in the yard within 10 min");
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function preview(shapes: object[]): Promise<AreaPreview> {
  const areas = shapes.map((geometry) => ({ level: "high", datum: "wgs84", geometry }));
  const answer = await fetch(`${server.url}/api/v1/areas/preview`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ areas }),
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as AreaPreview;
}

const exposuresTo = (area: string, least = 0): Promise<Exposure[]> =>
  itemsOf<Exposure>(server.url, `/exposures?area=${encodeURIComponent(area)}&limit=1000`, least);

/** What is still being matched against the past for an area. */
async function retroOf(area: string): Promise<object[]> {
  const { watch } = (await (await fetch(`${server.url}/api/v1/status`)).json()) as {
    watch: { retro: { area: string }[] };
  };
  return watch.retro.filter((run) => run.area === area);
}

const areas = async (): Promise<Area[]> => itemsOf<Area>(server.url, "/areas?limit=1000", 1);

describe("a risk area before it is published", () => {
  it.each(["zh", "en"] as const)("says which vehicles it would find (%s)", async (language) => {
    const { page, context, errors } = await openConsole(browser, `${server.url}/area/new`, {
      language,
      width: 1366,
      height: 768,
    });
    await mapIsDrawn(page);
    const before = (await areas()).length;
    await page.getByRole("button", { name: "GeoJSON", exact: true }).click();
    const startMs = performance.now();
    // Trucks come and go all the time: what counts is what this page was told.
    const told = page.waitForResponse((response) => response.url().endsWith("/areas/preview") && response.ok());
    await page.locator("textarea.code").fill(JSON.stringify(YARD));
    const box = page.locator(".preview");
    await box.locator("tbody tr").first().waitFor();
    process.stdout.write(`preview of an area: ${Math.round(performance.now() - startMs)} ms (goal 2000 ms)\n`);
    const found = (await (await told).json()) as AreaPreview;
    expect(found.vehicles).toBeGreaterThanOrEqual(2);
    await shows(box.locator(".totals dd").first(), new RegExp(`^${found.vehicles}$`));
    await shows(box.locator("h2"), language === "zh" ? "发布前预览" : "Preview before publishing");
    // Where they stood is on the map, and nothing is published.
    const dots = () =>
      page.evaluate(() => {
        const { map } = (
          window as unknown as {
            wuxingMap: { map: { queryRenderedFeatures(options: object): { properties: object }[] } };
          }
        ).wuxingMap;
        return map
          .queryRenderedFeatures({ layers: ["draft-corners"] })
          .filter(({ properties }) => "found" in properties).length;
      });
    await expect.poll(dots).toBeGreaterThan(0);
    expect((await areas()).length).toBe(before);
    await isAccessible(page);
    expect(errors).toEqual([]);
    await context.close();
  });

  it("is published, matched against the past, compared with its versions, and withdrawn with what that ends", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/area/new`);
    await page.getByRole("button", { name: "GeoJSON", exact: true }).click();
    await page.locator("textarea.code").fill(JSON.stringify(YARD));
    await page.getByLabel("名称").fill("商贸物流园");
    await page.locator(".preview tbody tr").first().waitFor();
    await page.getByRole("button", { name: "发布", exact: true }).click();
    await page.waitForURL(/\/area\/(?!new)/);
    const id = decodeURIComponent(new URL(page.url()).pathname.split("/").at(-1)!);
    const exposures = await exposuresTo(id, 2);

    await page.getByRole("link", { name: "修改" }).click();
    await page.getByRole("button", { name: "GeoJSON", exact: true }).click();
    const square = [
      [113.93, 35.28],
      [113.95, 35.28],
      [113.95, 35.3],
      [113.93, 35.3],
      [113.93, 35.28],
    ];
    await page.locator("textarea.code").fill(JSON.stringify({ type: "Polygon", coordinates: [square] }));
    await page.getByRole("button", { name: "中风险区" }).click();
    await page.getByRole("button", { name: "保存为新版本" }).click();
    const versions = page.locator(".versions li");
    await expect.poll(() => versions.count()).toBe(2);
    await shows(versions.first(), /第 2 版.*现行.*等级 高风险区 → 中风险区.*面积 0\.0 公顷 → 4\.0 km²/s);
    await versions.first().getByRole("button", { name: "与前一版比较" }).click();
    await versions.first().getByText("地图上虚线为第 1 版").waitFor();

    // The dialog counts once what there is when it opens: by then the new version has been matched against the past.
    await expect.poll(async () => (await retroOf(id)).length).toBe(0);
    await expect.poll(async () => (await exposuresTo(id)).length).toBeGreaterThanOrEqual(exposures.length);
    await page.getByRole("button", { name: "撤销…" }).click();
    const dialog = page.getByRole("dialog");
    const ends = dialog.locator(".ends");
    await shows(ends, /作废 \d+ 条暴露.*只因它而锁定/s);
    expect(Number(/作废 (\d+) 条暴露/.exec((await ends.textContent())!)![1])).toBeGreaterThanOrEqual(exposures.length);
    await dialog.getByRole("button", { name: "撤销风险区" }).click();
    await page.locator(".panel-head .tag", { hasText: "已撤销" }).waitFor();
    await context.close();
  });
});

describe("a file of risk areas", () => {
  it("is read, its faults stand with their lines, and what is sound is published", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/area/import`, {
      language: "en",
      theme: "dark",
      width: 1366,
      height: 768,
    });
    await page
      .locator("input[type=file]")
      .setInputFiles({ name: "areas.kml", mimeType: "text/xml", buffer: Buffer.from(KML) });
    await page.locator(".import-row").first().waitFor();
    const chips = page.locator(".import-head .chips");
    await shows(chips, /Ready 1.*Faulty 1/);
    await chips.getByRole("button", { name: "Faulty 1" }).click();
    await page
      .locator(".import-row", { hasText: "坏环" })
      .getByText(/line 4.*closed|line 4.*ring/)
      .waitFor();
    await isAccessible(page);
    await page.getByRole("button", { name: "Preview the 1 to publish" }).click();
    await page.locator(".preview .totals").waitFor();
    await page.getByRole("button", { name: "Publish 1", exact: true }).click();
    await chips.getByRole("button", { name: "Published now 1" }).waitFor();
    await expect
      .poll(async () => (await areas()).find(({ name }) => name === "七里营"))
      .toMatchObject({ level: "medium", state: "published" });
    await context.close();
  });

  it("that is none is refused with what was expected", async () => {
    const { page, context } = await openConsole(browser, `${server.url}/area/import`);
    await page.getByLabel("或粘贴名单文本").fill("今天天气很好");
    await page.getByRole("button", { name: "读取文本" }).click();
    await shows(page.locator(".notice.bad"), "a list of risk areas");
    await context.close();
  });

  it("may be the State Council's list: matched, settled on the map, published, and compared with the next one", async () => {
    const { page, context, errors } = await openConsole(browser, `${server.url}/area/import`, {
      width: 1366,
      height: 768,
    });
    await mapIsDrawn(page);
    const open = (text: string) =>
      page
        .locator("input[type=file]")
        .setInputFiles({ name: "list.json", mimeType: "application/json", buffer: Buffer.from(text) });
    await open(list(7, [row("河南省", "安阳市", "汤阴县", "韩庄镇")]));
    const chips = page.locator(".import-head .chips");
    await chips.getByRole("button", { name: "待定位 3" }).waitFor();
    await shows(page.locator(".import-head"), "截至 2026-11-24 07:00");
    // Beijing's fields are put right.
    await page.locator(".import-row", { hasText: "北京市朝阳区高碑店（地区）乡" }).waitFor();
    await page.getByLabel("省份").selectOption("河南省");
    await shows(chips, "待定位 2");
    await page.locator(".import-row", { hasText: "3号楼1单元" }).getByText("楼栋或单位").waitFor();

    await page.locator(".import-row", { hasText: "秦岭路街道" }).getByRole("button", { name: "定位" }).click();
    await page.getByText(/正在定位：.*(秦岭路|锦艺)/u).waitFor();
    await page.locator(".map-canvas").click({ position: { x: 760, y: 300 } });
    await page.getByRole("button", { name: "采用这个范围" }).click();
    // The next one that waits is asked for by itself.
    await page.getByText("正在定位：韩庄镇").waitFor();
    await page.locator(".map-canvas").click({ position: { x: 800, y: 200 } });
    await page.getByRole("button", { name: "采用这个范围" }).click();
    await page.getByRole("button", { name: "发布 3 个" }).click();
    await chips.getByRole("button", { name: "已发布 3" }).waitFor();
    const published = (await areas()).filter(({ id, state }) => id.startsWith("list-") && state === "published");
    expect(published.map(({ name }) => name).toSorted()).toEqual([
      "河南省安阳市汤阴县韩庄镇",
      "河南省新乡市卫辉市全域",
      "河南省郑州市中原区秦岭路街道锦艺社区3号楼1单元",
    ]);
    expect(published[0].source).toContain("截至 2026-11-24 07:00");

    await page.getByRole("button", { name: "换一个文件" }).click();
    await open(list(8, []));
    await chips.getByRole("button", { name: "名单中已没有 1" }).click();
    await shows(chips, /待定位 1.*已发布，无变化 2/);
    await page.locator(".import-row", { hasText: "韩庄镇" }).waitFor();
    await page.getByRole("button", { name: "撤销名单中已没有的 1 个…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "撤销风险区" }).click();
    await chips.getByRole("button", { name: "已发布 1", exact: true }).waitFor();
    await expect.poll(async () => (await areas()).find(({ name }) => name.endsWith("韩庄镇"))?.state).toBe("withdrawn");
    await isAccessible(page);
    expect(errors).toEqual([]);
    await context.close();
  });
});
