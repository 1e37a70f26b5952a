import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from "fastify";
import { csvHead, csvRow, xlsxFile, type ExportColumn, type FileLanguage } from "./export-table.ts";

/** A list that can be had as a file: what it is called, and its columns. */
export interface ExportedList {
  name: string;
  zh: string;
  en: string;
  columns: readonly ExportColumn<never>[];
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Makes a list answer `?format=csv|xlsx` with all its pages. */
    exported?: ExportedList;
  }
}

/** Rows of a file at most: what Excel still opens at once. CSV goes out page by page; a workbook is made in memory. */
const ROWS_MAX = { csv: 200_000, xlsx: 20_000 };
const PAGE = 1000;

const TYPES = {
  csv: "text/csv; charset=utf-8",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

interface ListQuery {
  format?: "json" | "csv" | "xlsx";
  lang?: FileLanguage;
  cursor?: string;
}

interface ListPage {
  items: never[];
  next: string | null;
}

/**
 * Gives every list that names its columns a file beside its pages: the same handler is asked for page after page, so the
 * file holds what the asker may see in the list and nothing else; `onPage` hears of each page before it leaves. A file that was cut off says so in its last row.
 */
export function exportLists(
  app: FastifyInstance,
  timeZone: string,
  onPage: (request: FastifyRequest, page: { items: unknown[] }) => Promise<void>,
): void {
  app.addHook("onRoute", (route) => {
    const list = route.config?.exported;
    if (list === undefined) return;
    const answerPage = route.handler;
    route.handler = async function exportOrAnswer(request, reply) {
      const { format, lang = "zh" } = request.query as ListQuery;
      if (format !== "csv" && format !== "xlsx") return answerPage.bind(this)(request, reply);
      const pages = pagesOf(answerPage.bind(this), request, reply, ROWS_MAX[format], onPage);
      void reply.type(TYPES[format]).header("content-disposition", disposition(list, format, lang));
      if (format === "csv") return reply.send(Readable.from(csvText(list, pages, lang, timeZone)));
      const items: never[] = [];
      let cut = false;
      for await (const page of pages) {
        items.push(...page.items);
        cut = page.cut;
      }
      const note = cut ? cutNote(items.length, lang) : null;
      return reply.send(await xlsxFile(list[lang], list.columns, items, { lang, timeZone, note }));
    };
  });
}

/** The handler's pages, one after the other; the last says whether there would be more. */
async function* pagesOf(
  answerPage: RouteHandlerMethod,
  request: FastifyRequest,
  reply: FastifyReply,
  rowsMax: number,
  onPage: (request: FastifyRequest, page: { items: unknown[] }) => Promise<void>,
): AsyncGenerator<{ items: never[]; cut: boolean }> {
  let cursor = (request.query as ListQuery).cursor;
  for (let rows = 0; ;) {
    const limit = Math.min(PAGE, rowsMax - rows);
    const { format: _, lang: __, ...filter } = request.query as ListQuery;
    const asked = Object.create(request, { query: { value: { ...filter, limit, cursor } } }) as FastifyRequest;
    const { items, next } = (await (answerPage as (...args: unknown[]) => unknown)(asked, reply)) as ListPage;
    await onPage(request, { items });
    rows += items.length;
    const isLast = next === null || rows >= rowsMax;
    yield { items, cut: isLast && next !== null };
    if (isLast) return;
    cursor = next;
  }
}

async function* csvText(
  { columns }: ExportedList,
  pages: AsyncIterable<{ items: never[]; cut: boolean }>,
  lang: FileLanguage,
  timeZone: string,
): AsyncGenerator<string> {
  yield csvHead(columns, lang);
  let rows = 0;
  for await (const { items, cut } of pages) {
    rows += items.length;
    yield items
      .map((item) =>
        csvRow(
          columns.map(({ value }) => value(item)),
          timeZone,
        ),
      )
      .join("");
    if (cut) yield csvRow([cutNote(rows, lang)], timeZone);
  }
}

function cutNote(rows: number, lang: FileLanguage): string {
  return lang === "zh"
    ? `… 只有前 ${rows} 行；请缩小范围再导出`
    : `… the first ${rows} rows only; narrow the list and export again`;
}

function disposition({ name, zh, en }: ExportedList, format: string, lang: FileLanguage): string {
  const shown = encodeURIComponent(`${lang === "zh" ? zh : en}.${format}`);
  return `attachment; filename="${name}.${format}"; filename*=UTF-8''${shown}`;
}
