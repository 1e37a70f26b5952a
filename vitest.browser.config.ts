import { defineConfig } from "vitest/config";
import { PATIENCE_MS } from "./test/browser/browser.ts";

/** Tests in a real browser (Debian's Chromium) against a real server, one at a time. Patient: only what fails waits so long. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    setupFiles: ["test/browser/say-purpose.ts", "test/browser/tell-failure.ts"],
    testTimeout: 5 * PATIENCE_MS,
    hookTimeout: 15 * PATIENCE_MS,
    expect: { poll: { timeout: PATIENCE_MS, interval: 200 } },
    pool: "forks",
    fileParallelism: false,
  },
});
