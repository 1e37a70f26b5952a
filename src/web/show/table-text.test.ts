import { describe, expect, it } from "vitest";
import { csvText } from "./table-text.ts";

describe("a table as CSV", () => {
  it.each([
    ["plain", "\uFEFFa\r\nplain\r\n"],
    ['says "so", twice', '\uFEFFa\r\n"says ""so"", twice"\r\n'],
    ["two\nlines", '\uFEFFa\r\n"two\nlines"\r\n'],
    ["=1+1", "\uFEFFa\r\n'=1+1\r\n"],
    [-3, "\uFEFFa\r\n-3\r\n"],
    [null, "\uFEFFa\r\n\r\n"],
  ])("holds %j as a spreadsheet takes it", (value, text) => {
    expect(csvText(["a"], [[value]])).toBe(text);
  });
});
