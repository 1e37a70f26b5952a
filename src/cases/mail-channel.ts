import { createTransport } from "nodemailer";
import { PermanentFailure } from "./leased-work.ts";
import type { ContactFinder, NoticeChannel } from "./notice-channel.ts";

export interface MailOptions {
  host: string;
  port: number;
  /** TLS from the first byte; otherwise STARTTLS as soon as the server offers it. */
  secure: boolean;
  user?: string | undefined;
  password?: string | undefined;
  from: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const REPLY_TIMEOUT_MS = 20_000;

/** A mail to the person, Chinese first. Its Message-ID is made of the notice's identity, so that a second one can be told. */
export function mailChannel(options: MailOptions, contactOf: ContactFinder): NoticeChannel {
  const { host, port, secure, user, password, from } = options;
  const transport = createTransport({
    host,
    port,
    secure,
    pool: true,
    maxConnections: 2,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: REPLY_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    // Without it a password would go over a line that anybody can read.
    requireTLS: user !== undefined && !secure,
    ...(user === undefined ? {} : { auth: { user, pass: password ?? "" } }),
  });
  const domain = /@([^>\s]+)/.exec(from)?.[1] ?? host;
  return {
    name: "mail",
    send: async (notice) => {
      const { mail } = await contactOf(notice.person);
      if (mail === null) throw new PermanentFailure(`no mail address is known of ${notice.person}`);
      try {
        await transport.sendMail({
          from,
          to: mail,
          subject: notice.text.zh,
          text: `${notice.text.zh}\n\n${notice.text.en}\n`,
          date: new Date(notice.at),
          messageId: `<${encodeURIComponent(notice.id)}@${domain}>`,
          headers: { "Auto-Submitted": "auto-generated" },
        });
      } catch (error) {
        // 5yz of RFC 5321, 4.2.1: the server will not take it, however often it is asked.
        const code = (error as { responseCode?: number }).responseCode;
        if (code !== undefined && code >= 500) throw new PermanentFailure((error as Error).message, { cause: error });
        throw error;
      }
    },
    close: () => transport.close(),
  };
}
