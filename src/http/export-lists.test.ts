import { parse } from "csv-parse/sync";
import Fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { zipEntries } from "../watch/zip-entries.ts";
import { exportLists, type ExportedList } from "./export-lists.ts";

interface Row {
  name: string;
  at: string;
  n: number;
}

const LIST: ExportedList = {
  name: "things",
  zh: "东西",
  en: "Things",
  columns: [
    { zh: "名称", en: "Name", value: ({ name }: Row) => name },
    { zh: "时间", en: "Time", value: ({ at }: Row) => new Date(at) },
    { zh: "数", en: "Number", value: ({ n }: Row) => n },
  ],
};
const NAMES = ['豫G"1",2', "=1+1", "@13900000001", "line\nbreak", "plain"];
let app: FastifyInstance;
let total = 2500;
let limits: number[] = [];
const noted: number[] = [];

beforeAll(async () => {
  app = Fastify();
  exportLists(app, "Asia/Shanghai", async (_request, { items }) => void noted.push(items.length));
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Fastify awaits its handlers
  app.get("/things", { config: { exported: LIST } }, async (request) => {
    const { limit = "100", cursor = "0", odd } = request.query as { limit?: string; cursor?: string; odd?: string };
    limits.push(Number(limit));
    const start = Number(cursor);
    const items = Array.from({ length: Math.min(Number(limit), total - start) }, (_, index) => ({
      name: NAMES[(start + index) % NAMES.length],
      at: "2022-05-10T18:00:00.000Z",
      n: odd === undefined ? start + index : -1,
    }));
    return { items, next: start + items.length < total ? String(start + items.length) : null };
  });
  await app.ready();
});
afterAll(() => app.close());

async function rowsOf(query: string): Promise<string[][]> {
  const answer = await app.inject(`/things?format=csv${query}`);
  expect(answer.statusCode).toBe(200);
  expect(answer.body.startsWith("\uFEFF")).toBe(true);
  return parse(answer.body, { bom: true, relax_column_count: true });
}

describe("a list as a file", () => {
  it("is its pages when no file is asked for", async () => {
    expect((await app.inject("/things")).json()).toMatchObject({ next: "100" });
  });

  it("as CSV has every row of every page once, in city time, with headings in the language asked for", async () => {
    limits = [];
    noted.length = 0;
    const rows = await rowsOf("&lang=en");
    expect(rows[0]).toEqual(["Name", "Time", "Number"]);
    expect(rows.slice(1).map(([, , n]) => Number(n))).toEqual(Array.from({ length: 2500 }, (_, index) => index));
    expect(rows[1]).toEqual(['豫G"1",2', "2022-05-11 02:00:00", "0"]);
    expect(limits).toEqual([1000, 1000, 1000]);
    expect(noted).toEqual([1000, 1000, 500]);
    expect((await rowsOf(""))[0]).toEqual(["名称", "时间", "数"]);
  });

  it("keeps a text from being run as a formula", async () => {
    const rows = await rowsOf("");
    expect(rows[2][0]).toBe("'=1+1");
    expect(rows[3][0]).toBe("'@13900000001");
    expect(rows[4][0]).toBe("line\nbreak");
  });

  it("keeps the filters of the list", async () => {
    const rows = await rowsOf("&odd=1");
    expect(rows.slice(1).every(([, , n]) => n === "-1")).toBe(true);
  });

  it("as a workbook is a file that others open, under its name in the reader's language", async () => {
    const answer = await app.inject("/things?format=xlsx");
    expect(answer.headers["content-disposition"]).toContain(encodeURIComponent("东西.xlsx"));
    const parts = zipEntries(answer.rawPayload, () => true);
    const sheet = parts.get("xl/worksheets/sheet1.xml")!.toString();
    expect(sheet.match(/<row /g)).toHaveLength(2501);
    // 2022-05-11 02:00 on the wall is day 44692 and two hours in Excel's count.
    expect(sheet).toMatch(/44692\.083333/);
    expect(parts.get("xl/workbook.xml")!.toString()).toContain("东西");
  });

  it("that is longer than a workbook may be says how much of it is there", async () => {
    total = 25_000;
    const parts = zipEntries((await app.inject("/things?format=xlsx")).rawPayload, () => true);
    expect(parts.get("xl/worksheets/sheet1.xml")!.toString().match(/<row /g)?.length).toBe(20_002);
    const texts = parts.get("xl/sharedStrings.xml")!.toString();
    expect(texts.slice(texts.lastIndexOf("<si>"))).toContain("只有前 20000 行");
    total = 2500;
  });
});
