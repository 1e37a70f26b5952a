import { afterEach } from "vitest";
import { closePages, type WatchedPage } from "./browser.ts";

/** What of a page is told, characters. */
const TOLD_MAX = 1500;
/** A page that hangs is not waited for, ms. */
const TELL_MS = 10_000;
const PANELS = ["[role=dialog]", ".panel", "main", "body"];

// Runs after the hooks of the test's own file: whatever was opened still stands here, and is closed here.
afterEach(async ({ task }) => {
  const isFailed = task.result?.state === "fail";
  await closePages(async (page) => {
    if (isFailed) process.stderr.write(`${task.fullName}: ${await whatStoodOn(page)}\n`);
  });
});

async function whatStoodOn({ page, errors, pending }: WatchedPage): Promise<string> {
  const hangs = new Promise<string>((resolve) => setTimeout(resolve, TELL_MS, "(the page does not answer)"));
  const text = await Promise.race([visibleText(page).catch(String), hangs]);
  return [
    `failed at ${page.url()}`,
    ...errors.map((error) => `  error of the page: ${error}`),
    ...[...pending].map((request) => `  not answered yet: ${request.method()} ${request.url()}`),
    "  what was seen:",
    ...text
      .slice(0, TOLD_MAX)
      .split("\n")
      .filter(Boolean)
      .map((line) => `  │ ${line}`),
  ].join("\n");
}

/** The main panel's text, that of a dialog over it before it; of a page without one all of it. */
function visibleText(page: WatchedPage["page"]): Promise<string> {
  return page.evaluate((panels) => {
    const [over, ...rest] = panels.map((panel) => document.querySelector<HTMLElement>(panel)?.innerText ?? "");
    return [over, rest.find((text) => text !== "")].join("\n");
  }, PANELS);
}
