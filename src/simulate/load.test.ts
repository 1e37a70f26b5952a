import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TcpPlatform } from "../../test/counterpart/tcp-platform.ts";
import { runLoad, type Load, type LoadProgress } from "./load.ts";

let platform: TcpPlatform;
let stop: AbortController;
beforeEach(async () => {
  platform = await new TcpPlatform().listen();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await platform.close();
});

function load(options: Partial<Load>): Promise<LoadProgress> {
  const pattern = { kind: "paced", everyMs: 500 } as const;
  return runLoad({ host: "127.0.0.1", port: platform.port, connections: 20, pattern, signal: stop.signal, ...options });
}

describe("a load of terminals", () => {
  it("registers and authenticates each one, from the addresses given, and sends valid reports at its pace", async () => {
    const run = load({ localAddresses: ["127.0.0.2", "127.0.0.3"] });
    await platform.until(() => platform.of(0x0200).length >= 60);
    expect(new Set([...platform.sockets].map(({ remoteAddress }) => remoteAddress))).toEqual(
      new Set(["127.0.0.2", "127.0.0.3"]),
    );
    stop.abort();
    expect(await run).toMatchObject({ broken: 0 });
    expect(platform.registrations()).toHaveLength(20);
    expect(new Set(platform.reports().map(({ phone }) => phone)).size).toBe(20);
    const [report] = platform.reports();
    expect(Math.abs(report.timeMs - Date.now())).toBeLessThan(10_000);
    expect(report).toMatchObject({ statusFlags: 3 });
    const times = platform
      .of(0x0200)
      .filter(({ phone }) => phone === report.phone)
      .map(({ atMs }) => atMs);
    expect(times[2] - times[0]).toBeGreaterThan(900);
    expect(times[2] - times[0]).toBeLessThan(1300);
  });

  it("keeps its window full, and knows how long acknowledgements take", async () => {
    const run = load({ connections: 3, pattern: { kind: "full", window: 16 } });
    await platform.until(() => platform.of(0x0200).length >= 3000);
    stop.abort();
    const { acknowledged, sent, ackMs } = await run;
    expect(sent - acknowledged).toBeLessThanOrEqual(48);
    expect(acknowledged).toBeGreaterThan(2900);
    expect(ackMs.p50).toBeGreaterThan(0);
    expect(ackMs.max).toBeGreaterThanOrEqual(ackMs.p99);
  });

  it("counts connections that break", async () => {
    let last: LoadProgress | undefined;
    const run = load({ onProgress: (progress) => (last = progress) });
    await platform.until(() => last?.online === 20);
    platform.cutAll();
    await platform.until(() => last?.broken === 20 && last.online === 0);
    stop.abort();
    expect((await run).connected).toBe(0);
  });
});
