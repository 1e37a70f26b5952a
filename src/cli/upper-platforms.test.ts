import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MemorySink } from "../../test/gateway-sink.ts";
import type { TerminalMessage } from "../gateway/core.ts";
import { startJt809Server, type Jt809Server } from "../gateway/jt809-server.ts";
import type { Terminal } from "../gateway/terminal-register.ts";
import { createFixBatch } from "../model/fix.ts";
import { openTrackStore, type TrackStore } from "../tracks/track-store.ts";
import { decodeRegistration809 } from "../wire/jt809/vehicle-messages.ts";
import { forwardToUpperPlatforms } from "./upper-platforms.ts";

const AGREEMENT = { accessCode: 4107, userId: 42, password: "secret", version: "2019" as const };
const quiet = { info() {}, warn() {} };
const TERMINAL: Terminal = {
  phone: "13900000001",
  plate: "豫G12345",
  plateColour: 2,
  terminalId: "A000012",
  terminalModel: "WX-808",
  manufacturerId: "70103",
  registeredMs: 0,
  status: "accepted",
  codeGeneration: 0,
};
const findTerminal = (phone: string): Terminal | undefined => (phone === TERMINAL.phone ? TERMINAL : undefined);

let dir: string;
let tracks: TrackStore;
let upper: Jt809Server;
let sink: MemorySink;
let told: TerminalMessage[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "wuxing-forward-"));
  tracks = await openTrackStore({ dir: join(dir, "tracks"), retentionMs: null });
  sink = new MemorySink();
  told = [];
  const onMessage = (message: TerminalMessage): void => void told.push(message);
  upper = await startJt809Server({ host: "127.0.0.1", port: 0, sink, platforms: [AGREEMENT], onMessage });
});
afterEach(async () => {
  await upper.close();
  await tracks.close();
  await rm(dir, { recursive: true });
});

async function write(forward: unknown): Promise<void> {
  await writeFile(join(dir, "forward.json"), JSON.stringify(forward));
}

function platform(): object {
  const subLink = { address: "127.0.0.1", port: 0 };
  return { ...AGREEMENT, host: "127.0.0.1", port: upper.port, platformId: "41070000001", subLink };
}

async function append(fixes: number, firstMs: number): Promise<void> {
  const vehicle = tracks.vehicles.numberOf("豫G12345_2", {
    plate: "豫G12345",
    plateColour: 2,
    terminal: TERMINAL.phone,
  });
  const batch = createFixBatch(fixes);
  batch.length = fixes;
  for (let row = 0; row < fixes; row++) {
    batch.vehicle[row] = vehicle;
    batch.timeMs[row] = firstMs + 1000 * row;
    batch.lonE6[row] = 113_900_000;
    batch.latE6[row] = 35_300_000 + row;
  }
  await tracks.append(batch);
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error(`not within 15 s: ${isTrue.toString()}`);
    await sleep(20);
  }
}

const received = (): number => sink.fixesOf("豫G12345_2").length;
/** 809 knows whole seconds. */
const now = (): number => Math.floor(Date.now() / 1000) * 1000 - 60_000;

describe("forwarding to an upper platform", () => {
  it("sends every new fix, and after a restart what came in between, once", async () => {
    await append(5, now() - 3_600_000);
    await write([platform()]);
    const first = await forwardToUpperPlatforms(dir, tracks, findTerminal, quiet);
    await until(() => first.forwarders[0].loggedIn);
    await append(10, now());
    await until(() => received() === 10);
    // Whose terminal it is was said before, as it registered here.
    expect(decodeRegistration809(told[0].body)).toEqual({
      platformId: "41070000001",
      producerId: "70103",
      terminalModel: "WX-808",
      imei: "",
      terminalId: "A000012",
      simCode: "0013900000001",
    });
    await first.close();
    expect(await readFile(join(dir, "forwarded-4107"), "utf8")).toBe("15");
    await append(7, now() + 20_000);
    const second = await forwardToUpperPlatforms(dir, tracks, findTerminal, quiet);
    await until(() => received() === 17);
    await second.close();
    expect(sink.length).toBe(17);
  });

  it("does nothing without the file, and names what is wrong in it", async () => {
    const none = await forwardToUpperPlatforms(dir, tracks, findTerminal, quiet);
    expect(none.forwarders).toEqual([]);
    await none.close();
    await write([{ ...platform(), port: 0 }]);
    await expect(forwardToUpperPlatforms(dir, tracks, findTerminal, quiet)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      problems: [{ where: expect.stringContaining("0.port") }],
    });
  });
});
