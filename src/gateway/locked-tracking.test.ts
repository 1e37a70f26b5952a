import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { encodeGeneralReply } from "../wire/jt808/0001-general-reply.ts";
import { decodeTracking, type Tracking } from "../wire/jt808/8202-tracking.ts";
import { startJt808Server, type Jt808Server } from "./jt808-server.ts";
import { LockedTracking } from "./locked-tracking.ts";

const PHONE = "13900000001";
const VEHICLE = "豫G12345_2";

let nowMs = Date.UTC(2026, 2, 1, 4);
let server: Jt808Server;
let tracking: LockedTracking;
let truck: RawTerminal;

beforeEach(async () => {
  const clock = { sweepMs: 10, nowMs: () => nowMs };
  const secret = "a secret of these tests";
  server = await startJt808Server({ host: "127.0.0.1", port: 0, sink: new MemorySink(), secret, ...clock });
  tracking = new LockedTracking(server, clock);
  truck = await connectTerminal(server.port, PHONE);
});
afterEach(async () => {
  tracking.close();
  truck.socket.destroy();
  await server.close();
});

/** Answers every command that has come; gives what they asked for. */
async function asked(count: number): Promise<Tracking[]> {
  await truck.until(() => truck.of(0x8202).length === count);
  const { serial: replySerial } = truck.of(0x8202).at(-1)!;
  truck.send(0x0001, encodeGeneralReply({ replySerial, replyId: 0x8202, result: 0 }));
  await truck.until(() => server.metrics().waitingCommands === 0);
  return truck.of(0x8202).map(({ body }) => decodeTracking(body));
}

describe("a locked vehicle", () => {
  it("is asked to report every 5 s for an hour, again while it stays locked, and to stop when it is released", async () => {
    await truck.logIn();
    tracking.setLocked(VEHICLE, true);
    tracking.setLocked(VEHICLE, true);
    expect(await asked(1)).toEqual([{ intervalSec: 5, validitySec: 3600 }]);
    // 59 minutes later; the terminal has been heard in between.
    for (let minute = 0; minute < 59; minute++) {
      nowMs += 60_000;
      await truck.resultOf(truck.send(0x0002));
    }
    expect(await asked(2)).toHaveLength(2);
    tracking.setLocked(VEHICLE, false);
    expect((await asked(3)).at(-1)).toEqual({ intervalSec: 0 });
    expect(tracking.size).toBe(0);
  });

  it("that is away is asked when its terminal logs in", async () => {
    await truck.register();
    tracking.setLocked(VEHICLE, true);
    await truck.until(() => server.commandsOf(PHONE).length === 1);
    expect(server.commandsOf(PHONE)).toMatchObject([{ state: "waiting", messageId: 0x8202 }]);
    await truck.logIn();
    expect(await asked(1)).toHaveLength(1);
  });

  it("without a terminal of ours is looked for again later, and needs no stop", async () => {
    tracking.setLocked("豫G99999_2", true);
    await truck.logIn({ plate: "豫G99999" });
    nowMs += 299_000;
    await truck.resultOf(truck.send(0x0002));
    nowMs += 2000;
    expect(await asked(1)).toHaveLength(1);
    tracking.setLocked("豫G00000_2", true);
    tracking.setLocked("豫G00000_2", false);
    expect(server.commandsOf(PHONE)).toHaveLength(1);
  });

  it("with two terminals is asked through the one that is online", async () => {
    await truck.logIn();
    const other = await connectTerminal(server.port, "13900000002");
    nowMs += 1000;
    await other.register();
    expect(server.terminalsOf(VEHICLE)).toEqual([PHONE, "13900000002"]);
    truck.socket.destroy();
    await other.until(() => !server.isOnline(PHONE));
    expect(server.terminalsOf(VEHICLE)).toEqual(["13900000002", PHONE]);
    await other.logIn({ plate: "豫G55555" });
    expect(server.terminalsOf(VEHICLE)).toEqual([PHONE]);
    other.socket.destroy();
  });
});
