import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectTerminal, type RawTerminal } from "../../test/counterpart/raw-terminal.ts";
import { startJt808Server, type Jt808Server } from "../gateway/jt808-server.ts";
import { openTrackStore, type TrackStore } from "../tracks/track-store.ts";
import { encodeLocationReport } from "../wire/jt808/0200-location-report.ts";
import { BatchType, encodeLocationBatch } from "../wire/jt808/0704-location-batch.ts";
import { answerErrors } from "./error-answer.ts";
import { readingRoutes } from "./reading-routes.ts";

const NOW = Math.floor(Date.now() / 1000) * 1000 - 60_000;
const PLACE = { latitude: 35.303, longitude: 113.9268 };

let dir: string;
let tracks: TrackStore;
let gateway: Jt808Server;
let app: FastifyInstance;
let truck: RawTerminal;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "wuxing-readings-"));
  tracks = await openTrackStore({ dir, compactEveryMs: null, gatherMs: 1 });
  gateway = await startJt808Server({
    host: "127.0.0.1",
    port: 0,
    secret: "a secret of these tests",
    sink: {
      vehicleNumber: ({ vehicle, ...facts }) => tracks.vehicles.numberOf(vehicle, facts),
      append: async (batch) => void (await tracks.append(batch)),
    },
  });
  truck = await connectTerminal(gateway.port, "13900000001");
  await truck.logIn();
  app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  await app.register(readingRoutes(tracks));
});
afterEach(async () => {
  truck.socket.destroy();
  await gateway.close();
  await app.close();
  await tracks.close();
  rmSync(dir, { recursive: true, force: true });
});

async function readings(query = ""): Promise<any> {
  const response = await app.inject({
    method: "GET",
    url: `/vehicles/${encodeURIComponent("豫G12345_2")}/readings${query}`,
  });
  return response.json();
}

it("shows what a terminal reported beside its positions: understood where it can be, and every byte of it", async () => {
  const items = [
    { id: 0x01, value: Buffer.from("0001e240", "hex") },
    { id: 0x02, value: Buffer.from("01f4", "hex") },
    { id: 0x30, value: Buffer.from("19", "hex") },
    { id: 0x31, value: Buffer.from("0c", "hex") },
    { id: 0xeb, value: Buffer.from("000c00b2898604ffffffffffffff", "hex") },
    { id: 0x77, value: Buffer.alloc(255, 0x7e) },
  ];
  expect(await truck.resultOf(truck.report({ ...PLACE, timeMs: NOW, items }))).toBe(0);
  expect(await truck.resultOf(truck.report({ ...PLACE, timeMs: NOW + 1000 }))).toBe(0);
  const cutShort = Buffer.concat([
    encodeLocationReport({ ...PLACE, timeMs: NOW + 2000 }),
    Buffer.from("01ff00", "hex"),
  ]);
  expect(await truck.resultOf(truck.send(0x0200, cutShort))).toBe(0);
  const stored = [-3000, -2000].map((ms) => ({
    ...PLACE,
    timeMs: NOW + ms,
    extras: { mileageKm: 12_000 + ms / 1000 },
  }));
  expect(await truck.resultOf(truck.send(0x0704, encodeLocationBatch(BatchType.stored, stored)))).toBe(0);

  const { items: shown } = await readings();
  expect(shown).toMatchObject([
    { at: new Date(NOW + 2000).toISOString(), items: [], rest: "01ff00" },
    { at: new Date(NOW).toISOString(), mileageKm: 12_345.6, fuelL: 50, rssi: 25, satellites: 12 },
    { at: new Date(NOW - 2000).toISOString(), mileageKm: 11_998 },
    { at: new Date(NOW - 3000).toISOString(), mileageKm: 11_997 },
  ]);
  expect(shown[1].items).toEqual(
    items.map(({ id, value }) => ({ id: `0x${id.toString(16).padStart(2, "0")}`, hex: value.toString("hex") })),
  );
  await tracks.compact(true);
  expect((await readings()).items).toEqual(shown);
  const before = `?to=${encodeURIComponent(shown[1].at)}&limit=1`;
  expect((await readings(before)).items).toMatchObject([{ mileageKm: 11_998 }]);
  expect(await app.inject({ url: "/vehicles/nobody/readings" })).toMatchObject({ statusCode: 404 });
});
