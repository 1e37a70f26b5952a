import { Buffer } from "node:buffer";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { MemorySink } from "../../test/gateway-sink.ts";
import { startJt809Forwarder } from "../gateway/jt809-forwarder.ts";
import { startJt809Server } from "../gateway/jt809-server.ts";
import type { MetricSource } from "./metric-table.ts";
import type { ServerParts } from "./parts.ts";
import { PLATFORM_METRICS } from "./platform-metrics.ts";

const AGREEMENT = { accessCode: 4107, userId: 42, password: "secret", version: "2019" as const };

function valuesOf(platforms: ServerParts["platforms"]): Record<string, unknown> {
  const source = { parts: { platforms } } as unknown as MetricSource;
  return Object.fromEntries(PLATFORM_METRICS.map(({ name, read }) => [name, read(source)]));
}

it("links to other platforms are counted in both directions, and what they sent that was no frame under its reason", async () => {
  const sink = new MemorySink();
  const lower = await startJt809Server({ host: "127.0.0.1", port: 0, sink, platforms: [AGREEMENT], confirmMs: 20 });
  const forwarder = await startJt809Forwarder({
    host: "127.0.0.1",
    port: lower.port,
    agreement: AGREEMENT,
    subLink: { address: "127.0.0.1", host: "127.0.0.1", port: 0 },
    platformId: "41070001",
    source: { replay: async (from) => from, plateOf: () => undefined },
    from: 0,
  });
  const stray = connect({ host: "127.0.0.1", port: lower.port });
  try {
    stray.write(Buffer.from("5b0102030405060708090a5d", "hex"));
    const both = { lower, upper: [forwarder] };
    await expect
      .poll(() => valuesOf(both), { timeout: 60_000 })
      .toMatchObject({
        wuxing_jt809_platforms: 1,
        wuxing_jt809_sub_links: 1,
        wuxing_jt809_fixes_total: 0,
        wuxing_jt809_faults_total: { tooShort: 1 },
        wuxing_jt809_closed_total: {},
        wuxing_jt809_forward_links: { 4107: 2 },
        wuxing_jt809_forwarded_total: { 4107: 0 },
        wuxing_jt809_forward_confirmed_total: { 4107: 0 },
      });
    expect(new Set(Object.values(valuesOf({ upper: [] })))).toEqual(new Set([null]));
  } finally {
    stray.destroy();
    await forwarder.close();
    await lower.close();
  }
});
