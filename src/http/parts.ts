import type { FastifyBaseLogger } from "fastify";
import type { Jt808Counters } from "../gateway/counters.ts";
import type { Jt809Forwarder } from "../gateway/jt809-forwarder.ts";
import type { Jt809Server } from "../gateway/jt809-server.ts";
import type { CityView } from "../model/city.ts";
import type { LedgerQueries } from "../store/ledger.ts";
import type { ReportQueries } from "../store/report-queries.ts";
import type { TallyStore } from "../store/tally-store.ts";
import type { HttpAccess } from "./access-hooks.ts";
import type { CaseOffice } from "./case-routes.ts";
import type { EtcReception } from "./etc-routes.ts";
import type { FixReception } from "./fix-routes.ts";
import type { PlaceDesk } from "./place-routes.ts";
import type { PlaceNames } from "./session-routes.ts";
import type { DemoAccount } from "./session-sign-in-routes.ts";
import type { TerminalDesk } from "./terminal-routes.ts";
import type { TerminalMessages } from "../store/terminal-messages.ts";
import type { TrackStore } from "../tracks/track-store.ts";
import type { RuleDesk } from "../watch/rule-desk.ts";
import type { Watch } from "../watch/watch.ts";

/** What the API stands on. It asks and commands; it decides nothing. */
export interface ServerParts {
  city: CityView;
  ledger: LedgerQueries;
  watch: Watch;
  tracks: Pick<
    TrackStore,
    "items" | "vehicles" | "track" | "eachTrack" | "stretchesIn" | "eachStretch" | "copyToParquet" | "health"
  >;
  /** Null when no gateway runs. */
  gateway: (() => Readonly<Jt808Counters>) | null;
  /** Platforms of JT/T 809: `lower` forward to here, `upper` are forwarded to. Absent when there is no such link. */
  platforms?: { lower?: Pick<Jt809Server, "online" | "metrics"> | undefined; upper: readonly ForwarderView[] };
  ingest: IngestRates;
  /** Null when no positions are taken over HTTP. */
  fixes: FixReception | null;
  access: HttpAccess;
  /** How places are called, for who serves where. */
  names: PlaceNames;
  /** Empty but in the demo. */
  demoAccounts: readonly DemoAccount[];
  /** Absent when no cases are worked on here. */
  cases?: CaseOffice;
  /** Absent when no toll records are taken. */
  etc?: EtcReception;
  /** Absent when no terminals are commanded from here. */
  terminals?: TerminalDesk;
  /** Absent when what terminals say beside positions is not kept. */
  messages?: Pick<TerminalMessages, "page">;
  /** Absent when no places are kept. */
  places?: PlaceDesk;
  /** The city's clock, ms UTC. */
  cityTimeMs: () => number;
  /** Absent when the rule's versions are not kept here. */
  rules?: RuleDesk;
  /** What came in, by the hour; absent when it is not counted. */
  tallies?: Pick<TallyStore, "sums">;
  /** Of the disk that the data folder is on, bytes. */
  disk?: () => Promise<{ freeBytes: number; totalBytes: number }>;
  /** Absent when no reports are made here. */
  reports?: ReportQueries;
  /** File of a font with Chinese characters for reports on paper; one that is installed when not given. */
  reportFont?: string | undefined;
  /** How long passages are kept, ms; absent: for ever. */
  movementsKeptMs?: number;
}

export type ForwarderView = Pick<Jt809Forwarder, "accessCode" | "loggedIn" | "subLink" | "sent" | "confirmed">;

/** How fast fixes come in, over the last seconds. */
export interface IngestRates {
  fixesPerSecond(): number;
  /** The longest time from receipt to decision, ms; null when nothing came. */
  lagMs(): number | null;
}

export interface ServerOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Folder of the built console; without it `/` says how to build it. */
  consoleDir: string;
  log: FastifyBaseLogger;
  /** Addresses and networks of proxies that are believed who asks (`x-forwarded-for`); none when not given. */
  trustProxy?: readonly string[];
  /** Of one account, over a longer time. */
  requestsPerSecond?: number;
  limits?: Partial<HttpLimits>;
}

/** Bounds of the API. */
export interface HttpLimits {
  /** Largest body of a request, bytes: an area of some 50,000 positions. */
  bodyBytes: number;
  /** A request that is not complete after this is given up, ms. */
  requestMs: number;
  /** Open connections, streams included. */
  connections: number;
  /** Live streams at once. */
  streams: number;
  /** Bytes that may wait for a stream's reader before it gets nothing new until it has caught up. */
  streamBytes: number;
  /** A stream whose reader takes nothing for this long is ended, ms. */
  streamStallMs: number;
  /** How often positions and status are sent, ms. */
  streamTickMs: number;
}

export const HTTP_LIMITS: HttpLimits = {
  bodyBytes: 4 * 1024 * 1024,
  requestMs: 30_000,
  connections: 2000,
  streams: 200,
  streamBytes: 1024 * 1024,
  streamStallMs: 20_000,
  streamTickMs: 1000,
};
