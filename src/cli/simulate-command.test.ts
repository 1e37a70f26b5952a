import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { MemorySink } from "../../test/gateway-sink.ts";
import { startJt808Server, type Jt808Server } from "../gateway/jt808-server.ts";

let server: Jt808Server | undefined;
let child: ChildProcess | undefined;
let out = "";
let err = "";

afterEach(async () => {
  if (child?.exitCode === null) child.kill("SIGKILL");
  await server?.close();
  server = undefined;
});

/** `wuxing simulate --to 127.0.0.1:PORT` with three trucks. */
function simulate(port: number): void {
  [out, err] = ["", ""];
  const main = join(import.meta.dirname, "main.ts");
  const args = ["simulate", "--to", `127.0.0.1:${port}`, "--trucks", "3", "--hours", "1", "--speed", "60"];
  child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout?.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr?.on("data", (text: Buffer) => (err += text.toString()));
}

/** As Ctrl-C does; gives the exit code. */
async function interrupt(): Promise<number | null> {
  child?.kill("SIGINT");
  const [code] = (await once(child!, "close")) as [number | null];
  return code;
}

async function platform(admission: "open" | "listed", sink: MemorySink): Promise<Jt808Server> {
  return startJt808Server({
    host: "127.0.0.1",
    port: 0,
    sink,
    secret: "a secret of these tests",
    policy: { admission },
  });
}

describe("wuxing simulate", { timeout: 150_000 }, () => {
  it("sends a fleet to any platform until it is interrupted, and says how much was acknowledged", async () => {
    const sink = new MemorySink();
    server = await platform("open", sink);
    simulate(server.port);
    await expect.poll(() => sink.facts.length, { timeout: 60_000 }).toBe(3);
    // Two reports a second of each truck: those of the first seconds have been answered when the last of these come.
    await expect.poll(() => sink.length, { timeout: 60_000 }).toBeGreaterThan(30);
    expect(await interrupt()).toBe(0);
    const [, acknowledged] = /^3 辆 \/ trucks, (\d+) \/ \d+ 点已应答 \/ reports acknowledged\n$/u.exec(out) ?? [];
    expect(Number(acknowledged)).toBeGreaterThan(0);
    expect(err).toBe("");
  });

  it("says why no truck comes through: nobody listens there", async () => {
    const probe = createServer();
    await once(probe.listen(0, "127.0.0.1"), "listening");
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    simulate(port);
    await expect
      .poll(() => err, { timeout: 60_000 })
      .toContain(`no truck is online: connect ECONNREFUSED 127.0.0.1:${port}`);
    expect(await interrupt()).toBe(1);
    expect(err.match(/no truck is online/gu)).toHaveLength(1);
  });

  it("says why no truck comes through: the platform lets none in", async () => {
    server = await platform("listed", new MemorySink());
    simulate(server.port);
    await expect
      .poll(() => err, { timeout: 60_000 })
      .toContain("no truck is online: the platform refused the registration (result 4)");
    expect(await interrupt()).toBe(1);
  });
});
