import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
];

/** Debian's Chromium, drawing in software. `WUXING_CHROMIUM` names another one. */
export async function launchBrowser(): Promise<Browser> {
  // In the locale C a download's Chinese name would be lost.
  const env = { ...(process.env as Record<string, string>), LC_ALL: "C.UTF-8" };
  return chromium.launch({ executablePath: process.env["WUXING_CHROMIUM"] ?? "/usr/bin/chromium", args: ARGS, env });
}

export interface ConsoleOptions {
  /** What the page reads personal data for, chosen before it opens; null: the page asks. */
  purpose?: string | null;
  language?: "zh" | "en";
  theme?: "light" | "dark";
  width?: number;
  height?: number;
}

/** A page with what it must never show: errors, and requests to anywhere but its own server. */
export interface WatchedPage {
  page: Page;
  context: BrowserContext;
  errors: string[];
  elsewhere: string[];
}

export async function openConsole(browser: Browser, url: string, options: ConsoleOptions = {}): Promise<WatchedPage> {
  const { language = "zh", theme = "light", width = 1920, height = 1080, purpose = "checkpoint" } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    locale: language === "zh" ? "zh-CN" : "en-GB",
  });
  const page = await context.newPage();
  const errors: string[] = [];
  const elsewhere: string[] = [];
  const { origin } = new URL(url);
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith(origin) && !/^(data|blob):/.test(asked)) elsewhere.push(asked);
  });
  await page.addInitScript(
    ([lang, look]) => {
      localStorage.setItem("wuxing.language", lang);
      localStorage.setItem("wuxing.theme", look);
    },
    [language, theme],
  );
  // Where nobody sits yet, there is nothing to choose.
  if (purpose !== null) await context.request.post(`${origin}/api/v1/session/purpose`, { data: { purpose } });
  await page.goto(url);
  return { page, context, errors, elsewhere };
}

/** Waits until the map has drawn everything that it was given. */
export async function mapIsDrawn(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const { wuxingMap } = window as unknown as { wuxingMap?: { map: { loaded(): boolean; isMoving(): boolean } } };
      return wuxingMap !== undefined && wuxingMap.map.loaded() && !wuxingMap.map.isMoving();
    },
    undefined,
    { timeout: 60_000, polling: 300 },
  );
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong by WCAG 2.2 A and AA, each with the first places. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(
          options: object,
        ): Promise<{ violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const { violations } = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
    return violations.map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes
          .slice(0, 3)
          .map((node) => `${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 200)}`)
          .join(" | ")}`,
    );
  });
}
