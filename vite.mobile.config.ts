import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const SHELL = "shell.js";
const PUBLIC = join(import.meta.dirname, "src/mobile/public");

/** The grid member's phone at `/m/`, with the worker that keeps it there without a network. */
export default defineConfig({
  root: "src/mobile",
  base: "/m/",
  plugins: [react(), listFiles()],
  build: {
    outDir: "../../dist/mobile",
    emptyOutDir: true,
    // Phones of six years ago.
    target: "es2020",
    chunkSizeWarningLimit: 1500,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: {
        index: join(import.meta.dirname, "src/mobile/index.html"),
        shell: join(import.meta.dirname, "src/mobile/offline-shell/shell.ts"),
      },
      output: {
        entryFileNames: ({ name }) => (name === "shell" ? SHELL : "assets/[name]-[hash].js"),
      },
    },
  },
});

/** Tells the worker which files there are, and names its store after their content. */
function listFiles(): Plugin {
  return {
    name: "list-files",
    generateBundle(_, bundle) {
      const shell = bundle[SHELL];
      if (shell?.type !== "chunk") throw new Error(`${SHELL} was not built`);
      const built = Object.values(bundle).filter(({ fileName }) => fileName !== SHELL && fileName !== "index.html");
      const digest = createHash("sha256");
      for (const part of Object.values(bundle)) digest.update(part.type === "chunk" ? part.code : part.source);
      const files = [...built.map(({ fileName }) => fileName), ...readdirSync(PUBLIC)].map((name) => `/m/${name}`);
      shell.code = shell.code
        .replace("__FILES__", JSON.stringify(files).replaceAll('"', '\\"'))
        .replace("__VERSION__", digest.digest("hex").slice(0, 12));
    },
  };
}
