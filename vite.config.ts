import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/**
 * The console. Built into `dist/web`, from where `serve` hands it out. Everything comes from the own server: no address
 * of another one, no inline script (the server's content security policy forbids them).
 */
export default defineConfig({
  root: "src/web",
  base: "/",
  plugins: [react()],
  build: {
    outDir: "../../dist/web",
    emptyOutDir: true,
    target: "es2023",
    // MapLibre is a megabyte, loaded after the frame stands.
    chunkSizeWarningLimit: 2500,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": process.env["WUXING_URL"] ?? "http://127.0.0.1:8080" } },
});
