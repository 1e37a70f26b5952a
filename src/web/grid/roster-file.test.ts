import { expect, it } from "vitest";
import { readRoster } from "./roster-file.ts";

it("a roster is read with its columns in any order, in either language, quoted or not", () => {
  expect(
    readRoster('\uFEFFname,"slot",extra,person,place\r\n"王 ""小"" 明",head,"a,\nb",p1,g1\r\n,member,,p2,g1'),
  ).toEqual({
    rows: [
      { place: "g1", slot: "head", person: "p1", name: '王 "小" 明' },
      { place: "g1", slot: "member", person: "p2" },
    ],
    empty: 0,
    missing: [],
  });
  expect(readRoster("网格编号,网格,岗位,人员编号,姓名\ng1,一,head,p1,王明\ng1,一,medic,,\n\n")).toEqual({
    rows: [{ place: "g1", slot: "head", person: "p1", name: "王明" }],
    empty: 1,
    missing: [],
  });
});

it("a file without its columns says which are missing", () => {
  expect(readRoster("place,who\ng1,p1")).toEqual({ rows: [], empty: 0, missing: ["slot", "person"] });
  expect(readRoster("").missing).toEqual(["place", "slot", "person"]);
});
