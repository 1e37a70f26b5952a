import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";
import { sendNotFound } from "./error-answer.ts";

/**
 * The console at `/` and the phone at `/m/`: the built files, and the first page for every other address that a browser
 * opens, since each page has an address of its own. Files with a hash in their name never change.
 */
export async function serveConsole(app: FastifyInstance, dir: string): Promise<void> {
  if (!existsSync(join(dir, "index.html"))) {
    app.get("/", { schema: { hide: true } }, (_request, reply) =>
      reply.code(503).type("text/html; charset=utf-8").send(NOT_BUILT),
    );
    app.setNotFoundHandler((request, reply) => sendNotFound(request, reply));
    return;
  }
  const phone = join(dir, "../mobile");
  const [head, rest] = readFileSync(join(dir, "index.html"), "utf8").split("<head>") as [string, string];
  await app.register(fastifyStatic, {
    root: dir,
    serve: false,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) => {
      const hashed = path.includes("/assets/");
      void reply.header("cache-control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  app.get("/*", { schema: { hide: true } }, (request, reply) => {
    const path = request.url.split("?")[0]!;
    if (path === "/m" || path.startsWith("/m/")) {
      // A driver's token has a dot of its own.
      const isFile = path.split("/").at(-1)!.includes(".") && !path.startsWith("/m/d/");
      const file = isFile ? path.slice("/m/".length) : "index.html";
      return reply.sendFile(file, phone);
    }
    if (path.startsWith("/api/")) return sendNotFound(request, reply);
    if (path.split("/").at(-1)!.includes(".")) return reply.sendFile(path.slice(1));
    const page = path === "/" || request.headers.accept?.includes("text/html") === true;
    if (!page) return sendNotFound(request, reply);
    // Each page has a nonce of its own; scripts read it from the element, which hides it from style sheets.
    return reply
      .type("text/html; charset=utf-8")
      .header("cache-control", "no-store")
      .send(`${head}<head><meta name="style-nonce" nonce="${reply.nonce}">${rest}`);
  });
}

const NOT_BUILT = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>无形</title>
<p>值班台还没有构建：请运行 <code>npm run build</code>。接口说明在 <a href="/api/docs">/api/docs</a>。
<p>The console is not built: run <code>npm run build</code>. The API is described at <a href="/api/docs">/api/docs</a>.`;
