/**
 * A process that holds terminals' connections for the gateway (fronts.ts starts it): it accepts, reads and writes sockets,
 * and understands nothing of what they say. It ends with the gateway.
 */
import { Buffer } from "node:buffer";
import { createServer, Socket } from "node:net";
import { FrontKind, FrontLink } from "./front-link.ts";
import type { FrontNews, FrontOrder } from "./fronts.ts";

/** File descriptor of the line, behind those of Node's own channel. */
const LINE = 4;
/** Bytes that may wait for the gateway before terminals are read no more. */
const WAITING_BYTES = 4 * 1024 * 1024;

interface Held {
  socket: Socket;
  /** The gateway wants no more of it for now. */
  paused: boolean;
  /** Why it went, when it was not the terminal that closed. */
  reason: string;
}

// The gateway decides when this process ends, also on Ctrl-C, which reaches both.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
process.once("disconnect", () => process.exit(0));
process.once("message", (order: FrontOrder) => hold(order));

function hold({ host, port, outputBytes }: FrontOrder): void {
  const held = new Map<number, Held>();
  const line = new Socket({ fd: LINE });
  const link = new FrontLink(line, obey);
  let last = 0;
  let reading = true;

  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    const id = ++last;
    const connection: Held = { socket, paused: false, reason: "" };
    held.set(id, connection);
    link.send(id, FrontKind.open, Buffer.from(socket.remoteAddress ?? ""));
    socket.on("error", () => (connection.reason ||= "socketError"));
    socket.on("close", () => {
      held.delete(id);
      link.send(id, FrontKind.closed, Buffer.from(connection.reason));
    });
    socket.on("data", (chunk: Buffer) => {
      link.send(id, FrontKind.data, chunk);
      if (link.waitingBytes > WAITING_BYTES) stopReading();
    });
    if (!reading) socket.pause();
  });

  function obey(id: number, kind: number, payload: Buffer): void {
    const connection = held.get(id);
    if (connection === undefined) return;
    const { socket } = connection;
    if (kind === FrontKind.data) {
      socket.write(payload);
      if (socket.writableLength <= outputBytes) return;
      connection.reason = "slow";
      socket.destroy();
    } else if (kind === FrontKind.end) {
      socket.end();
    } else if (kind === FrontKind.destroy) {
      socket.destroy();
    } else {
      connection.paused = kind === FrontKind.pause;
      if (connection.paused) socket.pause();
      else if (reading) socket.resume();
    }
  }

  function stopReading(): void {
    if (!reading) return;
    reading = false;
    for (const { socket } of held.values()) socket.pause();
    line.once("drain", () => {
      reading = true;
      for (const { socket, paused } of held.values()) if (!paused) socket.resume();
    });
  }

  line.on("error", () => process.exit(1));
  line.on("close", () => process.exit(0));
  server.on("error", (error: NodeJS.ErrnoException) =>
    tell({ failure: error.code ?? error.message }, () => process.exit(1)),
  );
  // Several processes listen on one port; the system deals out who connects.
  server.listen({ port, backlog: 4096, reusePort: true, ...(host !== undefined && { host }) }, () => {
    const address = server.address();
    tell({ port: typeof address === "object" && address !== null ? address.port : port });
  });
}

/** A gateway that is gone needs no news. */
function tell(news: FrontNews, told = (): void => {}): void {
  process.send?.(news, told);
}
