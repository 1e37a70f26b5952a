import Fastify, { LogController, type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { WuxingError } from "../model/errors.ts";
import { limitRates } from "./access-rates.ts";
import { guardRoutes, noteShown } from "./access-hooks.ts";
import { documentApi } from "./api-document.ts";
import { accountRoutes } from "./account-routes.ts";
import { accountViewRoutes } from "./account-view-routes.ts";
import { auditRoutes } from "./audit-routes.ts";
import { areaImportRoutes } from "./area-import-routes.ts";
import { areaRoutes } from "./area-routes.ts";
import { officeRoutes } from "./office-routes.ts";
import { serveConsole } from "./console-pages.ts";
import { answerErrors } from "./error-answer.ts";
import { exportLists } from "./export-lists.ts";
import { dutyRoutes } from "./duty-routes.ts";
import { etcRoutes } from "./etc-routes.ts";
import { fixRoutes } from "./fix-routes.ts";
import { findingRoutes } from "./finding-routes.ts";
import { historyRoutes } from "./history-routes.ts";
import { LiveStream } from "./live-stream.ts";
import { createMetrics } from "./metrics.ts";
import { setPageHeaders } from "./page-headers.ts";
import { HTTP_LIMITS, type ServerOptions, type ServerParts } from "./parts.ts";
import { positionsAtRoutes } from "./positions-at-routes.ts";
import { messageRoutes } from "./message-routes.ts";
import { previewRoutes } from "./preview-routes.ts";
import { passwordRoutes } from "./password-routes.ts";
import { personRoutes } from "./person-routes.ts";
import { homeRoutes } from "./home-routes.ts";
import { placeRoutes } from "./place-routes.ts";
import { readingRoutes } from "./reading-routes.ts";
import { reportRoutes } from "./report-routes.ts";
import { ruleRoutes } from "./rule-routes.ts";
import { factorRoutes } from "./session-factor-routes.ts";
import { openIdRoutes } from "./session-openid-routes.ts";
import { sessionRoutes } from "./session-routes.ts";
import { signInRoutes } from "./session-sign-in-routes.ts";
import { streamRoutes } from "./stream-routes.ts";
import { machineRoutes, systemRoutes } from "./system-routes.ts";
import { terminalRoutes } from "./terminal-routes.ts";
import { vehicleRoutes } from "./vehicle-routes.ts";

export interface HttpServer {
  /** Where it listens, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Ends the live streams with a last event, answers what is under way, and stops. */
  close(): Promise<void>;
}

/** Longest id of ours is 64 characters, each up to 12 characters as percent-encoded UTF-8. */
const PARAM_LENGTH_MAX = 800;

/**
 * Starts the API, its document, the live stream and the console.
 *
 * @throws WuxingError PORT_IN_USE, CONFIG_INVALID when the address cannot be listened on
 */
export async function startHttpServer(parts: ServerParts, options: ServerOptions): Promise<HttpServer> {
  const limits = { ...HTTP_LIMITS, ...options.limits };
  const app = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: 65_000,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    trustProxy: options.trustProxy === undefined || options.trustProxy.length === 0 ? false : [...options.trustProxy],
  });
  app.server.maxConnections = limits.connections;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  setPageHeaders(app, parts.city.tiles);

  const stream = new LiveStream(parts, limits);
  app.addHook("preClose", async () => stream.close());
  const rates = limitRates(app, options.requestsPerSecond ?? REQUESTS_PER_SECOND);
  const metrics = createMetrics(app, { parts, streams: stream, turnedAway: rates.counts });
  guardRoutes(app, parts.access);
  rates.byAccount();
  await documentApi(app, VERSION);
  exportLists(app, parts.city.timeZone, (request, page) => noteShown(parts.access.audit, request, page));
  const api = app.withTypeProvider<ZodTypeProvider>();
  await api.register(machineRoutes(parts, metrics));
  for (const routes of [
    sessionRoutes(parts.access, parts.names),
    signInRoutes(parts.access, parts.demoAccounts),
    factorRoutes(parts.access),
    passwordRoutes(parts.access),
    ...(parts.access.openId === null ? [] : [openIdRoutes(parts.access, parts.access.openId)]),
    accountRoutes(parts.access),
    accountViewRoutes(parts.access, parts.names),
    auditRoutes(parts.access.kysely),
    personRoutes(parts.access.persons),
    systemRoutes(parts),
    areaRoutes(parts),
    areaImportRoutes(parts),
    previewRoutes(parts),
    positionsAtRoutes(parts),
    vehicleRoutes(parts),
    historyRoutes(parts),
    readingRoutes(parts.tracks),
    findingRoutes(parts),
    streamRoutes(stream),
    ...(parts.fixes === null ? [] : [fixRoutes(parts.fixes)]),
    ...(parts.cases === undefined ? [] : officeRoutes(parts.cases)),
    ...(parts.places === undefined
      ? []
      : [placeRoutes(parts.places), dutyRoutes(parts.places), homeRoutes(parts.places)]),
    ...(parts.rules === undefined ? [] : [ruleRoutes(parts.rules)]),
    ...(parts.reports === undefined ? [] : [reportRoutes(parts, parts.reports)]),
    ...(parts.etc === undefined ? [] : [etcRoutes(parts.etc)]),
    ...(parts.terminals === undefined ? [] : [terminalRoutes(parts.terminals)]),
    ...(parts.messages === undefined ? [] : [messageRoutes(parts.messages)]),
  ]) {
    await api.register(routes, { prefix: "/api/v1" });
  }
  await serveConsole(app, options.consoleDir);
  const url = await listen(app, options);
  return { url, close: () => app.close() };
}

const VERSION = "1";
/** Of one account: a console that is opened asks for some forty things at once, then for a few a second. */
const REQUESTS_PER_SECOND = 50;

async function listen(app: FastifyInstance, { host, port }: ServerOptions): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    await app.close();
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EADDRINUSE") throw new WuxingError("PORT_IN_USE", `HTTP, ${host}:${port}`, [], { cause: error });
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw new WuxingError("CONFIG_INVALID", `HTTP cannot listen on ${host}:${port} (${code})`, [], { cause: error });
  }
}
