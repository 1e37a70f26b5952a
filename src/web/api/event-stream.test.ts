import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { EventStreamParser, openEventStream } from "./event-stream.ts";

describe("an event stream", () => {
  it("is understood wherever the text is cut", () => {
    const text = 'id: 7\nevent: finding\ndata: {"a":\ndata: 1}\n\n: a comment\nevent: status\r\ndata: x\r\n\r\n';
    for (let cut = 1; cut < text.length; cut++) {
      const parser = new EventStreamParser();
      const events = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))];
      expect(events).toEqual([
        { event: "finding", data: '{"a":\n1}', id: "7" },
        { event: "status", data: "x", id: "7" },
      ]);
    }
  });

  it("gives no event for a comment that only keeps the line open", () => {
    expect(new EventStreamParser().push(": still here\n\n")).toEqual([]);
  });

  it("goes on after a loss and an error status from the last id", async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request: IncomingMessage, response) => {
      asked.push(request.headers["last-event-id"] as string | undefined);
      if (asked.length === 2) return response.writeHead(503).end();
      response.writeHead(200, { "content-type": "text/event-stream" });
      return response.end(`id: ${asked.length}\nevent: finding\ndata: ${asked.length}\n\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const got: string[] = [];
    const states: string[] = [];
    await new Promise<void>((resolve) => {
      const end = openEventStream({
        url,
        onState: (state) => states.push(state),
        onEvent: ({ data }) => {
          got.push(data);
          if (got.length === 2) {
            end();
            resolve();
          }
        },
      });
    });
    server.close();
    expect(got).toEqual(["1", "3"]);
    expect(asked).toEqual([undefined, "1", "1"]);
    expect(states.slice(0, 4)).toEqual(["open", "lost", "lost", "open"]);
  });
});
