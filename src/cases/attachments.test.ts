import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { ATTACHMENT_BYTES_MAX, Attachments } from "./attachments.ts";

const JPEG = Buffer.concat([Buffer.from("ffd8ffe000104a46494600", "hex"), Buffer.alloc(500, 7)]);
const PNG = Buffer.concat([Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"), Buffer.alloc(20)]);
const WEBP = Buffer.concat([Buffer.from("RIFF"), Buffer.from([12, 0, 0, 0]), Buffer.from("WEBPVP8 abcd")]);

let database: Awaited<ReturnType<typeof openTestDatabase>>;
let dir: string;
let attachments: Attachments;

/** Somebody who sees every case. */
const seesAll: Parameters<Attachments["get"]>[0] = (run) => run(database.kysely);

beforeAll(async () => {
  database = await openTestDatabase();
  dir = mkdtempSync(join(tmpdir(), "wuxing-attachments-"));
  attachments = new Attachments(dir, database.kysely);
}, 240_000);
afterAll(async () => {
  await database.close();
  rmSync(dir, { recursive: true });
});

describe("attachments", () => {
  it.each([
    ["image/jpeg", JPEG],
    ["image/png", PNG],
    ["image/webp", WEBP],
  ])("%s is kept under its hash, once, and given back to whoever put it there", async (mediaType, content) => {
    const id = await attachments.put(content, mediaType, "li", 1);
    expect(await attachments.put(content, mediaType, "wang", 2)).toBe(id);
    expect(readdirSync(join(dir, id.slice(0, 2)))).toEqual([id]);
    expect(await attachments.get(seesAll, id, "li")).toEqual({ id, mediaType, content });
    await expect(attachments.get(seesAll, id, "wang")).rejects.toMatchObject({ code: "ATTACHMENT_NOT_FOUND" });
  });

  it.each([
    ["a page that says it is a photo", Buffer.from("<script>alert(1)</script>"), "image/jpeg"],
    ["a photo of another kind than it says", PNG, "image/jpeg"],
    ["a drawing that may hold scripts", Buffer.from("<svg/>"), "image/svg+xml"],
    ["a WebP that was cut off", WEBP.subarray(0, -2), "image/webp"],
    ["nothing", Buffer.alloc(0), "image/jpeg"],
    ["more than 5 MB", Buffer.concat([JPEG, Buffer.alloc(ATTACHMENT_BYTES_MAX)]), "image/jpeg"],
  ])("%s is refused", async (_, content, mediaType) => {
    await expect(attachments.put(content, mediaType, "li", 1)).rejects.toMatchObject({ code: "ATTACHMENT_INVALID" });
  });

  it("what belongs to a case that may be seen may be seen; no name leads out of the folder", async () => {
    const content = Buffer.concat([JPEG, Buffer.from("of a case")]);
    const id = await attachments.put(content, "image/jpeg", "li", 1);
    await database.kysely
      .insertInto("work_case")
      .values({
        id: "c1",
        type: "t",
        type_version: 1,
        state: "new",
        place: "g1",
        path: "g1/",
        slot: "head",
        subject_kind: "vehicle",
        subject: "v",
        lock: null,
        parent: null,
        opened_ms: 1,
        due_ms: null,
        level: 0,
        taken_by: null,
        outcome: null,
        confirmation: "none",
        closed_ms: null,
        version: 1,
        body: "{}",
      })
      .execute();
    await database.kysely.insertInto("case_attachment").values({ case: "c1", attachment: id, path: "g1/" }).execute();
    expect((await attachments.get(seesAll, id, "wang")).content).toEqual(content);
    for (const name of ["../../etc/passwd", id.slice(1), `${id}/`])
      await expect(attachments.get(seesAll, name, "li")).rejects.toMatchObject({
        code: "ATTACHMENT_NOT_FOUND",
      });
  });
});

it("what was uploaded and belongs to no case goes after its time, with its content; what is sent again stays", async () => {
  const put = (name: string, atMs: number) =>
    attachments.put(Buffer.concat([JPEG, Buffer.from(name)]), "image/jpeg", "li", atMs);
  const [left, again] = [await put("left", 1000), await put("again", 1000)];
  await put("again", 5000);
  expect(await attachments.removeUnused(4000)).toBeGreaterThan(0);
  await expect(attachments.get(seesAll, left, "li")).rejects.toMatchObject({ code: "ATTACHMENT_NOT_FOUND" });
  expect(readdirSync(join(dir, left.slice(0, 2)))).not.toContain(left);
  expect(await attachments.get(seesAll, again, "li")).toMatchObject({ id: again });
  const { id } = await database.kysely
    .selectFrom("attachment")
    .select("id")
    .innerJoin("case_attachment", "attachment", "id")
    .executeTakeFirstOrThrow();
  expect(readdirSync(join(dir, id.slice(0, 2)))).toContain(id);
});
