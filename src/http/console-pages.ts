import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { sendNotFound } from "./error-answer.ts";

/**
 * The console at `/` and the phone at `/m/`: the built files, and the first page for every other address that a browser
 * opens, since each page has an address of its own. Files with a hash in their name never change; the first page is read when
 * it is asked for, so that what was built after the start, or anew, is what a browser gets.
 */
export async function serveConsole(app: FastifyInstance, builtDir: string): Promise<void> {
  const dir = resolve(builtDir);
  const phone = join(dir, "../mobile");
  await app.register(fastifyStatic, {
    root: dir,
    serve: false,
    preCompressed: true,
    cacheControl: false,
    // The folder may come later.
    suppressWarning: true,
    setHeaders: (reply, path) => {
      const hashed = path.includes("/assets/");
      void reply.header("cache-control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  app.setNotFoundHandler((request, reply) => sendNotFound(request, reply));
  app.get("/*", { schema: { hide: true } }, async (request, reply) => {
    const path = request.url.split("?")[0]!;
    if (path === "/m" || path.startsWith("/m/")) {
      // A driver's token has a dot of its own.
      const isFile = path.split("/").at(-1)!.includes(".") && !path.startsWith("/m/d/");
      if (isFile) return reply.sendFile(path.slice("/m/".length), phone);
      return (await firstPage(phone)) === null ? sendNotBuilt(reply) : reply.sendFile("index.html", phone);
    }
    if (path.startsWith("/api/")) return sendNotFound(request, reply);
    if (path.split("/").at(-1)!.includes(".")) return reply.sendFile(path.slice(1));
    const isPage = path === "/" || request.headers.accept?.includes("text/html") === true;
    if (!isPage) return sendNotFound(request, reply);
    const page = await firstPage(dir);
    if (page === null) return sendNotBuilt(reply);
    // Each page has a nonce of its own; scripts read it from the element, which hides it from style sheets.
    return reply
      .type("text/html; charset=utf-8")
      .header("cache-control", "no-store")
      .send(page.replace("<head>", () => `<head><meta name="style-nonce" nonce="${reply.nonce}">`));
  });
}

/** Null while nothing is built, or while it is being built. */
async function firstPage(dir: string): Promise<string | null> {
  try {
    const page = await readFile(join(dir, "index.html"), "utf8");
    return page === "" ? null : page;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function sendNotBuilt(reply: FastifyReply): FastifyReply {
  return reply
    .code(503)
    .type("text/html; charset=utf-8")
    .header("cache-control", "no-store")
    .header("retry-after", "3")
    .send(NOT_BUILT);
}

/** It asks again by itself: a build takes some seconds. */
const NOT_BUILT = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta http-equiv="refresh" content="3"><title>无形</title>
<p>页面还没有构建，或正在构建；构建好后这里会自动打开。构建：<code>npm run build</code>。接口说明在 <a href="/api/docs">/api/docs</a>。
<p lang="en">The page is not built, or is being built; it opens here by itself. To build it: <code>npm run build</code>. The API is described at <a href="/api/docs">/api/docs</a>.`;
