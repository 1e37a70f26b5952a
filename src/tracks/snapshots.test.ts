import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Snapshots } from "./snapshots.ts";

let dir: string;
let snapshots: Snapshots;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-snapshots-"));
  snapshots = new Snapshots(join(dir, "snapshots"), () => {});
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const state = (text: string): Uint8Array => Buffer.from(text);

test("the newest state of a name comes back with its position", async () => {
  expect(await snapshots.load("watch")).toBeNull();
  await Promise.all([
    snapshots.save("watch", { position: 9, state: state("nine") }),
    snapshots.save("watch", { position: 10, state: state("ten") }),
    snapshots.save("other", { position: 70, state: state("other") }),
    snapshots.save("watch", { position: 11, state: state("eleven") }),
  ]);
  const again = new Snapshots(join(dir, "snapshots"), () => {});
  expect(await again.load("watch")).toEqual({ position: 11, state: state("eleven") });
  expect(readdirSync(join(dir, "snapshots")).toSorted()).toEqual([
    "other-70.snapshot",
    "watch-10.snapshot",
    "watch-11.snapshot",
  ]);
});

test("a damaged one is passed over for the one before it", async () => {
  await snapshots.save("watch", { position: 10, state: state("ten") });
  await snapshots.save("watch", { position: 11, state: state("eleven") });
  const path = join(dir, "snapshots", "watch-11.snapshot");
  writeFileSync(path, readFileSync(path).subarray(0, 35));
  expect((await snapshots.load("watch"))?.position).toBe(10);
});

test("one that is cut off while it is written changes nothing", async () => {
  await snapshots.save("watch", { position: 10, state: state("ten") });
  const cut = new Snapshots(join(dir, "snapshots"), () => {
    throw new Error("cut");
  });
  await expect(cut.save("watch", { position: 11, state: state("eleven") })).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
  });
  expect((await snapshots.load("watch"))?.position).toBe(10);
});

test("a name that is no file's name is refused", async () => {
  expect(() => snapshots.save("../watch", { position: 1, state: state("") })).toThrow(
    expect.objectContaining({ code: "INPUT_INVALID" }),
  );
});
