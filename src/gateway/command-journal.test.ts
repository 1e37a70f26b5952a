import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { CommandStore } from "../store/command-store.ts";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { encodeGeneralReply } from "../wire/jt808/0001-general-reply.ts";
import { decodeText } from "../wire/jt808/8300-text.ts";
import { decodeCircles } from "../wire/jt808/8600-areas.ts";
import type { CommandLog } from "./command-journal.ts";
import { circlesCommand, locationQuery, textCommand, trackingCommand } from "./command.ts";
import { startJt808Server, type Jt808Server } from "./jt808-server.ts";
import { TerminalRegister } from "./terminal-register.ts";

const NOW = Date.UTC(2026, 2, 1, 4);
const PHONE = "13900000001";
const TEXT = textCommand({ flags: 0, textType: 1, text: "请驶离管控区域" });

let nowMs: number;
let database: Database;
let server: Jt808Server;
let truck: RawTerminal;
let code: string;
const register = new TerminalRegister();

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  nowMs = NOW;
  await sql`truncate terminal_command`.execute(database.kysely);
  server = await start();
  truck = await connectTerminal(server.port, PHONE, "2019");
  code = await truck.logIn();
});
afterEach(async () => {
  truck.socket.destroy();
  await server.close();
});

function start(commandLog: CommandLog = new CommandStore(database.kysely)): Promise<Jt808Server> {
  const sink = new MemorySink();
  const clock = { nowMs: () => nowMs, sweepMs: 10 };
  return startJt808Server({
    host: "127.0.0.1",
    port: 0,
    sink,
    secret: "a secret of these tests",
    register,
    commandLog,
    ...clock,
  });
}

async function comeBack(): Promise<void> {
  truck = await connectTerminal(server.port, PHONE, "2019");
  expect(await truck.authenticate(code)).toBe(0);
}

async function leave(): Promise<void> {
  truck.socket.destroy();
  await truck.until(() => !server.isOnline(PHONE));
}

async function answer(messageId: number, result = 0): Promise<void> {
  await truck.until(() => truck.of(messageId).length > 0);
  const { serial: replySerial } = truck.of(messageId).at(-1)!;
  truck.send(0x0001, encodeGeneralReply({ replySerial, replyId: messageId, result }));
  await truck.until(() => server.metrics().waitingCommands === 0);
}

async function history(): Promise<[message: number, state: string][]> {
  const { items } = await server.commandHistory([PHONE], {});
  return items.map(({ messageId, state }) => [messageId, state]);
}

describe("a command", () => {
  it("is given to a terminal that was away when the server was killed and started again", async () => {
    await leave();
    await server.send(PHONE, TEXT).kept;
    // Killed: nothing of it is closed or written any more.
    const killed = server;
    server = await start();
    expect(await history()).toEqual([[0x8300, "waiting"]]);
    await comeBack();
    await answer(0x8300);
    expect(decodeText(truck.of(0x8300)[0].body, true).text).toBe("请驶离管控区域");
    expect(await history()).toEqual([[0x8300, "done"]]);
    await killed.close();
  });

  it("that was sent and not answered before the end is sent again after it, its area as the terminal's edition has it", async () => {
    const circle = { areaId: 7, attributes: 8, areaName: "西街", latitude: 35.3, longitude: 113.9, radiusMeters: 1000 };
    await server.send(PHONE, circlesCommand(1, [circle])).kept;
    await truck.until(() => truck.of(0x8600).length === 1);
    await server.close();
    server = await start();
    await comeBack();
    await answer(0x8600);
    expect(decodeCircles(truck.of(0x8600)[0].body, true)).toEqual({ action: 1, circles: [circle] });
    expect(await history()).toEqual([[0x8600, "done"]]);
  });

  it("that is no longer valid after a restart expires", async () => {
    await leave();
    await server.send(PHONE, { ...TEXT, validUntilMs: NOW + 1000 }).kept;
    await server.close();
    nowMs += 1000;
    server = await start();
    await comeBack();
    await truck.resultOf(truck.send(0x0002));
    expect(truck.of(0x8300)).toHaveLength(0);
    expect(await history()).toEqual([[0x8300, "expired"]]);
  });

  it("keeps its order and its number over a restart", async () => {
    await leave();
    const first = server.send(PHONE, trackingCommand({ intervalSec: 5, validitySec: 3600 }));
    await Promise.all([first.kept, server.send(PHONE, TEXT).kept]);
    await server.close();
    server = await start();
    const third = server.send(PHONE, locationQuery());
    await third.kept;
    expect(third.tracked.id).toBe(first.tracked.id + 2);
    await comeBack();
    await truck.until(() => truck.of(0x8202).length === 1);
    expect(truck.of(0x8300)).toHaveLength(0);
    const { serial: replySerial } = truck.of(0x8202)[0];
    truck.send(0x0001, encodeGeneralReply({ replySerial, replyId: 0x8202, result: 0 }));
    await truck.until(() => truck.of(0x8300).length === 1);
    expect(truck.of(0x8201)).toHaveLength(0);
  });

  it("that cannot be kept is refused, and never sent", async () => {
    await server.close();
    const store = new CommandStore(database.kysely);
    const log: CommandLog = {
      begin: () => store.begin(),
      page: (...given) => store.page(...given),
      save: () => Promise.reject(new Error("no room on the disk")),
    };
    server = await start(log);
    await comeBack();
    const { kept, finished } = server.send(PHONE, TEXT);
    await expect(kept).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect((await finished).state).toBe("cancelled");
    await truck.resultOf(truck.send(0x0002));
    expect(truck.of(0x8300)).toHaveLength(0);
  });

  it("has a state that is written again until it is, when the database was away", async () => {
    await server.close();
    const store = new CommandStore(database.kysely);
    let isDown = false;
    const save: CommandLog["save"] = (rows) => (isDown ? Promise.reject(new Error("away")) : store.save(rows));
    server = await start({ begin: () => store.begin(), page: (...given) => store.page(...given), save });
    await comeBack();
    await server.send(PHONE, TEXT).kept;
    isDown = true;
    await answer(0x8300);
    isDown = false;
    await expect.poll(history, { timeout: 60_000 }).toEqual([[0x8300, "done"]]);
  });
});

it("the history of a terminal comes page by page, newest first", async () => {
  await leave();
  const given = [];
  for (let i = 0; i < 5; i++) {
    nowMs += i % 2;
    given.push(server.send(PHONE, locationQuery()));
  }
  await Promise.all(given.map(({ kept }) => kept));
  const seen: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await server.commandHistory([PHONE, "1"], { limit: 2, cursor });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual(given.map(({ tracked }) => tracked.id).toReversed());
  expect((await server.commandHistory(["1"], {})).items).toEqual([]);
});
