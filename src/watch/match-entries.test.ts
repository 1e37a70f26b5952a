import { expect, it } from "vitest";
import { matchEntries, type RegisterPlace } from "./match-entries.ts";
import { riskListOf } from "./risk-list.ts";

const at = (id: string, kind: RegisterPlace["kind"], name: string, ...above: string[]): RegisterPlace => ({
  id,
  kind,
  name,
  above,
  geometry: { type: "Point", coordinates: [114, 35] },
});
const PLACES = [
  at("county", "county", "卫辉市"),
  at("town", "township", "汲水镇", "卫辉市"),
  at("street", "township", "东街街道", "卫滨区"),
  at("village", "community", "南关村村民委员会", "卫辉市", "汲水镇"),
  at("county-2", "county", "卫滨区"),
  at("twin-1", "community", "北关社区居民委员会", "卫辉市", "汲水镇"),
  at("twin-2", "community", "北关村村民委员会", "卫辉市", "汲水镇"),
];

it.each([
  ["新乡市", "卫辉市", "汲水镇", "town", true],
  ["新乡市", "卫辉市", "汲水镇全域", "town", true],
  ["新乡市", "卫辉市", "汲水镇南关村", "village", true],
  ["新乡市", "卫辉市", "汲水镇南关村3组12号", "village", false],
  ["新乡市", "卫辉市", "汲水镇阳光小区3号楼", "town", false],
  ["新乡市", "卫滨区", "东街街道办事处", "street", true],
  ["新乡市", "卫辉市", "全域", "county", true],
  ["新乡市", "卫辉市", "汲水镇北关村", "town", false],
  ["新乡市", "卫辉市", "东街街道", "county", false],
  ["新乡市", "卫辉市", "除中风险区以外的其他区域", null, null],
  ["新乡市", "凤泉区", "汲水镇", null, null],
  ["郑州市", "卫辉市", "汲水镇", null, null],
])("%s %s %s is %s (exact: %s)", (city, county, place, id, exact) => {
  const row = { province: "河南省", city, county, communitys: [place] };
  const { entries } = riskListOf({ data: { highlist: [row], middlelist: [] } })!;
  const [{ match }] = matchEntries(entries, "新乡市", PLACES);
  expect(match === null ? [null, null] : [match.id, match.exact]).toEqual([id, exact]);
});
