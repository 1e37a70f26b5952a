import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Kysely } from "kysely";
import { WuxingError } from "../model/errors.ts";
import type { Tables } from "../store/tables.ts";

/** Largest attachment, bytes. */
export const ATTACHMENT_BYTES_MAX = 5 * 1024 * 1024;

/** What may be attached, each with the bytes that its content begins with. */
const MEDIA = {
  /** ISO/IEC 10918-1, B.1.1.3: start of image, and the first byte of the next marker. */
  "image/jpeg": (content: Buffer) => content.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])),
  /** ISO/IEC 15948, 5.2. */
  "image/png": (content: Buffer) => content.subarray(0, 8).equals(Buffer.from("89504e470d0a1a0a", "hex")),
  /** RFC 9649, 2.4: RIFF, the size of what follows, WEBP. */
  "image/webp": (content: Buffer) =>
    content.length > 12 &&
    content.toString("latin1", 0, 4) === "RIFF" &&
    content.toString("latin1", 8, 12) === "WEBP" &&
    content.readUInt32LE(4) + 8 === content.length,
} as const;
type MediaType = keyof typeof MEDIA;
export const ATTACHMENT_TYPES = Object.keys(MEDIA) as [MediaType, ...MediaType[]];

export interface Attachment {
  /** SHA-256 of the content, 64 hexadecimal digits. */
  id: string;
  mediaType: MediaType;
  content: Buffer;
}

/** What people attach to steps: content in a folder under its hash, one row each. The same content is kept once. */
export class Attachments {
  readonly #dir: string;
  readonly #kysely: Kysely<Tables>;

  constructor(dir: string, kysely: Kysely<Tables>) {
    this.#dir = dir;
    this.#kysely = kysely;
  }

  /**
   * Keeps an attachment; it is on the disk when this resolves.
   * @returns its id
   * @throws WuxingError ATTACHMENT_INVALID when it is too large, empty, or not what it says it is
   */
  async put(content: Buffer, mediaType: string, account: string, atMs: number): Promise<string> {
    checkContent(content, mediaType);
    const id = createHash("sha256").update(content).digest("hex");
    await this.#write(id, content);
    await this.#kysely
      .insertInto("attachment")
      .values({ id, media_type: mediaType, bytes: content.length, account, stored_ms: atMs })
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ stored_ms: atMs }))
      .execute();
    return id;
  }

  /**
   * Deletes what was put here before the instant (ms UTC) and belongs to no case, with its content.
   * @returns how many
   */
  async removeUnused(beforeMs: number): Promise<number> {
    const unused = await this.#kysely
      .deleteFrom("attachment")
      .where("stored_ms", "<", beforeMs)
      .where("id", "not in", this.#kysely.selectFrom("case_attachment").select("attachment"))
      .returning("id")
      .execute();
    for (const { id } of unused) await rm(this.#pathOf(id), { force: true });
    return unused.length;
  }

  /**
   * An attachment that the account itself put here, or that belongs to a case that may be seen.
   * @param readAs asks the database with the rights of the account
   * @throws WuxingError ATTACHMENT_NOT_FOUND also for who may not see it
   */
  async get(
    readAs: (
      run: (database: Kysely<Tables>) => Promise<{ media_type: string } | undefined>,
    ) => Promise<{ media_type: string } | undefined>,
    id: string,
    account: string,
  ): Promise<Attachment> {
    const own = await this.#kysely
      .selectFrom("attachment")
      .select("media_type")
      .where("id", "=", id)
      .where("account", "=", account)
      .executeTakeFirst();
    // One after the other: on PGlite a second question inside the first one's transaction would wait for ever.
    const row =
      own ??
      (await readAs((database) =>
        database
          .selectFrom("attachment")
          .innerJoin("case_attachment", "case_attachment.attachment", "attachment.id")
          .innerJoin("work_case", "work_case.id", "case_attachment.case")
          .select("media_type")
          .where("attachment.id", "=", id)
          .limit(1)
          .executeTakeFirst(),
      ));
    if (row === undefined) throw new WuxingError("ATTACHMENT_NOT_FOUND", id);
    return { id, mediaType: row.media_type as MediaType, content: await readFile(this.#pathOf(id)) };
  }

  async #write(id: string, content: Buffer): Promise<void> {
    const path = this.#pathOf(id);
    if ((await stat(path).catch(() => null))?.size === content.length) return;
    await mkdir(dirname(path), { recursive: true });
    const draft = join(dirname(path), `.${randomUUID()}`);
    try {
      const file = await open(draft, "wx", 0o600);
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true });
      throw new WuxingError("STORE_UNAVAILABLE", (error as Error).message, [], { cause: error });
    }
  }

  /** 256 folders, so that none gets too long. */
  #pathOf(id: string): string {
    if (!/^[0-9a-f]{64}$/.test(id)) throw new WuxingError("ATTACHMENT_NOT_FOUND", id);
    return join(this.#dir, id.slice(0, 2), id);
  }
}

function checkContent(content: Buffer, mediaType: string): void {
  const expected =
    content.length === 0 || content.length > ATTACHMENT_BYTES_MAX
      ? `1 to ${ATTACHMENT_BYTES_MAX} bytes`
      : !(mediaType in MEDIA)
        ? ATTACHMENT_TYPES.join(" | ")
        : MEDIA[mediaType as MediaType](content)
          ? null
          : `content that begins as ${mediaType} does`;
  if (expected === null) return;
  const value = content.length === 0 ? "empty" : `${mediaType}, ${content.length} bytes`;
  throw new WuxingError("ATTACHMENT_INVALID", undefined, [{ where: "body", value, expected }]);
}
