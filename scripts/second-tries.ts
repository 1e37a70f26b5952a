import type { Reporter, TestModule } from "vitest/node";

/** Names the tests that passed only on their second try, so that a race is seen and mended and not only survived. */
export default class SecondTries implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const names = modules.flatMap((module) =>
      [...module.children.allTests("passed")]
        .filter((test) => test.diagnostic()?.flaky === true)
        .map((test) => `${module.relativeModuleId}: ${test.fullName}`),
    );
    if (names.length === 0) return;
    console.log(`passed only on a second try, ${names.length}:\n${names.map((name) => `  ${name}`).join("\n")}`);
  }
}
