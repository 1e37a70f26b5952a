import { defineConfig } from "vitest/config";

/** Tests in a real browser (Debian's Chromium) against a real server, one at a time. */
export default defineConfig({
  test: {
    include: ["test/browser/**/*.test.ts"],
    setupFiles: ["test/browser/say-purpose.ts"],
    testTimeout: 90_000,
    hookTimeout: 400_000,
    pool: "forks",
    fileParallelism: false,
  },
});
