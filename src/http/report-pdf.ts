import Pdf from "pdfkit";
import type { ReportFont } from "./report-font.ts";
import type { PrintedReport, ReportCell, ReportSection } from "./report-sections.ts";

const MARGIN = 48;
const ROW = 17;
const SIZE = { title: 19, section: 12, text: 9 };
const INK = "#16212b";
const MUTED = "#56646f";
const LINE = "#c9cfd2";
/** Share of a table's width that its first column takes. */
const FIRST_SHARE = 0.46;

/** A report on A4, upright, with its font inside. @throws Error when the font cannot be read */
export async function reportPdf(report: PrintedReport, font: ReportFont, lang: "zh" | "en"): Promise<Buffer> {
  const paper = new Pdf({
    size: "A4",
    margin: MARGIN,
    bufferPages: true,
    lang: lang === "zh" ? "zh-CN" : "en",
    displayTitle: true,
    info: { Title: `${report.title} ${report.period}`, Producer: "wuxing" },
  });
  const chunks: Buffer[] = [];
  paper.on("data", (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => paper.once("end", resolve).once("error", reject));
  paper.registerFont("text", font.path, font.name);
  paper.font("text");
  paper.fontSize(SIZE.title).fillColor(INK).text(report.title);
  paper.fontSize(SIZE.section).text(report.period);
  paper.fontSize(SIZE.text).fillColor(MUTED).text(report.made);
  for (const section of report.sections) drawSection(paper, section);
  numberPages(paper, `${report.title} ${report.period}`);
  paper.end();
  await ended;
  return Buffer.concat(chunks);
}

type Paper = InstanceType<typeof Pdf>;

function drawSection(paper: Paper, { title, note, head, rows, empty }: ReportSection): void {
  paper.x = MARGIN;
  paper.y += 16;
  // A title never stands alone at the foot of a page.
  room(paper, 4 * ROW);
  paper.fontSize(SIZE.section).fillColor(INK).text(title, MARGIN, paper.y);
  if (note !== undefined) paper.fontSize(SIZE.text).fillColor(MUTED).text(note);
  paper.y += 4;
  if (rows.length === 0) {
    paper.fontSize(SIZE.text).fillColor(MUTED).text(empty, MARGIN, paper.y);
    return;
  }
  drawRow(paper, head, true, rows[0]!);
  for (const row of rows) {
    if (room(paper, ROW)) drawRow(paper, head, true, row);
    drawRow(paper, row, false, row);
  }
}

/** One line of a table; `like` says which columns hold numbers. */
function drawRow(paper: Paper, cells: readonly ReportCell[], isHead: boolean, like: readonly ReportCell[]): void {
  const width = paper.page.width - 2 * MARGIN;
  const first = width * FIRST_SHARE;
  const other = (width - first) / Math.max(1, cells.length - 1);
  const y = paper.y;
  paper.fontSize(SIZE.text).fillColor(isHead ? MUTED : INK);
  cells.forEach((cell, column) => {
    const x = column === 0 ? MARGIN : MARGIN + first + (column - 1) * other;
    const options = {
      width: (column === 0 ? first : other) - 6,
      height: ROW,
      lineBreak: false,
      ellipsis: true,
      align: column > 0 && typeof like[column] === "number" ? ("right" as const) : ("left" as const),
    };
    paper.text(typeof cell === "number" ? cell.toLocaleString("en-US") : cell, x, y + 3, options);
  });
  paper
    .moveTo(MARGIN, y + ROW)
    .lineTo(MARGIN + width, y + ROW)
    .lineWidth(isHead ? 0.8 : 0.4)
    .strokeColor(LINE)
    .stroke();
  paper.x = MARGIN;
  paper.y = y + ROW;
}

/** Goes to a new page when the height does not fit any more; true when it did. */
function room(paper: Paper, height: number): boolean {
  if (paper.y + height <= paper.page.height - MARGIN - ROW) return false;
  paper.addPage();
  return true;
}

function numberPages(paper: Paper, name: string): void {
  const { count } = paper.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    paper.switchToPage(page);
    // Below the margin pdfkit would begin a new page.
    paper.page.margins.bottom = 0;
    paper
      .fontSize(8)
      .fillColor(MUTED)
      .text(`${name}    ${page + 1} / ${count}`, MARGIN, paper.page.height - 34, { lineBreak: false });
  }
}
