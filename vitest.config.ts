import { defineConfig } from "vitest/config";

/** All tests that need no browser, patient with a busy machine. The ones that do are in `vitest.browser.config.ts`. */
export default defineConfig({
  test: {
    include: ["src/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    exclude: ["test/browser/**"],
    testTimeout: 120_000,
    hookTimeout: 240_000,
    pool: "forks",
  },
});
