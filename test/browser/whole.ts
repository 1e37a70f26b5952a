import { expect } from "vitest";
import type { WatchedPage } from "./browser.ts";
import { isAccessible } from "./seen.ts";

/**
 * The page is all there: nothing says that it is loading, no fault of accessibility, no scroll bar below, no error, nobody else was asked. It may go
 * on asking its server, as pages do that are looked at all day.
 */
export async function isWhole({ page, errors, elsewhere }: WatchedPage): Promise<void> {
  const loading = page.locator(".loading, [aria-busy=true]");
  await expect.poll(() => loading.count()).toBe(0);
  await isAccessible(page);
  const wide = (): Promise<string[]> =>
    page.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll(".panel-body, .rail-cards, .bar")]
        .filter((part) => part.scrollWidth > part.clientWidth + 1)
        .map((part) => part.className),
    );
  await expect.poll(wide).toEqual([]);
  expect(errors).toEqual([]);
  expect(elsewhere).toEqual([]);
}
