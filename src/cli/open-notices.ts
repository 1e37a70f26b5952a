import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Kysely } from "kysely";
import { z } from "zod";
import { mailChannel } from "../cases/mail-channel.ts";
import type { ContactFinder } from "../cases/notice-channel.ts";
import { NoticeDesk } from "../cases/notice-desk.ts";
import { smsChannel, webhookChannel } from "../cases/webhook-channel.ts";
import { WuxingError } from "../model/errors.ts";
import type { Tables } from "../store/tables.ts";

const webhookSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** 24 characters or more, or `whsec_` and base64. */
  secret: z.string().min(24).max(500),
});

/** `notices.json` in the data folder. */
const noticesFileSchema = z.strictObject({
  webhook: webhookSchema.optional(),
  /** The operator's gateway of short messages. */
  sms: webhookSchema.optional(),
  mail: z
    .strictObject({
      host: z.string().min(1),
      port: z.int().min(1).max(65_535).default(587),
      secure: z.boolean().default(false),
      user: z.string().optional(),
      password: z.string().optional(),
      from: z.string().min(3),
    })
    .optional(),
  /** The telephone number that a driver is told to call. */
  hotline: z.string().min(3).max(40).optional(),
});

/** The ways out of the inbox that the operator configured: in a file of the data folder only, never by a user. */
export async function openNotices(
  dir: string,
  kysely: Kysely<Tables>,
  contactOf: ContactFinder,
): Promise<{ desk: NoticeDesk; hotline: string | null }> {
  const { webhook, sms, mail, hotline } = await readNoticesFile(join(dir, "notices.json"));
  const channels = [
    ...(webhook === undefined ? [] : [webhookChannel(webhook)]),
    ...(sms === undefined ? [] : [smsChannel(sms, contactOf)]),
    ...(mail === undefined ? [] : [mailChannel(mail, contactOf)]),
  ];
  return { desk: new NoticeDesk({ kysely, channels }), hotline: hotline ?? null };
}

async function readNoticesFile(path: string): Promise<z.infer<typeof noticesFileSchema>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new WuxingError("CONFIG_INVALID", path, [], { cause: error });
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new WuxingError("CONFIG_INVALID", `${path} is no JSON: ${(error as Error).message}`, [], { cause: error });
  }
  const parsed = noticesFileSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => ({ where: issue.path.join("."), expected: issue.message }));
  throw new WuxingError("CONFIG_INVALID", path, problems);
}
