import { join } from "node:path";
import type { IngestSink } from "../gateway/ingest-sink.ts";
import { startJt808Server, type Jt808Server } from "../gateway/jt808-server.ts";
import type { TerminalMessage } from "../gateway/core.ts";
import { startJt809Server, type Jt809Server } from "../gateway/jt809-server.ts";
import type { GatewayLog } from "../gateway/limited-log.ts";
import { MessageKeeper } from "../gateway/message-keeper.ts";
import { openTerminalRegister } from "../gateway/terminal-register.ts";
import { fromWgs84, toWgs84 } from "../kernel/datum.ts";
import { CommandStore } from "../store/command-store.ts";
import type { Database } from "../store/database.ts";
import { TerminalMessages } from "../store/terminal-messages.ts";
import { readLowerPlatforms } from "./lower-platforms.ts";
import type { Settings } from "./settings.ts";

export interface TerminalParts {
  dir: string;
  settings: Settings;
  database: Database;
  sink: IngestSink;
  /** The id of a vehicle's number. */
  vehicleId: (vehicle: number) => string;
  /** Of the data folder; signs the terminals' authentication codes. */
  secret: string;
  log: GatewayLog;
}

/** Where terminals (JT/T 808) and, when it is told to, other platforms (JT/T 809) report to. */
export async function openTerminals({ dir, settings, database, sink, vehicleId, secret, log }: TerminalParts): Promise<{
  gateway: Jt808Server;
  messages: TerminalMessages;
  /** The upper end of JT/T 809; undefined when its port is not open. */
  platforms: Jt809Server | undefined;
  close: () => Promise<void>;
}> {
  const { jt808, jt808Host: host, jt808Processes: processes, jt808Datum, jt809 } = settings;
  const { admission, authentication, forwarders } = settings;
  const messages = new TerminalMessages(database.kysely);
  const keeper = new MessageKeeper(messages, vehicleId);
  const gateway = await startJt808Server({
    host,
    port: jt808,
    udpPort: jt808,
    processes,
    sink,
    secret,
    policy: { admission, authentication, forwarders },
    commandLog: new CommandStore(database.kysely),
    onMessage: (message) => keeper.keep(message),
    register: await openTerminalRegister(join(dir, "terminals.ndjson")),
    log,
    ...(jt808Datum !== "wgs84" && {
      toWgs84: (lon: number, lat: number) => toWgs84(jt808Datum, lon, lat),
      fromWgs84: (lon: number, lat: number) => fromWgs84(jt808Datum, lon, lat),
    }),
  });
  if (jt809 === undefined) return { gateway, messages, platforms: undefined, close: () => gateway.close() };
  try {
    const platforms = await readLowerPlatforms(join(dir, "platforms.json"));
    const onMessage = (message: TerminalMessage): Promise<void> => keeper.keep(message);
    const upper = await startJt809Server({ host, port: jt809, sink, platforms, onMessage, log });
    const close = async (): Promise<void> => {
      await upper.close();
      await gateway.close();
    };
    return { gateway, messages, platforms: upper, close };
  } catch (error) {
    await gateway.close();
    throw error;
  }
}
