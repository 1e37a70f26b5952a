/** One event of a text/event-stream (WHATWG HTML, section 9.2.6); JSON holds no line end, so one data line is enough. */
export function eventText(event: string, data: unknown, id?: number): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
