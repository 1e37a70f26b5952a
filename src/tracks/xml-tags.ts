export interface XmlTagSink {
  /** A start tag; `name` without its prefix, `attributes` as they stand there. */
  open(name: string, attributes: string, line: number): void;
  /** An end tag (also of `<a/>`), with the text just before it, its entities resolved. */
  close(name: string, text: string): void;
}

/** A tag, a comment or a piece of text longer than this is no track's. */
const PIECE_MAX = 1 << 20;
const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * Tells the tags of an XML text in turn. Enough for files of points: it skips comments, instructions and the document
 * type (whose entities are thereby unknown, so none can be expanded without end), and does not check that tags match.
 */
export class XmlTags {
  /** Line of the tag that was read last, from 1. */
  line = 1;
  readonly #sink: XmlTagSink;
  #rest = "";
  #text = "";

  constructor(sink: XmlTagSink) {
    this.#sink = sink;
  }

  /** @throws Error when a piece is too long. */
  push(part: string): void {
    const all = this.#rest + part;
    let at = 0;
    for (;;) {
      const start = all.indexOf("<", at);
      if (start < 0) break;
      const end = endOf(all, start);
      if (end < 0) break;
      this.#text += all.slice(at, start);
      this.line += linesIn(all, at, start);
      this.#tag(all, start, end);
      this.line += linesIn(all, start, end);
      at = end;
    }
    this.#rest = all.slice(at);
    if (this.#rest.length + this.#text.length > PIECE_MAX) throw new Error("a tag or text does not end");
  }

  /** @throws Error when the text breaks off inside a tag. */
  end(): void {
    if (this.#rest.trim() !== "") throw new Error("it breaks off");
  }

  #tag(all: string, start: number, end: number): void {
    if (all.startsWith("<![CDATA[", start)) {
      this.#text += all.slice(start + 9, end - 3).replaceAll("&", "&amp;");
      return;
    }
    if (all[start + 1] === "!" || all[start + 1] === "?") return;
    const isEnd = all[start + 1] === "/";
    const isEmpty = all[end - 2] === "/";
    const [, name = "", attributes = ""] =
      /^(?:[^\s:/>]*:)?([^\s/>]+)([^]*)$/.exec(all.slice(start + (isEnd ? 2 : 1), end - (isEmpty ? 2 : 1))) ?? [];
    if (!isEnd) this.#sink.open(name, attributes, this.line);
    if (isEnd || isEmpty) this.#sink.close(name, isEmpty ? "" : resolved(this.#text));
    this.#text = "";
  }
}

/** Behind the `>` of what begins at `start`, or -1 when it is not there yet. */
function endOf(all: string, start: number): number {
  if (all.length < start + 9 && "<![CDATA[".startsWith(all.slice(start))) return -1;
  const closing = all.startsWith("<!--", start) ? "-->" : all.startsWith("<![CDATA[", start) ? "]]>" : ">";
  const found = all.indexOf(closing, start);
  return found < 0 ? -1 : found + closing.length;
}

function linesIn(all: string, from: number, to: number): number {
  let lines = 0;
  for (let at = all.indexOf("\n", from); at >= 0 && at < to; at = all.indexOf("\n", at + 1)) lines++;
  return lines;
}

function resolved(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi,
    (whole, hex: string, decimal: string, name: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
