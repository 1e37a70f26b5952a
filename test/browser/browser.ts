import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
  type Request,
} from "playwright-core";

/**
 * How long a page is waited for before a test fails, ms: several times what the slowest machine needs. A test that passes loses nothing by
 * it. Polls have the same, see vitest.browser.config.ts.
 */
export const PATIENCE_MS = 120_000;
/** What is asked for by itself at least this seldom, ms, is for when nothing is heard. */
const ROUND_MS = 10_000;

/**
 * Chromium chooses for itself how to draw, as on any machine without a graphics card: it joins layers by plain arithmetic, and only what asks for WebGL
 * gets SwiftShader. Told to use SwiftShader for everything, it takes ten times as long for a picture of the map.
 */
const ARGS = [
  "--headless",
  "--no-sandbox",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
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
  /** As of a page. */
  rounds?: boolean;
}

/** A page with what it must never show: errors, and requests to anywhere but its own server. */
export interface WatchedPage {
  page: Page;
  context: BrowserContext;
  errors: string[];
  elsewhere: string[];
  /** What it has asked for and not been answered yet, the live streams aside. */
  pending: Set<Request>;
}

/** Every page that is open: a failing test tells what stood on it, then all are closed. */
const opened = new Set<WatchedPage>();

export interface PageOptions extends BrowserContextOptions {
  /** False: the page asks for nothing anew by itself, so that what it comes to show was told to it by the live stream. */
  rounds?: boolean;
}

/** An empty page in a context of its own, patient and watched. */
export async function openPage(browser: Browser, { rounds = true, ...options }: PageOptions): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const watched: WatchedPage = { page, context, errors: [], elsewhere: [], pending: new Set() };
  opened.add(watched);
  context.on("close", () => opened.delete(watched));
  const { errors, pending } = watched;
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on("request", (request) => {
    if (request.isNavigationRequest()) pending.clear();
    if (!request.url().endsWith("/stream")) pending.add(request);
  });
  for (const end of ["requestfinished", "requestfailed"] as const)
    page.on(end as "requestfinished", (request) => pending.delete(request));
  if (!rounds) await page.addInitScript(noRounds, ROUND_MS);
  return watched;
}

/** Runs in the page: what would be done again and again at least so far apart is never done. */
function noRounds(leastMs: number): void {
  const repeat = window.setInterval.bind(window);
  Object.assign(window, {
    setInterval: (act: () => void, everyMs = 0, ...rest: unknown[]) =>
      everyMs >= leastMs ? 0 : repeat(act, everyMs, ...rest),
  });
}

export async function openConsole(browser: Browser, url: string, options: ConsoleOptions = {}): Promise<WatchedPage> {
  const { language = "zh", theme = "light", width = 1920, height = 1080, purpose = "checkpoint", rounds } = options;
  const watched = await openPage(browser, {
    viewport: { width, height },
    locale: language === "zh" ? "zh-CN" : "en-GB",
    ...(rounds === undefined ? {} : { rounds }),
  });
  const { page, context, elsewhere } = watched;
  const { origin } = new URL(url);
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
  return watched;
}

/** Hands over every page that is open, the last opened last, and closes them. */
export async function closePages(tell: (page: WatchedPage) => Promise<void>): Promise<void> {
  for (const watched of opened) {
    await tell(watched);
    await watched.context.close();
  }
}

/** Waits until the map has drawn everything that it was given. */
export async function mapIsDrawn(page: Page): Promise<void> {
  await page.waitForFunction(
    () => {
      const { wuxingMap } = window as unknown as { wuxingMap?: { map: { loaded(): boolean; isMoving(): boolean } } };
      return wuxingMap !== undefined && wuxingMap.map.loaded() && !wuxingMap.map.isMoving();
    },
    undefined,
    { polling: 300 },
  );
}

/** Clicks the map at a place, degrees WGS-84, once it stands there. */
export async function clickMap(page: Page, place: readonly [lon: number, lat: number]): Promise<void> {
  const shownAt = async (): Promise<{ x: number; y: number }> => {
    await mapIsDrawn(page);
    return page.evaluate(
      (at) => {
        const { map } = (
          window as unknown as {
            wuxingMap: {
              map: { project(place: [number, number]): { x: number; y: number }; getCanvas(): HTMLCanvasElement };
            };
          }
        ).wuxingMap;
        const { left, top } = map.getCanvas().getBoundingClientRect();
        const { x, y } = map.project(at);
        return { x: left + x, y: top + y };
      },
      place as [number, number],
    );
  };
  // It may just be about to go elsewhere: it stands when it is at the same place a moment later.
  let at = await shownAt();
  for (let look = 0; look < 100; look++) {
    await page.waitForTimeout(500);
    const before = at;
    at = await shownAt();
    if (at.x === before.x && at.y === before.y) break;
  }
  await page.mouse.click(at.x, at.y);
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
