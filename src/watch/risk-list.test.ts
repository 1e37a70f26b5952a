import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { riskListInText, riskListOf } from "./risk-list.ts";

const LISTS = join(import.meta.dirname, "../../../shared/data/risk");
const row = (province: string, city: string, county: string, ...communitys: string[]) => ({
  type: "2",
  province,
  city,
  county,
  area_name: `${province} ${city} ${county}`,
  communitys,
});
const textOf = (path: string): string => {
  const bytes = readFileSync(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
};
const list = (data: object) => riskListOf({ code: 0, msg: "查询成功", data })!;

describe("a list of risk areas as it was published", () => {
  it("puts Beijing's fields right, which are shifted by one level", () => {
    const { entries } = list({
      end_update_time: "2022-05-01 7时",
      highlist: [row("北京市", "朝阳区", "高碑店（地区）乡", "方家园社区")],
      middlelist: [row("重庆市", "重庆市", "南岸区", "铜元局街道图强村418—420号")],
    });
    expect(entries).toMatchObject([
      { province: "北京市", city: "北京市", county: "朝阳区", town: "高碑店（地区）乡", place: "方家园社区" },
      { city: "重庆市", county: "南岸区", town: "铜元局街道", level: "medium" },
    ]);
  });

  it("reads an hour that is not padded as an hour in China", () => {
    expect(list({ end_update_time: "2022-05-01 7时", highlist: [], middlelist: [] }).asOf).toBe(
      "2022-05-01T07:00:00+08:00",
    );
    expect(list({ end_update_time: "soon", highlist: [], middlelist: [] }).asOf).toBeNull();
  });

  it("counts low risk of the later form, which is no risk area", () => {
    const { entries, lowEntries, problems } = list({
      end_update_time: "2022-07-21 16时",
      hcount: 1,
      mcount: 0,
      lcount: 1,
      highlist: [row("河南省", "新乡市", "卫辉市", "汲水镇")],
      middlelist: [],
      lowlist: [row("北京市", "顺义区", "李桥镇", "李桥镇除中高风险以外的其他区域")],
    });
    expect([entries.length, lowEntries, problems]).toEqual([1, 1, []]);
  });

  it.each([
    ["绿东村街道白鸽社区绿东村3号院20号楼4单元", "building", "绿东村街道"],
    ["大围山镇除白沙村以外的其他区域", "remainder", "大围山镇"],
    ["除中风险区以外的其他区域", "remainder", ""],
    ["第四师六十二团一连幸福路3巷", "road", ""],
    ["金崖镇金崖十字片区", "place", "金崖镇"],
    ["\u3000白塔镇因阜村", "place", "白塔镇"],
    ["曹杨新村街道曹杨五村245号", "building", "曹杨新村街道"],
  ])("%s is a %s", (place, kind, town) => {
    const { entries } = list({ highlist: [row("河南省", "郑州市", "中原区", place)], middlelist: [] });
    expect(entries).toMatchObject([{ place: place.trim(), kind, town }]);
  });

  it("takes a place that stands there twice once, with the higher level, and says so", () => {
    const same = row("河南省", "郑州市", "中原区", "秦岭路街道");
    const { entries, problems } = list({ highlist: [same], middlelist: [same], hcount: 2 });
    expect(entries).toMatchObject([{ level: "high" }]);
    expect(problems).toMatchObject([{ where: "hcount" }, { expected: expect.stringContaining("higher") }]);
  });

  it("gives a place the same key in every list", () => {
    const at = (place: string) => list({ highlist: [row("河南省", "郑州市", "中原区", place)], middlelist: [] });
    expect(at("秦岭路街道").entries[0].key).toBe(at("\u00a0秦岭路街道 ").entries[0].key);
    expect(at("秦岭路街道").entries[0].key).not.toBe(at("汝河路街道").entries[0].key);
  });

  it("names rows that are none with their place", () => {
    const { problems } = list({ highlist: [{ province: "河南省" }, "x"], middlelist: [] });
    expect(problems.map(({ where }) => where)).toEqual(["highlist[0]", "highlist[1]"]);
    expect(riskListOf({ type: "FeatureCollection", features: [] })).toBeNull();
  });

  it("is read from text as well, by headings or by a column", () => {
    const text = `截至2022年5月1日7时\n高风险区（1个）\n河南省 新乡市 卫辉市 汲水镇\n中风险区\n河南省，郑州市，中原区，秦岭路街道 锦艺社区\n低,河南省,郑州市,中原区,汝河路街道\n河南省 郑州市`;
    const found = riskListInText(text)!;
    expect(found.asOf).toBe("2022-05-01T07:00:00+08:00");
    expect(found.entries.map(({ level, place }) => [level, place])).toEqual([
      ["high", "汲水镇"],
      ["medium", "秦岭路街道 锦艺社区"],
    ]);
    expect([found.lowEntries, found.problems.map(({ where }) => where)]).toEqual([1, ["line 7"]]);
    expect(riskListInText("今天天气很好\n没有别的")).toBeNull();
  });
});

describe.skipIf(!existsSync(LISTS))("all real lists of 2022", () => {
  const files = existsSync(LISTS)
    ? readdirSync(LISTS, { recursive: true, encoding: "utf8" }).filter((name) => /\.json(?:\.gz)?$/.test(name))
    : [];

  it("are read whole: every place is an entry, every time is known, no field is shifted", () => {
    expect(files.length).toBeGreaterThan(180);
    const problems: string[] = [];
    const kinds = { place: 0, building: 0, road: 0, remainder: 0 };
    for (const name of files) {
      const json = JSON.parse(textOf(join(LISTS, name))) as {
        data: Record<string, { province: string; city: string; county: string; communitys: string[] }[]>;
      };
      const found = riskListOf(json)!;
      const given = (...lists: string[]) =>
        lists.flatMap((one) => json.data[one] ?? []).flatMap(({ communitys }) => communitys).length;
      expect([name, found.asOf]).not.toContain(null);
      expect([name, found.lowEntries]).toEqual([name, given("lowlist")]);
      const rows = ["highlist", "middlelist"].flatMap((one) => json.data[one] ?? []);
      const places = rows.flatMap((one) =>
        one.communitys.map((place) => `${one.province} ${one.city} ${one.county} ${place.trim()}`),
      );
      expect([name, found.entries.length]).toEqual([name, new Set(places).size]);
      problems.push(...found.problems.map(({ where }) => where));
      for (const { province, city, county, kind, place } of found.entries) {
        kinds[kind]++;
        expect([province, city, county, place].every((field) => field !== "" && field === field.trim())).toBe(true);
        if (province === "北京市") expect([place, city, county.endsWith("区")]).toEqual([place, "北京市", true]);
      }
    }
    // Places that a list has as high and as medium.
    expect([...new Set(problems)].toSorted()).toEqual(
      [
        "新疆维吾尔自治区伊犁哈萨克自治州伊宁市巴彦岱镇巴彦岱村",
        ...["塘渡口镇塔水桥村4组", "塘渡口镇塔水桥村5组", "塘渡口镇塔水桥村6组", "白仓镇千秋村毛沙片"].map(
          (place) => `湖南省邵阳市邵阳县${place}`,
        ),
      ].toSorted(),
    );
    expect(kinds.building).toBeGreaterThan(kinds.road);
    expect(kinds.remainder).toBeGreaterThan(0);
  });
});
