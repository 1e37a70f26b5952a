import { randomBytes } from "node:crypto";
import { mkdir, readFile, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino, type Logger } from "pino";
import { loadCity, viewCity, type City } from "../city/city.ts";
import type { EtcReception } from "../http/etc-routes.ts";
import type { Jt808Counters } from "../gateway/counters.ts";
import type { IngestSink } from "../gateway/ingest-sink.ts";
import type { Jt808Server } from "../gateway/jt808-server.ts";
import type { Jt809Forwarder } from "../gateway/jt809-forwarder.ts";
import type { Jt809Server } from "../gateway/jt809-server.ts";
import { startMqttServer } from "../gateway/mqtt-server.ts";
import { PositionIntake } from "../gateway/position-intake.ts";
import { addSource, readSourceKeys } from "../gateway/source-keys.ts";
import type { Terminal } from "../gateway/terminal-register.ts";
import type { PlaceDesk } from "../http/place-routes.ts";
import type { HttpAccess } from "../http/access-hooks.ts";
import type { CaseOffice } from "../http/case-routes.ts";
import type { PlaceNames } from "../http/session-routes.ts";
import type { DemoAccount } from "../http/session-sign-in-routes.ts";
import type { FixReception } from "../http/fix-routes.ts";
import { startHttpServer, type HttpServer } from "../http/server.ts";
import { WuxingError } from "../model/errors.ts";
import type { Rule } from "../model/rule.ts";
import { startFleetProcess, type FleetProcess } from "../simulate/fleet-process.ts";
import { keepTiming, type FleetTiming } from "../simulate/fleet-timing.ts";
import { openDatabase, type Database } from "../store/database.ts";
import { openLedger, type Ledger } from "../store/ledger.ts";
import type { ReportQueries } from "../store/report-queries.ts";
import type { TallyStore } from "../store/tally-store.ts";
import type { TerminalMessages } from "../store/terminal-messages.ts";
import { openTrackStore, type Stretch, type TrackStore } from "../tracks/track-store.ts";
import { keptStretches } from "../watch/kept-stretches.ts";
import { openWatch } from "../watch/open-watch.ts";
import type { RuleDesk } from "../watch/rule-desk.ts";
import type { Watch } from "../watch/watch.ts";
import { followLocked } from "./follow-locked.ts";
import { forgetOld } from "./forget-old.ts";
import { openOffice, type Office } from "./open-office.ts";
import { openPlaces } from "./open-places.ts";
import { readOpenId } from "./open-id-settings.ts";
import { IngestMeter } from "./ingest-meter.ts";
import { tallyIntake } from "./intake-tally.ts";
import { openEtc } from "./open-etc.ts";
import { loadRule, loadRuleVersion, openRulesAndReports } from "./open-rules.ts";
import { openTerminals } from "./open-terminals.ts";
import type { Settings } from "./settings.ts";
import { forwardToUpperPlatforms } from "./upper-platforms.ts";

/** A platform that runs. */
export interface Platform {
  /** Where the console and the API are. */
  readonly url: string;
  readonly jt808Port: number;
  /** Resolves with the reason when a part that the platform needs has ended by itself. */
  readonly failed: Promise<Error>;
  /** Lets what is under way finish, in the order of the way of the data, and ends. */
  close(): Promise<void>;
}

const DEMO_CITY = fileURLToPath(new URL("../../demo/xinxiang", import.meta.url));
/** Beside `src/` in a checkout, inside `dist/` when built. */
const CONSOLE = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../../dist/web" : "../web", import.meta.url));
const DAY_MS = 86_400_000;

/**
 * Puts the platform together: stores, matching, gateway, API, and for a demo its fleet. Everything that was opened is closed again when
 * a later part cannot start.
 * @param compactEveryMs how often closed hours of fixes go to files and old ones are deleted; default a minute
 * @throws WuxingError PORT_IN_USE, DATA_LOCKED, DATA_UNREADABLE, CITY_INVALID, CONFIG_INVALID
 */
export async function startPlatform(settings: Settings, compactEveryMs?: number): Promise<Platform> {
  const parts = new Parts(settings, compactEveryMs);
  try {
    await parts.open();
  } catch (error) {
    await parts.close();
    throw error;
  }
  return parts;
}

