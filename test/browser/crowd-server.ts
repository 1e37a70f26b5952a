import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { loadCity, viewCity } from "../../src/city/city.ts";
import type { Area } from "../../src/model/area.ts";
import type { Positions } from "../../src/model/vehicle.ts";
import type { Status } from "../../src/model/status.ts";

/**
 * Hands out the built console and moves any number of vehicles along the demo's roads, so that the page's own speed is
 * measured and not that of everything behind it. Everything else of the API is empty.
 */
export interface Crowd {
  url: string;
  /** False holds all of them where they are. */
  moves: boolean;
  close: () => Promise<void>;
}

const ROOT = join(import.meta.dirname, "../..");
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** @param moves false: every vehicle stands where it is, and is heard of all the same */
export async function startCrowd(vehicles: number, moves = true): Promise<Crowd> {
  const city = await loadCity(join(ROOT, "demo/xinxiang"), { startMs: Date.now() });
  const view = viewCity(city, null);
  const areas = city.areas.map((area): Area => ({
    id: area.id,
    version: 1,
    name: area.name ?? area.id,
    level: area.level,
    geometry: area.geometry,
    from: null,
    to: null,
    source: null,
    state: "published",
    publishedAt: new Date().toISOString(),
  }));
  const crowd = new MovingCrowd(
    city.roads.map(({ line }) => line),
    vehicles,
    moves,
  );
  const streams = new Set<ServerResponse>();
  const self: Crowd = {
    url: "",
    moves: true,
    close: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const timer = setInterval(() => {
    if (streams.size === 0) return;
    const positions = self.moves ? event("positions", crowd.step(false)) : "";
    const text = positions + event("status", status(vehicles));
    for (const stream of streams) stream.write(text);
  }, 1000);
  const answers: Record<string, unknown> = {
    "/city": view,
    "/me": {
      account: "desk",
      name: "值班员",
      person: null,
      duties: [],
      rights: ["watch", "areas", "cases"],
      purposes: [
        { id: "checkpoint", zh: "卡口查控", en: "Virtual checkpoints", classes: ["open", "identity", "track"] },
      ],
      purpose: "checkpoint",
      isDemo: true,
    },
    "/areas": { items: areas, next: null },
    "/gates/counts": {
      items: view.gates.map(({ id }, i) => ({ gate: id, inbound: 40 + i, outbound: 30 })),
      next: null,
    },
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path === "/api/v1/stream") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(event("status", status(vehicles)) + event("positions", crowd.step(true)));
      streams.add(response);
      response.on("close", () => streams.delete(response));
    } else if (path.startsWith("/api/v1/")) {
      json(response, answers[path.slice("/api/v1".length)] ?? { items: [], next: null });
    } else void page(request, response, path);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return self;
}

/** Vehicles on roads, at 40 to 100 km/h and ten times that on the map, so that all of them are seen to move. */
class MovingCrowd {
  readonly #roads: { line: [number, number][]; at: number[]; length: number }[];
  readonly #road: Uint16Array;
  readonly #place: Float64Array;
  readonly #speed: Float64Array;
  readonly #moves: boolean;

  constructor(lines: [number, number][][], count: number, moves: boolean) {
    this.#moves = moves;
    this.#roads = lines.map((line) => {
      const at = [0];
      for (let i = 1; i < line.length; i++)
        at.push(at[i - 1] + Math.hypot(line[i][0] - line[i - 1][0], line[i][1] - line[i - 1][1]));
      return { line, at, length: at.at(-1)! };
    });
    this.#road = Uint16Array.from({ length: count }, (_, i) => i % lines.length);
    this.#place = Float64Array.from(
      { length: count },
      (_, i) => ((i * 0.61803) % 1) * this.#roads[i % lines.length].length,
    );
    this.#speed = Float64Array.from({ length: count }, (_, i) => ((i * 0.377) % 1) * 0.0015 + 0.001).map((v, i) =>
      i % 2 === 0 ? v : -v,
    );
  }

  step(named: boolean): Positions {
    const count = this.#road.length;
    const positions: Positions = {
      number: [],
      timeMs: [],
      lonE6: [],
      latE6: [],
      headingDeg: [],
      state: [],
      vehicles: {},
    };
    for (let i = 0; i < count; i++) {
      const { line, at, length } = this.#roads[this.#road[i]];
      let place = this.#place[i] + (this.#moves ? this.#speed[i] : 0);
      if (place < 0 || place > length) {
        this.#speed[i] = -this.#speed[i];
        place = Math.min(length, Math.max(0, place));
      }
      this.#place[i] = place;
      const next = Math.max(
        1,
        at.findIndex((end) => end >= place),
      );
      const [a, b] = [line[next - 1], line[next]];
      const share = (place - at[next - 1]) / (at[next] - at[next - 1]);
      const sign = Math.sign(this.#speed[i]);
      positions.number.push(i);
      positions.timeMs.push(Date.now());
      positions.lonE6.push(Math.round((a[0] + (b[0] - a[0]) * share) * 1e6));
      positions.latE6.push(Math.round((a[1] + (b[1] - a[1]) * share) * 1e6));
      positions.headingDeg.push(
        (((Math.atan2((b[0] - a[0]) * sign * 0.82, (b[1] - a[1]) * sign) * 180) / Math.PI + 360) % 360) | 0,
      );
      positions.state.push(i % 400 === 0 ? 2 : i % 150 === 0 ? 1 : i % 333 === 0 ? 3 : 0);
      if (named) positions.vehicles[i] = `豫G${String(10_000 + i).padStart(5, "0")}_2`;
    }
    return positions;
  }
}

function status(vehicles: number): Status {
  const nowMs = Date.now();
  return {
    cityTimeMs: nowMs,
    eventTimeMs: nowMs,
    fixesPerSecond: vehicles,
    lagMs: 40,
    connections: vehicles,
    terminalsWaiting: 0,
    health: { state: "ok", reasons: [] },
  };
}

function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function page(_request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const name = extname(path) === "" ? "/index.html" : path;
  try {
    const body = await readFile(join(ROOT, "dist/web", name));
    response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream" }).end(body);
  } catch {
    response.writeHead(404).end();
  }
}
