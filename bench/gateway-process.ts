/**
 * The platform's side of `bench:gateway`, in a process of its own: the real gateway with the real track store behind it
 * (`gateway`), or a server that checks and answers frames and does nothing else (`bare`). Says its port, then, when
 * asked, what it has used.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Jt808Counters } from "../src/gateway/counters.ts";
import { startJt808Server } from "../src/gateway/jt808-server.ts";
import { openTrackStore } from "../src/tracks/track-store.ts";
import { encodeRegistrationAnswer } from "../src/wire/jt808/8100-registration-answer.ts";
import { FrameEncoder } from "../src/wire/jt808/encoding.ts";
import { FrameReader } from "../src/wire/jt808/framing.ts";
import { createFrameHeader, readHeader } from "../src/wire/jt808/header.ts";

export interface Usage {
  cpuMs: number;
  rssMiB: number;
  /** Fixes that are durable; for the bare server, reports answered. */
  stored: number;
  /** What the gateway counted; none for the bare server. */
  metrics?: Jt808Counters;
}

const close = process.argv[2] === "bare" ? await startBare() : await startGateway();
process.once("disconnect", () => void close());

async function startGateway(): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), "wuxing-bench-gateway-"));
  const tracks = await openTrackStore({ dir });
  let stored = 0;
  const gateway = await startJt808Server({
    host: "127.0.0.1",
    port: 0,
    processes: Number(process.argv[3] ?? 0),
    secret: "a secret of this bench",
    sink: {
      vehicleNumber: ({ vehicle, ...facts }) => tracks.vehicles.numberOf(vehicle, facts),
      append: async (batch) => {
        await tracks.append(batch);
        stored += batch.length;
      },
    },
  });
  answerUsage(gateway.port, () => ({ stored, metrics: gateway.metrics() }));
  return async () => {
    await gateway.close();
    await tracks.close();
    rmSync(dir, { recursive: true });
  };
}

async function startBare(): Promise<() => Promise<void>> {
  const header = createFrameHeader();
  const encoder = new FrameEncoder(64 * 1024);
  let answered = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    const reader = new FrameReader({
      onFrame: (bytes, start, end) => {
        if (!readHeader(bytes, start, end, header)) return;
        const { messageId, serial, phoneStart, phoneBytes } = header;
        const phone = bytes.subarray(phoneStart, phoneStart + phoneBytes);
        if (messageId === 0x0100) {
          encoder.frame(0x8100, phone, 0, encodeRegistrationAnswer({ replySerial: serial, result: 0, authCode: "1" }));
        } else encoder.generalReply(0x8001, phone, 0, serial, messageId, 0);
        if (messageId === 0x0200) answered++;
      },
      onFault: () => socket.destroy(),
    });
    socket.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      if (encoder.length > 0) socket.write(encoder.take());
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, resolve));
  const address = server.address();
  answerUsage(typeof address === "object" && address !== null ? address.port : 0, () => ({ stored: answered }));
  return async () => process.exit(0);
}

function answerUsage(port: number, counted: () => Pick<Usage, "stored" | "metrics">): void {
  process.send?.({ port });
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    const fronts = usageOfChildren();
    const cpuMs = (user + system) / 1000 + fronts.cpuMs;
    const rssMiB = process.memoryUsage.rss() / 2 ** 20 + fronts.rssMiB;
    process.send?.({ cpuMs, rssMiB, ...counted() } satisfies Usage);
  });
}

/** Of the processes that hold connections (proc(5): times in ticks of 10 ms, resident pages of 4 KiB). */
function usageOfChildren(): Pick<Usage, "cpuMs" | "rssMiB"> {
  const sum = { cpuMs: 0, rssMiB: 0 };
  for (const child of readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean)) {
    const stat = readFileSync(`/proc/${child}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    sum.cpuMs += 10 * (Number(fields[11]) + Number(fields[12]));
    sum.rssMiB += Number(fields[21]) / 256;
  }
  return sum;
}
