import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "kysely";
import { SMTPServer } from "smtp-server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { mailChannel } from "./mail-channel.ts";
import type { NoticeChannel } from "./notice-channel.ts";
import { NoticeDesk } from "./notice-desk.ts";
import { listDeadLetters, listNotices, readNotice, replayDeadLetter, writeNotices } from "./notice-outbox.ts";
import { smsChannel, webhookChannel } from "./webhook-channel.ts";

const SECRET = "a-secret-of-the-operator-0123456789";
const AT = Date.UTC(2026, 9, 1, 8);
const TEXT = { zh: "豫G00001 已锁定，请核实", en: "豫G00001 is locked, please verify" };

type TestDatabase = Awaited<ReturnType<typeof openTestDatabase>>;
interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

let database: TestDatabase;
const closers: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
}, 240_000);

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await sql`truncate notice cascade`.execute(database.kysely);
});

afterAll(() => database.close());

/** An operator's receiver on a real socket; `answers` gives the status of each call in turn, the last one for all that follow. */
async function openReceiver(answers: number[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, body });
      const status = answers[Math.min(received.length, answers.length) - 1];
      response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end("whatever it says");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

async function openMailServer(isRefused: (to: string) => boolean): Promise<{ port: number; mails: string[] }> {
  const mails: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo: ({ address }, _session, done) => {
      if (!isRefused(address)) return done();
      return done(Object.assign(new Error("no such mailbox"), { responseCode: 550 }));
    },
    onData: (stream, _session, done) => {
      let mail = "";
      stream.setEncoding("utf8");
      stream.on("data", (chunk: string) => (mail += chunk));
      stream.on("end", () => {
        mails.push(mail);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, mails };
}

function deskFor(...channels: NoticeChannel[]): NoticeDesk {
  const desk = new NoticeDesk({ kysely: database.kysely, channels, terms: { attemptsMax: 4 } });
  closers.push(() => desk.close());
  return desk;
}

async function tell(desk: NoticeDesk, ...ids: string[]): Promise<void> {
  await database.kysely.transaction().execute((transaction) =>
    writeNotices(
      transaction,
      ids.map((id, i) => ({
        id,
        atMs: AT + i,
        person: "p-li",
        path: "410700/410702/g1/",
        case: null,
        kind: "case-addressed",
        text: TEXT,
      })),
      desk.channels,
    ),
  );
}

async function deliveries(): Promise<{ id: string; state: string; attempts: number; problem: string | null }[]> {
  return database.kysely.selectFrom("delivery").select(["id", "state", "attempts", "problem"]).orderBy("id").execute();
}

describe("7. Notices go through an outbox, at least once, each with an identity", () => {
  it("a person's inbox holds each notice once, however often it is told, and pages newest first", async () => {
    const desk = deskFor();
    await tell(desk, "n1", "n2", "n3");
    await tell(desk, "n2", "n3");
    const first = await listNotices(database.kysely, "p-li", { limit: 2 });
    expect(first.items.map(({ id }) => id)).toEqual(["n3", "n2"]);
    const second = await listNotices(database.kysely, "p-li", { limit: 2, cursor: first.next! });
    expect(second).toMatchObject({ items: [{ id: "n1", text: TEXT, readAt: null }], next: null });
    expect((await listNotices(database.kysely, "p-wang", {})).items).toEqual([]);

    const read = await readNotice(database.kysely, "p-li", "n1", AT + 5000);
    expect((await readNotice(database.kysely, "p-li", "n1", AT + 9000)).readAt).toBe(read.readAt);
    expect((await listNotices(database.kysely, "p-li", { unread: true })).items.map(({ id }) => id)).toEqual([
      "n3",
      "n2",
    ]);
    await expect(readNotice(database.kysely, "p-wang", "n2", AT)).rejects.toMatchObject({ code: "NOTICE_NOT_FOUND" });
  });

  it("what is rolled back is told to nobody", async () => {
    const { url, received } = await openReceiver([200]);
    const desk = deskFor(webhookChannel({ url, secret: SECRET }));
    const told = database.kysely.transaction().execute(async (transaction) => {
      await writeNotices(
        transaction,
        [{ id: "n1", atMs: AT, person: "p-li", path: "410700/", case: null, kind: "k", text: TEXT }],
        desk.channels,
      );
      throw new Error("the step was refused");
    });
    await expect(told).rejects.toThrow("the step was refused");
    expect(await desk.deliver(AT)).toBe(0);
    expect(received).toEqual([]);
  });

  it("a webhook carries identity and signature, is tried again with longer waits, and arrives", async () => {
    const { url, received } = await openReceiver([500, 503, 204]);
    const desk = deskFor(webhookChannel({ url, secret: SECRET, nowMs: () => AT }));
    await tell(desk, "n1");
    expect(await desk.deliver(AT)).toBe(1);
    expect(await desk.deliver(AT + 9999)).toBe(0);
    expect(await desk.deliver(AT + 10_000)).toBe(1);
    expect(await desk.deliver(AT + 29_999)).toBe(0);
    expect(await desk.deliver(AT + 30_000)).toBe(1);
    expect(await desk.deliver(AT + 86_400_000)).toBe(0);
    expect(received).toHaveLength(3);
    for (const { headers, body } of received) {
      expect(headers["webhook-id"]).toBe("n1");
      const expected = createHmac("sha256", SECRET)
        .update(`n1.${headers["webhook-timestamp"] as string}.${body}`)
        .digest("base64");
      expect(headers["webhook-signature"]).toBe(`v1,${expected}`);
      expect(headers["webhook-timestamp"]).toBe(String(AT / 1000));
      expect(JSON.parse(body)).toEqual({
        id: "n1",
        at: new Date(AT).toISOString(),
        person: "p-li",
        case: null,
        kind: "case-addressed",
        text: TEXT,
      });
    }
    expect(await deliveries()).toEqual([{ id: "n1:webhook", state: "sent", attempts: 3, problem: null }]);
  });

  it("what is given up is visible with its reason, and a replay sends it", async () => {
    const { url, received } = await openReceiver([500, 500, 500, 500, 200]);
    const desk = deskFor(webhookChannel({ url, secret: SECRET }));
    await tell(desk, "n1");
    for (let i = 0; i < 10; i++) await desk.deliver(AT + i * 3_600_000);
    expect(received).toHaveLength(4);
    const { items } = await listDeadLetters(database.kysely, {});
    expect(items).toMatchObject([
      { id: "n1:webhook", notice: "n1", channel: "webhook", attempts: 4, problem: "the receiver answered 500" },
    ]);
    await replayDeadLetter(database.kysely, "n1:webhook");
    expect(await desk.deliver(AT + 86_400_000)).toBe(1);
    expect(received).toHaveLength(5);
    expect((await listDeadLetters(database.kysely, {})).items).toEqual([]);
    await expect(replayDeadLetter(database.kysely, "n1:webhook")).rejects.toMatchObject({ code: "NOTICE_NOT_FOUND" });
  });

  it("a receiver cannot send this server elsewhere, and one that says no is not asked again", async () => {
    const { url, received } = await openReceiver([302]);
    const desk = deskFor(webhookChannel({ url, secret: SECRET }));
    await tell(desk, "n1");
    for (let i = 0; i < 3; i++) await desk.deliver(AT + i * 3_600_000);
    expect(received.map(({ path }) => path)).toEqual(["/hook"]);
    expect(await deliveries()).toMatchObject([{ state: "dead", attempts: 1, problem: "the receiver answered 302" }]);
  });

  it("a sender that was killed in the middle is followed by another after its lease, and only then", async () => {
    const { url, received } = await openReceiver([200]);
    const hanging = deskFor({ name: "webhook", send: () => new Promise(() => {}) });
    await tell(hanging, "n1");
    void hanging.deliver(AT);
    await expect.poll(async () => (await deliveries())[0].attempts).toBe(1);
    const other = deskFor(webhookChannel({ url, secret: SECRET }));
    expect(await other.deliver(AT + 59_999)).toBe(0);
    expect(await other.deliver(AT + 60_000)).toBe(1);
    expect(received.map(({ headers }) => headers["webhook-id"])).toEqual(["n1"]);
  });

  it("a hundred notices and four senders at once: each arrives once", async () => {
    const { url, received } = await openReceiver([200]);
    const desks = [1, 2, 3, 4].map(() => deskFor(webhookChannel({ url, secret: SECRET })));
    const ids = Array.from({ length: 100 }, (_, i) => `n${i}`);
    await tell(desks[0], ...ids);
    await Promise.all(
      desks.map(async (desk) => {
        for (let i = 0; i < 30 && (await desk.deliver(AT)) > 0; i++);
      }),
    );
    expect(received).toHaveLength(100);
    expect(new Set(received.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set(ids));
  });

  it("a mail goes to the person in both languages with the notice's identity; who has no address is a dead letter", async () => {
    const { port, mails } = await openMailServer((to) => to === "gone@example.org");
    const contacts: Record<string, string> = { "p-li": "li@example.org", "p-gone": "gone@example.org" };
    const contactOf = async (person: string) => ({ phone: null, mail: contacts[person] ?? null });
    const desk = deskFor(
      mailChannel({ host: "127.0.0.1", port, secure: false, from: "无形 <wuxing@example.org>" }, contactOf),
    );
    await database.kysely.transaction().execute((transaction) =>
      writeNotices(
        transaction,
        ["p-li", "p-gone", "p-none"].map((person) => ({
          id: `c1:4:${person}`,
          atMs: AT,
          person,
          path: "410700/",
          case: null,
          kind: "k",
          text: TEXT,
        })),
        desk.channels,
      ),
    );
    expect(await desk.deliver(AT)).toBe(3);
    expect(mails).toHaveLength(1);
    const mail = mails[0];
    expect(mail).toMatch(/^Message-ID: <c1%3A4%3Ap-li@example\.org>\r$/m);
    expect(mail).toMatch(/^To: li@example\.org\r$/m);
    const [head, ...rest] = mail.split("\r\n\r\n");
    expect(head).toContain("Auto-Submitted: auto-generated");
    const encoding = /^Content-Transfer-Encoding: (\S+)\r?$/m.exec(head)![1];
    const content = rest.join("\r\n\r\n");
    const text = encoding === "base64" ? Buffer.from(content, "base64").toString() : fromQuotedPrintable(content);
    expect(text).toContain(TEXT.zh);
    expect(text).toContain(TEXT.en);
    expect(await deliveries()).toMatchObject([
      { id: "c1:4:p-gone:mail", state: "dead", problem: expect.stringContaining("550") as string },
      { id: "c1:4:p-li:mail", state: "sent" },
      { id: "c1:4:p-none:mail", state: "dead", problem: "no mail address is known of p-none" },
    ]);
  });

  it("a mail server that is away is tried again", async () => {
    const contactOf = async () => ({ phone: null, mail: "li@example.org" });
    const desk = deskFor(mailChannel({ host: "127.0.0.1", port: 1, secure: false, from: "w@example.org" }, contactOf));
    await tell(desk, "n1");
    await desk.deliver(AT);
    expect(await deliveries()).toMatchObject([
      { state: "waiting", attempts: 1, problem: expect.stringContaining("ECONNREFUSED") as string },
    ]);
  });

  it("a short message goes to the operator's gateway with number and text", async () => {
    const { url, received } = await openReceiver([200]);
    const contactOf = async () => ({ phone: "13800000000", mail: null });
    const desk = deskFor(smsChannel({ url, secret: SECRET }, contactOf));
    await tell(desk, "n1");
    await desk.deliver(AT);
    expect(received).toHaveLength(1);
    expect(JSON.parse(received[0].body)).toEqual({ id: "n1", phone: "13800000000", text: TEXT.zh });
    expect(received[0].headers["webhook-signature"]).toMatch(/^v1,/);
  });
});

function fromQuotedPrintable(text: string): string {
  const bytes = text
    .replaceAll(/=\r\n/g, "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}
