import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { MemorySink } from "../../test/gateway-sink.ts";
import { WuxingError } from "../model/errors.ts";
import { encodeLocationBatch } from "../wire/jt808/0704-location-batch.ts";
import { startJt808Server, type Jt808Server } from "./jt808-server.ts";

const PLACE = { latitude: 35.303, longitude: 113.9268 };
const FRONTS = 2;

let sink: MemorySink;
let server: Jt808Server;
const terminals: RawTerminal[] = [];
const lines: string[] = [];

function start(port = 0): Promise<Jt808Server> {
  const note = (_facts: object, message: string): number => lines.push(message);
  const secret = "a secret of these tests";
  return startJt808Server({
    host: "127.0.0.1",
    port,
    sink,
    secret,
    processes: FRONTS,
    log: { info: note, warn: note },
  });
}

beforeEach(async () => {
  sink = new MemorySink();
  lines.length = 0;
  server = await start();
});
afterEach(async () => {
  for (const { socket } of terminals.splice(0)) socket.destroy();
  await server.close();
});

async function terminal(phone: string): Promise<RawTerminal> {
  const made = await connectTerminal(server.port, phone);
  terminals.push(made);
  return made;
}

/** Processes of this one that hold connections, by their ids. */
function fronts(): number[] {
  const text = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)], { encoding: "utf8" });
  const found = text.split("\n").filter((line) => line.includes("front-process"));
  return found.map((line) => Number(line.trim().split(" ")[0]));
}

/** Sockets that a process has open. */
function socketsOf(pid: number): number {
  const text = execFileSync("sh", ["-c", `ls -l /proc/${pid}/fd | grep -c socket: || true`], { encoding: "utf8" });
  return Number(text);
}

describe("processes that hold the connections", () => {
  it("share the port; terminals in all of them report, are answered and are asked", async () => {
    const trucks: RawTerminal[] = [];
    for (let n = 0; n < 24; n++) trucks.push(await terminal(`139${String(n).padStart(8, "0")}`));
    await Promise.all(trucks.map((truck) => truck.logIn()));
    expect(server.metrics().connections).toBe(24);
    const held = fronts().map(socketsOf);
    expect(held).toHaveLength(FRONTS);
    expect(Math.min(...held), "both hold some").toBeGreaterThan(3);

    const timeMs = Math.floor(Date.now() / 1000) * 1000;
    const reports = trucks.map((truck) => truck.resultOf(truck.report({ ...PLACE, timeMs })));
    expect(await Promise.all(reports)).toEqual(trucks.map(() => 0));
    expect(sink.length).toBe(24);
    // A message that is larger than a socket gives at once.
    const many = Array.from({ length: 2000 }, (_, n) => ({ ...PLACE, timeMs: timeMs - n * 1000 }));
    expect(await trucks[0].resultOf(trucks[0].send(0x0704, encodeLocationBatch(1, many)))).toBe(0);
    expect(sink.length).toBe(2024);
  });

  it("one that is killed takes its connections with it, the others stay, and another takes its place", async () => {
    const trucks: RawTerminal[] = [];
    for (let n = 0; n < 16; n++) trucks.push(await terminal(`139${String(n).padStart(8, "0")}`));
    const codes = await Promise.all(trucks.map((truck) => truck.logIn()));
    expect(codes).toHaveLength(16);
    const [first, second] = fronts();
    process.kill(first, "SIGKILL");
    await trucks[0].until(() => trucks.some(({ closed }) => closed));
    await trucks[0].until(() => server.metrics().connections === trucks.filter(({ closed }) => !closed).length);
    const [lost, left] = [trucks.filter(({ closed }) => closed), trucks.filter(({ closed }) => !closed)];
    expect(lost.length).toBeGreaterThan(0);
    expect(left.length).toBeGreaterThan(0);
    expect(await left[0].resultOf(left[0].report({ ...PLACE, timeMs: Date.now() }))).toBe(0);
    expect(server.metrics().closed).toEqual({ frontLost: lost.length + 1 });
    expect(lines).toContain("a process that held connections has ended; another one is started");
    await trucks[0].until(() => fronts().length === FRONTS);
    expect(fronts()).toContain(second);
    const again = await terminal("13900000099");
    await again.logIn();
    expect(await again.resultOf(again.report({ ...PLACE, timeMs: Date.now() }))).toBe(0);
  });

  it("end with the server, which answers what has arrived first; a taken port is named", async () => {
    const truck = await terminal("13900000001");
    await truck.logIn();
    await expect(
      startJt808Server({ host: "127.0.0.1", port: server.port, sink, secret: "a secret of these tests" }),
    ).rejects.toThrow(WuxingError);
    sink.delayMs = 300;
    const serial = truck.report({ ...PLACE, timeMs: Date.now() });
    await sleep(50);
    await server.close();
    expect(await truck.resultOf(serial)).toBe(0);
    await truck.until(() => truck.closed);
    expect(fronts()).toEqual([]);
  });
});
