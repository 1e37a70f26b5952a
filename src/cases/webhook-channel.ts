import { createHmac } from "node:crypto";
import { PermanentFailure } from "./leased-work.ts";
import type { ContactFinder, NoticeChannel, OutgoingNotice } from "./notice-channel.ts";

export interface WebhookOptions {
  /** Set by the operator in a file of the data folder, never by a user: this server connects to it from inside the city's network. */
  url: string;
  secret: string;
  /** The seconds in the signature's header; default the wall clock. */
  nowMs?: () => number;
}

/** A receiver that says so cannot be helped by trying again; all others may be able to tomorrow. */
const WORTH_ANOTHER_TRY = new Set([401, 403, 404, 408, 409, 425, 429]);

/** Every notice as JSON to one address of the operator. Signed and named as Standard Webhooks (standardwebhooks.com, 1.0). */
export function webhookChannel(options: WebhookOptions): NoticeChannel {
  return { name: "webhook", send: (notice, signal) => post(options, notice.id, notice, signal) };
}

/** A text message to the person's telephone: the same call to the operator's gateway of short messages, with number and text. */
export function smsChannel(options: WebhookOptions, contactOf: ContactFinder): NoticeChannel {
  return {
    name: "sms",
    send: async (notice, signal) => {
      const { phone } = await contactOf(notice.person);
      if (phone === null) throw new PermanentFailure(`no telephone number is known of ${notice.person}`);
      await post(options, notice.id, { id: notice.id, phone, text: notice.text.zh }, signal);
    },
  };
}

async function post(
  { url, secret, nowMs = Date.now }: WebhookOptions,
  id: string,
  content: OutgoingNotice | { id: string; phone: string; text: string },
  signal: AbortSignal,
): Promise<void> {
  const body = JSON.stringify(content);
  const seconds = Math.floor(nowMs() / 1000);
  const answer = await fetch(url, {
    method: "POST",
    // A receiver does not get to send this server elsewhere.
    redirect: "manual",
    headers: {
      "content-type": "application/json; charset=utf-8",
      "webhook-id": id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": `v1,${signature(secret, `${id}.${seconds}.${body}`)}`,
    },
    body,
    signal,
  });
  await answer.body?.cancel();
  if (answer.ok) return;
  const said = `the receiver answered ${answer.status}`;
  const isFinal = answer.status >= 300 && answer.status < 500 && !WORTH_ANOTHER_TRY.has(answer.status);
  throw isFinal ? new PermanentFailure(said) : new Error(said);
}

/** HMAC-SHA256, base64. A secret written `whsec_…` holds base64; any other is taken as its bytes. */
function signature(secret: string, signed: string): string {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  return createHmac("sha256", key).update(signed).digest("base64");
}