class Parts implements Platform {
  readonly #settings: Settings;
  readonly #dir: string;
  readonly #log: Logger;
  readonly #meter = new IngestMeter();
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #failure = Promise.withResolvers<Error>();
  /** What retention must leave; nothing is deleted before matching is where the stores are. */
  #kept: () => Promise<Stretch[]> = () => Promise.reject(new Error("matching has not been taken up yet"));
  readonly #compactEveryMs: number | undefined;
  #cityTimeMs: (() => number) | undefined;
  #http: HttpServer | undefined;
  #gateway: Jt808Server | undefined;
  #messages: TerminalMessages | undefined;
  #platforms: Jt809Server | undefined;
  #forwarders: readonly Jt809Forwarder[] = [];
  #fleet: FleetProcess | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings, compactEveryMs: number | undefined) {
    this.#settings = settings;
    this.#compactEveryMs = compactEveryMs;
    // A demo never writes among a city's own data.
    this.#dir = settings.demo ? join(settings.data, "demo") : settings.data;
    this.#log = pino({ level: settings.logLevel }, pino.destination(2));
  }

  get url(): string {
    return this.#http!.url.replace("127.0.0.1", "localhost");
  }

  get jt808Port(): number {
    return this.#gateway!.port;
  }

  get failed(): Promise<Error> {
    return this.#failure.promise;
  }

  async open(): Promise<void> {
    const { demo, city: cityDir, databaseUrl } = this.#settings;
    const dir = demo ? (cityDir ?? DEMO_CITY) : cityDir;
    if (dir === undefined) {
      throw new WuxingError("CONFIG_INVALID", "no city", [
        { where: "--city", expected: "the city's folder (docs/city.md), or --demo for Xinxiang" },
      ]);
    }
    await this.#prepareFolder();
    const tracks = await this.#openTracks();
    const database = await openDatabase(databaseUrl === undefined ? { dir: this.#dir } : { url: databaseUrl });
    this.#closers.push(() => database.close());
    const ledger = await openLedger(database);
    const lastFixMs = await newestFixMs(tracks);
    const timing = demo ? await this.#timing(lastFixMs) : undefined;
    const city = await loadCity(dir, timing === undefined ? {} : { startMs: timing.startMs });
    const beginMs = Math.max(timing?.startMs ?? 0, lastFixMs ?? 0);
    this.#cityTimeMs = timing === undefined ? Date.now : () => this.#fleet?.cityTimeMs() ?? beginMs;
    const places = await openPlaces(database, dir, () => this.#cityTimeMs!());
    const rule = await loadRule(database, this.#cityTimeMs());
    const watch = await this.#openWatch(tracks, ledger, city, rule);
    await publishFirstAreas(city, ledger, watch);
    this.#gateway = await this.#openGateway(tracks, watch, database);
    const office = await openOffice({
      dir: this.#dir,
      database,
      ledger,
      watch,
      tracks,
      places,
      terminals: () => this.#gateway!,
      secret: await this.#secret(),
      ruleOf: (version) => loadRuleVersion(database, version),
      openId: await readOpenId(this.#settings),
      publicUrl: this.#settings.publicUrl ?? null,
      isDemo: demo,
      now: this.#cityTimeMs,
      log: this.#log,
    });
    this.#closers.push(office.close);
    this.#forgetOld(database, tracks, office);
    const unfollow = await followLocked(ledger, this.#gateway);
    this.#closers.push(async () => unfollow());
    const findTerminal = (phone: string): Terminal | undefined => this.#gateway!.findTerminal(phone);
    const forwarding = await forwardToUpperPlatforms(this.#dir, tracks, findTerminal, this.#log);
    this.#closers.push(forwarding.close);
    this.#forwarders = forwarding.forwarders;
    const toll = timing === undefined ? undefined : await this.#demoKey();
    const etc = await openEtc({
      dir: this.#dir,
      database,
      ledger,
      watch,
      city,
      rule,
      now: this.#cityTimeMs,
      log: this.#log,
    });
    this.#closers.push(etc.close);
    const desk = openRulesAndReports({ database, ledger, tracks, city, running: rule, now: this.#cityTimeMs });
    this.#closers.push(() => desk.rules.close());
    const gateway = (): Readonly<Jt808Counters> => this.#gateway!.metrics();
    const tally = { tallies: desk.tallies, watch, gateway, cityTimeMs: this.#cityTimeMs, log: this.#log };
    this.#closers.push(tallyIntake(tally));
    this.#http = await this.#openHttp({ ...office, ...desk, city, ledger, watch, tracks, places, etc: etc.reception });
    if (!demo && (await office.access.desk.countAccounts()) === 0)
      this.#log.warn({}, "nobody can sign in yet: wuxing account add NAME --desk --city DIR, or --role administrator");
    if (timing !== undefined) this.#startFleet(dir, timing, lastFixMs, toll);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    // In the reverse order of opening: first nothing comes in any more, last the stores are closed.
    for (const close of this.#closers.splice(0).toReversed()) {
      try {
        await close();
      } catch (error) {
        this.#log.error({ error }, "a part could not be closed");
      }
    }
  }

  async #prepareFolder(): Promise<void> {
    try {
      await mkdir(this.#dir, { recursive: true });
    } catch (error) {
      throw new WuxingError("DATA_UNREADABLE", `${this.#dir} (${(error as NodeJS.ErrnoException).code})`, [], {
        cause: error,
      });
    }
  }

  async #openTracks(): Promise<TrackStore> {
    const { retentionDays } = this.#settings;
    const tracks = await openTrackStore({
      dir: join(this.#dir, "tracks"),
      retentionMs: retentionDays * DAY_MS,
      compactEveryMs: this.#compactEveryMs,
      keep: () => this.#kept(),
    });
    this.#closers.push(() => tracks.close());
    return tracks;
  }

  async #openWatch(tracks: TrackStore, ledger: Ledger, city: City, rule: Rule): Promise<Watch> {
    const { fence, gates } = city;
    const now = this.#cityTimeMs!;
    const watch = await openWatch({ tracks, ledger, city: { fence, gates }, rule, now, log: this.#log });
    this.#closers.push(() => watch.close());
    this.#kept = () => keptStretches({ ledger, tracks, cityTimeMs: watch.status().eventTimeMs, rule });
    return watch;
  }

  async #openGateway(tracks: TrackStore, watch: Watch, database: Database): Promise<Jt808Server> {
    const { gateway, messages, platforms, close } = await openTerminals({
      dir: this.#dir,
      settings: this.#settings,
      database,
      sink: this.#sink(tracks, watch),
      vehicleId: (vehicle) => tracks.vehicles.idOf(vehicle),
      secret: await this.#secret(),
      log: this.#log,
    });
    this.#closers.push(close);
    this.#messages = messages;
    this.#platforms = platforms;
    return gateway;
  }

  /** Beside the tracks, which do so themselves, every class of data is deleted when its time is over. */
  #forgetOld({ kysely }: Database, tracks: TrackStore, { cases }: Pick<Office, "cases">): void {
    const { retentionDays, movementDays, findingDays } = this.#settings;
    const stop = forgetOld({
      kysely,
      completeSinceMs: () => tracks.completeSinceMs,
      messages: this.#messages!,
      attachments: cases.attachments,
      keptMs: { tracks: retentionDays * DAY_MS, movements: movementDays * DAY_MS, findings: findingDays * DAY_MS },
      // A demo's clock may be behind the computer's.
      now: () => Math.min(Date.now(), this.#cityTimeMs!()),
      log: this.#log,
      ...(this.#compactEveryMs !== undefined && { everyMs: this.#compactEveryMs }),
    });
    this.#closers.push(stop);
  }

  /** Everything that comes in takes this way: durable, then matched, then acknowledged. */
  #sink(tracks: TrackStore, watch: Watch): IngestSink {
    const meter = this.#meter;
    return {
      vehicleNumber: ({ vehicle, ...facts }) => tracks.vehicles.numberOf(vehicle, facts),
      append: async (batch) => {
        const position = await tracks.append(batch);
        watch.ingest(batch, position);
        meter.count(batch, Date.now());
      },
    };
  }

  async #openHttp(parts: {
    rules: RuleDesk;
    reports: ReportQueries;
    tallies: TallyStore;
    city: City;
    ledger: Ledger;
    watch: Watch;
    tracks: TrackStore;
    places: PlaceDesk;
    etc: EtcReception;
    access: HttpAccess;
    cases: CaseOffice;
    names: PlaceNames;
    demoAccounts: readonly DemoAccount[];
  }): Promise<HttpServer> {
    const fixes = await this.#openIntake(parts.tracks, parts.watch);
    const { http, httpHost, tiles, reportFont, movementDays, trustProxy, requestsPerSecond } = this.#settings;
    const server = await startHttpServer(
      {
        ...parts,
        reportFont,
        movementsKeptMs: movementDays * DAY_MS,
        city: viewCity(parts.city, tiles ?? null),
        gateway: () => this.#gateway!.metrics(),
        platforms: { lower: this.#platforms, upper: this.#forwarders },
        terminals: this.#gateway!,
        messages: this.#messages!,
        ingest: this.#meter,
        cityTimeMs: this.#cityTimeMs!,
        disk: () => diskOf(this.#dir),
        fixes,
      },
      { host: httpHost, port: http, consoleDir: CONSOLE, log: this.#log, trustProxy, requestsPerSecond },
    );
    this.#closers.push(() => server.close());
    return server;
  }

  /** Positions of sources with a key, over HTTP and, when it is told to, MQTT. */
  async #openIntake(tracks: TrackStore, watch: Watch): Promise<FixReception> {
    const { mqtt, mqttHost } = this.#settings;
    const sources = await readSourceKeys(join(this.#dir, "sources.json"));
    const intake = new PositionIntake(this.#sink(tracks, watch));
    if (mqtt === undefined) return { sources, intake };
    const server = await startMqttServer({ host: mqttHost, port: mqtt, sources, intake, log: this.#log });
    this.#closers.push(() => server.close());
    return { sources, intake, mqtt: () => server.metrics() };
  }

  #startFleet(cityDir: string, timing: FleetTiming, lastFixMs: number | null, tollKey: string | undefined): void {
    const { demoTrucks } = this.#settings;
    const fleet = startFleetProcess({
      cityDir,
      host: "127.0.0.1",
      port: this.jt808Port,
      timing,
      lastFixMs,
      ...(tollKey === undefined ? {} : { toll: { url: this.#http!.url, key: tollKey } }),
      ...(demoTrucks === undefined ? {} : { trucks: demoTrucks }),
    });
    this.#fleet = fleet;
    this.#closers.push(() => fleet.stop());
    void fleet.ended.then((failure) => failure !== undefined && this.#failure.resolve(failure));
  }

  async #timing(lastFixMs: number | null): Promise<FleetTiming> {
    return keepTiming(this.#dir, Date.now(), lastFixMs, { speed: this.#settings.demoSpeed });
  }

  /** The key with which the demo's gantries send their records; another one at every start. */
  #demoKey(): Promise<string> {
    return addSource(join(this.#dir, "sources.json"), "demo-toll", "wgs84", ["etc"]);
  }

  /** The secret of the terminals' authentication codes, made once for a data folder. */
  async #secret(): Promise<string> {
    const path = join(this.#dir, "secret");
    try {
      return (await readFile(path, "utf8")).trim();
    } catch {
      const secret = randomBytes(32).toString("base64url");
      await writeFile(path, `${secret}\n`, { mode: 0o600, flag: "wx" });
      return secret;
    }
  }
}

async function newestFixMs(tracks: TrackStore): Promise<number | null> {
  const { length, timeMs } = await tracks.lastPositions();
  let newest: number | null = null;
  for (let row = 0; row < length; row++) if (newest === null || timeMs[row]! > newest) newest = timeMs[row]!;
  return newest;
}

async function diskOf(dir: string): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(dir);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** The city's own areas are published once, when nothing has been published yet. */
async function publishFirstAreas(city: City, ledger: Ledger, watch: Watch): Promise<void> {
  if ((await ledger.allAreas()).length > 0) return;
  for (const area of city.areas) await watch.publishArea(area);
}
