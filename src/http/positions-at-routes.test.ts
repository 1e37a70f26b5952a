import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Exposure, Lock } from "../model/finding.ts";
import { createFixBatch } from "../model/fix.ts";
import type { Positions } from "../model/vehicle.ts";
import { openTrackStore, type TrackStore } from "../tracks/track-store.ts";
import { answerErrors } from "./error-answer.ts";
import { positionsAtRoutes } from "./positions-at-routes.ts";

const NOON_MS = Date.UTC(2022, 4, 10, 4);
const app = Fastify();
let dir: string;
let tracks: TrackStore;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "wuxing-positions-"));
  tracks = await openTrackStore({ dir, compactEveryMs: null, retentionMs: null, gatherMs: 1 });
  // `[minute, longitude, latitude, flags]`
  await add("豫G00001_2", [
    [-30, 113.8, 35.3],
    [-2, 113.9, 35.3],
    [-1, 113.9, 35.31],
    [0.5, 114, 35.31],
  ]);
  await add("豫G00002_2", [[-11, 113.7, 35.3]]);
  await add("豫G00003_2", [
    [-3, 113.6, 35.3],
    [-1, 0, 0, 255],
  ]);
  await add("豫G00004_2", [[0, 113.5, 35.3]]);
  const page =
    <Item>(items: Item[]) =>
    async () => ({ items, next: null });
  const ledger = {
    exposures: page([
      { vehicle: "豫G00003_2", exposedAt: at(-60) } as Exposure,
      { vehicle: "豫G00004_2", exposedAt: at(5) } as Exposure,
    ]),
    locks: page([
      { vehicle: "豫G00001_2", lockedAt: at(-20), expiresAt: at(20_000), release: { at: at(-10) } } as Lock,
      { vehicle: "豫G00003_2", lockedAt: at(10), expiresAt: at(20_000), release: null } as Lock,
    ]),
  };
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  await app.register(positionsAtRoutes({ tracks, ledger } as unknown as Parameters<typeof positionsAtRoutes>[0]));
});
afterAll(async () => {
  await app.close();
  await tracks?.close();
  await rm(dir, { recursive: true, force: true });
});

function at(minute: number): string {
  return new Date(NOON_MS + minute * 60_000).toISOString();
}

async function add(id: string, fixes: readonly (readonly [number, number, number, number?])[]): Promise<void> {
  const batch = createFixBatch(fixes.length);
  batch.length = fixes.length;
  for (const [row, [minute, lon, lat, flags]] of fixes.entries()) {
    batch.vehicle[row] = tracks.vehicles.numberOf(id);
    batch.timeMs[row] = NOON_MS + minute * 60_000;
    batch.lonE6[row] = Math.round(lon * 1e6);
    batch.latE6[row] = Math.round(lat * 1e6);
    batch.flags[row] = flags ?? 0;
  }
  await tracks.append(batch);
}

async function positions(instant: string): Promise<Record<string, (number | string)[]>> {
  const answer = await app.inject({ url: `/positions?at=${encodeURIComponent(instant)}` });
  expect(answer.statusCode).toBe(200);
  const found = answer.json<Positions>();
  return Object.fromEntries(
    found.number.map((number, row) => [
      found.vehicles[number],
      [
        (found.timeMs[row] - NOON_MS) / 60_000,
        found.lonE6[row] / 1e6,
        found.headingDeg[row],
        ["ordinary", "exposed", "locked", "released"][found.state[row]],
      ],
    ]),
  );
}

it("gives every vehicle's last usable fix up to the instant, its way and its state then", async () => {
  expect(await positions(at(0))).toEqual({
    豫G00001_2: [-1, 113.9, 0, "released"],
    // Silent for longer than ten minutes: not shown.
    豫G00003_2: [-3, 113.6, -1, "exposed"],
    豫G00004_2: [0, 113.5, -1, "ordinary"],
  });
  expect(await positions(at(-10))).toMatchObject({ 豫G00002_2: [-11, 113.7, -1, "ordinary"] });
  expect(await positions(at(1))).toMatchObject({ 豫G00001_2: [0.5, 114, 90, "released"] });
});

it("refuses what is no instant", async () => {
  expect((await app.inject({ url: "/positions?at=yesterday" })).statusCode).toBe(400);
});
