import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { get, send } from "./client.ts";

let close = async (): Promise<void> => undefined;

afterEach(async () => {
  vi.unstubAllGlobals();
  await close();
});

/** A server that the page comes from: its addresses need no host. */
async function answers(listener: RequestListener): Promise<void> {
  const server = createServer(listener);
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = globalThis.fetch;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => ask(origin + path, init));
}

it("an answer whose body breaks off is no answer, whatever its status said", async () => {
  await answers((_request, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "40" });
    response.write('{"items": [', () => response.destroy());
  });
  await expect(get("/locks")).rejects.toMatchObject({ code: "UNREACHABLE", status: 0 });
});

it("a page of something that stands before the server is no answer", async () => {
  await answers((_request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Wi-Fi</h1>"));
  await expect(get("/locks")).rejects.toMatchObject({ code: "UNREACHABLE", status: 0 });
});

it("an answer without a body is one", async () => {
  await answers((_request, response) => response.writeHead(204).end());
  expect(await send("DELETE", "/session", undefined)).toEqual({});
});

it("a refusal keeps its status, also without words of ours", async () => {
  await answers((request, response) =>
    request.url === "/api/v1/locks"
      ? response.writeHead(409).end(JSON.stringify({ code: "CASE_CHANGED", message: { zh: "变了", en: "changed" } }))
      : response.writeHead(502).end("bad gateway"),
  );
  await expect(get("/locks")).rejects.toMatchObject({ code: "CASE_CHANGED", status: 409 });
  await expect(get("/areas")).rejects.toMatchObject({ code: "UNREACHABLE", status: 502 });
});
