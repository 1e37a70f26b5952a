import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeDemo } from "../scripts/make-demo.ts";

describe("the demo's folder", () => {
  it("is what scripts/make-demo.ts makes, to the byte", async () => {
    const made = makeDemo();
    expect((await readdir("demo/xinxiang")).toSorted()).toEqual([...made.keys()].toSorted());
    for (const [name, text] of made) expect(await readFile(join("demo/xinxiang", name), "utf8")).toBe(text);
  });
});
