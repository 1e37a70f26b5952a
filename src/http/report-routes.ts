import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { reportKindSchema, reportSchema, type Report, type ReportKind } from "../model/report.ts";
import type { ReportQueries } from "../store/report-queries.ts";
import { answer } from "./lists.ts";
import type { ServerParts } from "./parts.ts";
import { findReportFont } from "./report-font.ts";
import { reportPdf } from "./report-pdf.ts";
import { printedReport } from "./report-sections.ts";
import { reportSpan } from "./report-span.ts";
import { reportXlsx } from "./report-xlsx.ts";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/** The reports of days and weeks: as data, on paper, as a workbook. */
export function reportRoutes(
  {
    city,
    cityTimeMs,
    reportFont,
    movementsKeptMs = Infinity,
  }: Pick<ServerParts, "city" | "cityTimeMs" | "reportFont" | "movementsKeptMs">,
  reports: ReportQueries,
): FastifyPluginAsyncZod {
  const reportOf = async (kind: ReportKind, date: string): Promise<Report> => {
    const { date: first, fromMs, toMs, partMs } = reportSpan(kind, date, city.timeZone);
    const nowMs = cityTimeMs();
    const { passages, ...figures } = await reports.report({ fromMs, toMs, partMs });
    return {
      kind,
      date: first,
      from: instant(fromMs),
      to: instant(toMs),
      madeAt: instant(nowMs),
      over: toMs <= nowMs,
      ...figures,
      passages: { ...passages, kept: fromMs >= nowMs - movementsKeptMs },
    };
  };
  return async (app) => {
    app.route({
      method: "GET",
      url: "/reports/:kind/:date",
      schema: {
        tags: ["reports"],
        summary: "What a day, or the week that a day lies in, was",
        description:
          "Days and weeks (from Monday) of the city's clock. `pdf` is made on the server with a font that holds Chinese characters; `xlsx` has a sheet for each part.",
        params: z.object({ kind: reportKindSchema, date: z.string().regex(/^\d{4}-\d\d-\d\d$/) }),
        querystring: z.strictObject({
          format: z.enum(["json", "pdf", "xlsx"]).default("json"),
          lang: z.enum(["zh", "en"]).default("zh"),
        }),
        response: answer(reportSchema),
      },
      handler: async ({ params: { kind, date }, query: { format, lang } }, reply) => {
        const report = await reportOf(kind, date);
        if (format === "json") return report;
        const printed = printedReport(report, city, lang);
        const file =
          format === "pdf"
            ? await reportPdf(printed, await findReportFont(reportFont), lang)
            : await reportXlsx(printed);
        const name = encodeURIComponent(`${printed.title} ${printed.period}.${format}`);
        return reply
          .type(format === "pdf" ? "application/pdf" : XLSX)
          .header("content-disposition", `attachment; filename="report.${format}"; filename*=UTF-8''${name}`)
          .send(file as never);
      },
    });
  };
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
