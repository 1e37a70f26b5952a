import type { Locator, Page } from "playwright-core";
import { expect, vi } from "vitest";
import { accessibilityFaults, PATIENCE_MS, type WatchedPage } from "./browser.ts";

/** In which a page draws an answer and asks for what follows from it, ms. */
const QUIET_MS = 300;
const LOOK = { timeout: 5000 };

/** Waits until a part of the page says so. */
export async function shows(part: Locator, said: string | RegExp): Promise<void> {
  await expect.poll(() => part.textContent(LOOK)).toMatch(said);
}

/** Waits until a part of the page, which stays, says so no more. */
export async function showsNot(part: Locator, said: string | RegExp): Promise<void> {
  await expect.poll(() => part.textContent(LOOK)).not.toMatch(said);
}

/** Waits until there are exactly so many of them. */
export async function counts(parts: Locator, count: number): Promise<void> {
  await expect.poll(() => parts.count()).toBe(count);
}

/** Waits until a part of the page can be used, or cannot. */
export async function isEnabled(part: Locator, enabled: boolean): Promise<void> {
  await expect.poll(() => part.isEnabled(LOOK)).toBe(enabled);
}

/**
 * Waits until what the page has asked for by now is answered, and what it asked for thereupon, nothing says that it is loading, and
 * nothing moves or fades. What it asks for again and again may be on its way: on a slow machine some of it always is.
 */
export async function stands({ page, pending }: Pick<WatchedPage, "page" | "pending">): Promise<void> {
  for (let round = 0; round < 2; round++) {
    const asked = new Set(pending);
    await expect
      .poll(() => [...asked].filter((request) => pending.has(request)).map((request) => request.url()))
      .toEqual([]);
    await page.waitForTimeout(QUIET_MS);
  }
  const onItsWay = (): Promise<string[]> =>
    page.evaluate(() => [
      ...[...document.querySelectorAll(".loading, [aria-busy=true]")].map((part) => `loading ${part.className}`),
      ...document
        .getAnimations()
        .filter(({ playState, effect }) => playState === "running" && effect?.getComputedTiming().endTime !== Infinity)
        .map((animation) => `moving ${animation.id}`),
    ]);
  await expect.poll(onItsWay).toEqual([]);
}

/** Waits until axe finds nothing wrong; what fades in while it looks is looked at again. */
export async function isAccessible(page: Page): Promise<void> {
  await expect.poll(() => accessibilityFaults(page), { interval: 1000 }).toEqual([]);
}

/** The whole page stands, has no fault of accessibility, overflows nowhere, said no error, and asked nobody else. */
export async function isSound(watched: WatchedPage, width = 1366, height = 768): Promise<void> {
  const { page, errors, elsewhere } = watched;
  await stands(watched);
  await isAccessible(page);
  const overflow = (): Promise<object> =>
    page.evaluate(() => ({
      width: document.documentElement.scrollWidth,
      height: document.documentElement.scrollHeight,
      wide: [...document.querySelectorAll(".panel-body, .rail-cards, .bar")]
        .filter((part) => part.scrollWidth > part.clientWidth + 1)
        .map((part) => part.className),
    }));
  await expect.poll(overflow).toEqual({ width, height, wide: [] });
  expect(errors).toEqual([]);
  expect(elsewhere).toEqual([]);
}

/** Asks the page and the server until they say the same: the city runs on while both are asked. */
export async function agree<Value>(page: () => Promise<Value>, server: () => Promise<Value>): Promise<void> {
  await vi.waitFor(async () => expect(await page()).toEqual(await server()), { timeout: PATIENCE_MS, interval: 200 });
}
