import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TcpPlatform } from "../../test/counterpart/tcp-platform.ts";
import { encodeText } from "../wire/jt808/8300-text.ts";
import { decodeLocationBatch } from "../wire/jt808/0704-location-batch.ts";
import { Terminal, type TerminalOptions } from "./terminal.ts";

const AT_MS = Date.UTC(2026, 2, 1, 4);
let platform: TcpPlatform;
let terminals: Terminal[];

beforeEach(async () => {
  terminals = [];
  platform = await new TcpPlatform().listen();
});
afterEach(async () => {
  await Promise.all(terminals.map((terminal) => terminal.stop()));
  await platform.close();
});

function startTerminal(options: Partial<TerminalOptions> = {}): Terminal {
  const terminal = new Terminal({
    platform: { host: "127.0.0.1", port: platform.port },
    phone: "14100000001",
    version: "2013",
    registration: {
      provinceId: 41,
      cityId: 700,
      manufacturerId: "WXSIM",
      terminalModel: "WX-808",
      terminalId: "0000001",
      plateColor: 2,
      plate: "豫G12345",
    },
    ...options,
  });
  terminals.push(terminal);
  terminal.start();
  return terminal;
}

function report(terminal: Terminal, second: number): void {
  terminal.report({ timeMs: AT_MS + second * 1000, longitude: 113.9, latitude: 35.3, speedKmh: 61.4, direction: 90 });
}

async function whenOnline(terminal: Terminal): Promise<void> {
  await platform.until(() => terminal.isOnline);
}

const secondsOf = (): number[] => platform.reports().map(({ timeMs }) => (timeMs - AT_MS) / 1000);

