/** The server of `bench/gateway.ts` in a process of its own: the real gateway before the real track store. */
import { startJt808Server } from "../src/gateway/jt808-server.ts";
import { openTrackStore } from "../src/tracks/track-store.ts";

const [dir = ""] = process.argv.slice(2);
const tracks = await openTrackStore({
  dir,
  retentionMs: null,
  log: { info() {}, warn: console.error, error: console.error },
});
const server = await startJt808Server({
  host: "0.0.0.0",
  port: 0,
  secret: "the secret of a benchmark",
  sink: {
    vehicleNumber: ({ vehicle, ...facts }) => tracks.vehicles.numberOf(vehicle, facts),
    append: async (batch) => void (await tracks.append(batch)),
  },
  log: { info() {}, warn: (facts, message) => console.error(message, facts) },
});

process.on("message", (asked) => {
  if (asked === "figures") {
    const { rss } = process.memoryUsage();
    process.send!({ rss, cpuUs: process.cpuUsage(), metrics: server.metrics(), stored: tracks.health().position });
  } else void server.close().then(async () => tracks.close().then(() => process.exit(0)));
});
process.send!({ port: server.port });
