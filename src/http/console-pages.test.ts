import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify, { type FastifyInstance, type LightMyRequestResponse } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { serveConsole } from "./console-pages.ts";
import { setPageHeaders } from "./page-headers.ts";

let app: FastifyInstance;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "wuxing-pages-"));
  app = Fastify();
  setPageHeaders(app, null);
  await serveConsole(app, join(folder, "web"));
});
afterEach(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

async function build(what: "web" | "mobile", title: string): Promise<void> {
  await mkdir(join(folder, what, "assets"), { recursive: true });
  await writeFile(join(folder, what, "assets", "page-abc.js"), `console.log("${title}")`);
  await writeFile(join(folder, what, "index.html"), `<html><head><title>${title}</title></head></html>`);
}
async function ask(url: string): Promise<LightMyRequestResponse> {
  return app.inject({ url, headers: { accept: "text/html" } });
}

describe("the pages", () => {
  it.each(["/", "/cases", "/m/", "/m/task/7", "/m/d/abc.def"])(
    "%s says that it is being built, and asks again by itself, until it is there",
    async (path) => {
      const before = await ask(path);
      expect(before.statusCode).toBe(503);
      expect(before.headers["retry-after"]).toBe("3");
      expect(before.body).toMatch(/正在构建.*being built/su);
      expect(before.body).toContain('http-equiv="refresh"');
      await build("web", "console");
      await build("mobile", "phone");
      const after = await ask(path);
      expect(after.statusCode).toBe(200);
      expect(after.body).toContain(`<title>${path.startsWith("/m") ? "phone" : "console"}</title>`);
    },
  );

  it("are what was built last, without a new start, each with a nonce of its own", async () => {
    await build("web", "first");
    const first = await ask("/");
    expect(first.body).toContain("<title>first</title>");
    expect(first.headers["cache-control"]).toBe("no-store");
    const nonceOf = (body: string): string => /<meta name="style-nonce" nonce="([\w-]{16,})">/.exec(body)![1];
    expect(first.headers["content-security-policy"]).toContain(`'nonce-${nonceOf(first.body)}'`);
    await build("web", "second");
    const second = await ask("/locks");
    expect(second.body).toContain("<title>second</title>");
    expect(nonceOf(second.body)).not.toBe(nonceOf(first.body));
  });

  it("keep files with a hash for ever, and answer what is not there with the error of the API", async () => {
    await build("web", "console");
    const file = await ask("/assets/page-abc.js");
    expect(file.headers["cache-control"]).toContain("immutable");
    for (const path of ["/assets/page-old.js", "/api/v1/nothing"]) {
      const answer = await ask(path);
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ code: "ADDRESS_NOT_FOUND" });
    }
    expect((await app.inject({ url: "/cases", headers: { accept: "application/json" } })).statusCode).toBe(404);
    expect((await app.inject({ method: "POST", url: "/nowhere" })).json()).toMatchObject({ code: "ADDRESS_NOT_FOUND" });
  });
});
