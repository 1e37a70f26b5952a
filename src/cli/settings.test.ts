import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { metricsMarkdown } from "../http/metrics.ts";
import { readSettings, settingsDocument } from "./settings.ts";

function configFile(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "wuxing-")), "wuxing.json");
  writeFileSync(path, text);
  return path;
}

describe("settings", () => {
  it("come from the option before the environment, that before the file, that before the default", () => {
    const config = configFile('{"http": 1001, "jt808": 1002, "data": "from-file"}');
    const env = { WUXING_HTTP: "2001", WUXING_JT808: "2002" };
    expect(readSettings({ config, http: "3001" }, env)).toMatchObject({
      http: 3001,
      jt808: 2002,
      data: "from-file",
      httpHost: "127.0.0.1",
      demo: false,
    });
  });

  it("are refused together, each with its place, its value and what was expected", () => {
    const config = configFile('{"htpp": 1}');
    const env = { WUXING_JT808: "99999", WUXING_ADMISSION: "maybe" };
    expect(() => readSettings({ config, http: "ninety" }, env)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        problems: [
          { where: `${config}: htpp`, expected: expect.stringContaining("http") },
          { where: "--http", value: "ninety", expected: expect.any(String) },
          { where: "WUXING_JT808", value: "99999", expected: expect.stringContaining("65535") },
          { where: "WUXING_ADMISSION", value: "maybe", expected: expect.stringContaining("listed") },
        ],
      }),
    );
  });

  it("name a file that is no JSON", () => {
    expect(() => readSettings({ config: configFile("http: 1") }, {})).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });

  it.each([
    ["docs/settings.md", settingsDocument],
    ["docs/metrics.md", metricsMarkdown],
  ])("stand in %s as the program knows them", (path, document) => {
    // The formatter pads the table's columns; their words are what counts.
    const words = (text: string): string => text.replaceAll(/\s+|-{2,}/gu, " ").replaceAll(/ ?\| ?/gu, "|");
    expect(words(readFileSync(path, "utf8"))).toBe(words(document()));
  });
});
