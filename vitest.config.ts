import { defineConfig } from "vitest/config";

/** All tests that need no browser. The ones that do are in `vitest.browser.config.ts`. */
export default defineConfig({
  test: {
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    exclude: ["test/browser/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
  },
});
