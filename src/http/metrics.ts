import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { FastifyInstance } from "fastify";
import { METRICS, type MetricSource, type MetricRow } from "./metric-table.ts";

export interface MetricsPage {
  readonly contentType: string;
  text(): Promise<string>;
}

/**
 * Prometheus metrics: those of `METRICS`, read from the running parts when they are asked for; the time of each
 * request by route; and those of the process that prom-client brings (`process_…`, `nodejs_…`).
 */
export function createMetrics(app: FastifyInstance, source: MetricSource): MetricsPage {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const row of METRICS) register(registry, row, source);
  const requestSeconds = new Histogram({
    name: "wuxing_http_request_seconds",
    help: REQUEST_SECONDS_HELP,
    labelNames: ["method", "route", "status"],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    requestSeconds.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
  });
  return { contentType: registry.contentType, text: () => registry.metrics() };
}

const REQUEST_SECONDS_HELP = "Time from a request to the end of its answer, by route";

/** docs/metrics.md, from the same table. */
export function metricsMarkdown(): string {
  const rows = METRICS.map(
    ({ name, type, label, zh, en }) => `| \`${name}\` | ${type} | ${label ?? ""} | ${en} | ${zh} |`,
  );
  return [
    "# Metrics",
    "",
    "`GET /metrics` gives these in Prometheus' text form, besides those of the process (`process_…`, `nodejs_…`). This page is made by",
    "`npm run -s wuxing -- settings --metrics` from the one table in `src/http/metric-table.ts`; a test compares them.",
    "",
    "| name | type | label | is | 含义 |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    `| \`wuxing_http_request_seconds\` | histogram | method, route, status | ${REQUEST_SECONDS_HELP} | 每个接口的请求耗时 |`,
    "",
  ].join("\n");
}

function register(registry: Registry, { name, type, label, en, read }: MetricRow, source: MetricSource): void {
  const labelNames = label === undefined ? [] : [label];
  if (type === "gauge") {
    new Gauge({
      name,
      help: en,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, amount] of Object.entries(valuesOf(read(source)))) this.set(labelled(label, value), amount);
      },
    });
    return;
  }
  // The parts count by themselves; what has been added here is what they showed the last time.
  const shown = new Map<string, number>();
  new Counter({
    name,
    help: en,
    labelNames,
    registers: [registry],
    collect() {
      for (const [value, amount] of Object.entries(valuesOf(read(source)))) {
        this.inc(labelled(label, value), Math.max(0, amount - (shown.get(value) ?? 0)));
        shown.set(value, amount);
      }
    },
  });
}

function valuesOf(read: number | Readonly<Record<string, number>> | null): Readonly<Record<string, number>> {
  return read === null ? {} : typeof read === "number" ? { "": read } : read;
}

function labelled(label: string | undefined, value: string): Record<string, string> {
  return label === undefined ? {} : { [label]: value };
}