describe("a terminal", () => {
  it.each(["2011", "2013", "2019"] as const)(
    "registers, authenticates and reports in the layout of %s",
    async (version) => {
      const terminal = startTerminal({ version });
      await whenOnline(terminal);
      report(terminal, 1);
      await platform.until(() => terminal.pending === 0);
      expect(platform.received.map(({ messageId }) => messageId)).toEqual([0x0100, 0x0102, 0x0200]);
      expect(platform.registrations()[0]).toMatchObject({ version, plate: "豫G12345", plateColor: 2, cityId: 700 });
      expect(platform.received.every(({ phone }) => phone === "14100000001")).toBe(true);
      expect(platform.reports()[0]).toMatchObject({
        timeMs: AT_MS + 1000,
        longitude: 113.9,
        latitude: 35.3,
        speedKmh: 61.4,
      });
    },
  );

  it("reports nothing before it is authenticated, then everything in one batch", async () => {
    platform.resultOf = ({ messageId }) => (messageId === 0x0102 ? undefined : 0);
    const terminal = startTerminal();
    for (let second = 0; second < 5; second++) report(terminal, second);
    await platform.until(() => platform.of(0x0102).length === 1);
    expect(platform.reports()).toEqual([]);
    platform.resultOf = () => 0;
    platform.cutAll();
    await platform.until(() => terminal.pending === 0);
    const batch = decodeLocationBatch(platform.of(0x0704)[0].body);
    expect(batch).toMatchObject({ count: 5, locationType: 1 });
    expect(secondsOf()).toEqual([0, 1, 2, 3, 4]);
  });

  it("authenticates with the code it has when it connects again, and registers anew when the code is refused", async () => {
    const terminal = startTerminal();
    await whenOnline(terminal);
    platform.cutAll();
    await platform.until(() => platform.of(0x0102).length === 2 && terminal.isOnline);
    expect(platform.of(0x0100)).toHaveLength(1);
    platform.resultOf = ({ messageId }) => (messageId === 0x0102 ? 1 : 0);
    platform.cutAll();
    await platform.until(() => platform.of(0x0102).length === 3);
    platform.resultOf = () => 0;
    await platform.until(() => platform.of(0x0100).length === 2 && terminal.isOnline);
  });

  it("sends again, as kept, what was not acknowledged when the connection broke, and loses nothing", async () => {
    const terminal = startTerminal();
    await whenOnline(terminal);
    platform.resultOf = ({ messageId }) => (messageId === 0x0200 ? undefined : 0);
    for (let second = 0; second < 3; second++) report(terminal, second);
    await platform.until(() => platform.of(0x0200).length === 3);
    expect(terminal.pending).toBe(3);
    platform.cutAll();
    platform.resultOf = () => 0;
    await platform.until(() => terminal.pending === 0);
    expect(secondsOf()).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it("finds a platform that starts after it, and one that starts again", async () => {
    const { port } = platform;
    await platform.close();
    const terminal = startTerminal({ platform: { host: "127.0.0.1", port } });
    report(terminal, 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(terminal.isConnected).toBe(false);
    expect(terminal.lastError?.message).toMatch(/ECONNREFUSED/);
    await platform.listen(port);
    await platform.until(() => terminal.pending === 0);
    await platform.close();
    report(terminal, 2);
    await platform.listen(port);
    await platform.until(() => terminal.pending === 0);
    expect(new Set(secondsOf())).toEqual(new Set([1, 2]));
  });

  it("keeps a report that the platform could not store and sends it again after a wait", async () => {
    const terminal = startTerminal();
    await whenOnline(terminal);
    platform.resultOf = ({ messageId }) => (messageId === 0x0200 && platform.of(0x0200).length === 1 ? 1 : 0);
    report(terminal, 1);
    await platform.until(() => terminal.pending === 0);
    const [first, second] = platform.of(0x0200);
    expect(second.atMs - first.atMs).toBeGreaterThan(1500);
    expect(second.body).toEqual(first.body);
  });

  it("counts what the platform refuses for good, and does not send it again", async () => {
    const settled: [number, number][] = [];
    const terminal = startTerminal({ onSettled: (...counts) => settled.push(counts) });
    await whenOnline(terminal);
    platform.resultOf = ({ messageId }) => (messageId === 0x0200 ? 2 : 0);
    report(terminal, 1);
    await platform.until(() => terminal.pending === 0);
    expect(settled).toEqual([[0, 1]]);
  });

  it("repeats a frame that is not answered, with its serial, and then drops the connection", async () => {
    const terminal = startTerminal({ ackTimeoutMs: 500 });
    await whenOnline(terminal);
    platform.resultOf = ({ messageId, connection }) => (messageId === 0x0200 && connection === 0 ? undefined : 0);
    report(terminal, 1);
    await platform.until(() => platform.of(0x0704).length === 1, 15_000);
    const tries = platform.of(0x0200);
    expect(new Set(tries.map(({ serial }) => serial)).size).toBe(1);
    expect(tries).toHaveLength(3);
    expect(platform.of(0x0704)[0].connection).toBe(1);
  });

  it("has no more frames under way than its window", async () => {
    const terminal = startTerminal({ window: 4 });
    await whenOnline(terminal);
    platform.resultOf = ({ messageId }) => (messageId === 0x0200 ? undefined : 0);
    for (let second = 0; second < 50; second++) report(terminal, second);
    await platform.until(() => platform.of(0x0200).length === 4);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(platform.of(0x0200)).toHaveLength(4);
    expect(terminal.pending).toBe(50);
  });

  it("keeps no more than its capacity, and forgets the oldest first", async () => {
    await platform.close();
    const terminal = startTerminal({ capacity: 100 });
    for (let second = 0; second < 1000; second++) report(terminal, second);
    expect(terminal.pending).toBe(100);
    expect(terminal.lost).toBe(900);
    await platform.listen(platform.port);
    await platform.until(() => terminal.pending === 0);
    expect(secondsOf()).toEqual(Array.from({ length: 100 }, (_, i) => 900 + i));
    expect(platform.of(0x0704)).toHaveLength(5);
  });

  it("beats when it has nothing to say", async () => {
    const terminal = startTerminal({ heartbeatMs: 300 });
    await whenOnline(terminal);
    await platform.until(() => platform.of(0x0002).length === 2);
    expect(platform.of(0x0002)[0].body).toHaveLength(0);
  });

  it("is away without coverage and sends what it kept when it is back", async () => {
    const terminal = startTerminal();
    await whenOnline(terminal);
    terminal.setCoverage(false);
    await platform.until(() => platform.sockets.size === 0);
    report(terminal, 1);
    report(terminal, 2);
    expect(terminal.pending).toBe(2);
    terminal.setCoverage(true);
    await platform.until(() => terminal.pending === 0);
    expect(platform.of(0x0704)).toHaveLength(1);
    expect(platform.of(0x0003)).toHaveLength(0);
  });

  it("answers what the platform sends: a query with its place, a known message with 0, an unknown one with 3", async () => {
    const terminal = startTerminal();
    await whenOnline(terminal);
    report(terminal, 1);
    const query = platform.send(0x8201, "14100000001", new Uint8Array(0));
    await platform.until(() => platform.of(0x0201).length === 1);
    expect(platform.of(0x0201)[0].body.readUInt16BE(0)).toBe(query);
    platform.send(0x8300, "14100000001", encodeText({ flags: 8, text: "前方检查" }, false));
    platform.send(0x8fff, "14100000001", new Uint8Array(0));
    platform.send(0x8300, "14100000999", encodeText({ flags: 8, text: "别人的" }, false));
    await platform.until(() => platform.replies().length === 2);
    expect(platform.replies().map(({ replyId, result }) => [replyId, result])).toEqual([
      [0x8300, 0],
      [0x8fff, 3],
    ]);
  });

  it("logs out when it stops, and counts its serials over 65,535", async () => {
    const terminal = startTerminal({ window: 1000 });
    await whenOnline(terminal);
    for (let i = 0; i < 70_000; i++) {
      report(terminal, i);
      if (terminal.pending > 900) await terminal.whenPendingBelow(500);
    }
    await terminal.whenPendingBelow(1);
    await terminal.stop();
    await platform.until(() => platform.of(0x0003).length === 1);
    const serials = platform.of(0x0200).map(({ serial }) => serial);
    expect(serials).toHaveLength(70_000);
    expect(serials.every((serial, i) => i === 0 || serial === ((serials[i - 1] + 1) & 0xffff))).toBe(true);
  });
});
