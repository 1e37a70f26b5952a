import { expect, test } from "vitest";
import { createFixBatch } from "../model/fix.ts";
import { PackedTracks } from "./packed-tracks.ts";
import { randomOf } from "./wandering-for-tests.ts";

test("a packed track gives back exactly the fixes of any span, ties, jumps and long silences included", () => {
  const random = randomOf(5);
  const tracks = new PackedTracks();
  const all: { vehicle: number; timeMs: number; lonE6: number; latE6: number }[] = [];
  for (let vehicle = 0; vehicle < 40; vehicle += 1 + Math.floor(3 * random())) {
    const track = createFixBatch(1000);
    track.length = 1 + Math.floor(random() ** 2 * 999);
    let timeMs = Date.UTC(2021, 10, 6) + Math.floor(random() * 1e6);
    let [lonE6, latE6] = [114_000_000, 35_000_000];
    for (let row = 0; row < track.length; row++) {
      const chance = random();
      timeMs += chance < 0.1 ? 0 : chance < 0.8 ? 30_000 : Math.floor(10 ** (12 * random()));
      // From the end of the world to the other, as a broken receiver may say.
      lonE6 = random() < 0.02 ? Math.floor((random() - 0.5) * 2 ** 32) : lonE6 + Math.floor((random() - 0.5) * 200);
      latE6 = random() < 0.02 ? Math.floor((random() - 0.5) * 2 ** 32) : latE6 + Math.floor((random() - 0.5) * 20_000);
      track.timeMs[row] = timeMs;
      track.lonE6[row] = lonE6;
      track.latE6[row] = latE6;
      [lonE6, latE6] = [track.lonE6[row], track.latE6[row]];
      all.push({ vehicle, timeMs, lonE6, latE6 });
    }
    tracks.add(vehicle, track);
  }
  tracks.trim();
  expect(tracks.fixes).toBe(all.length);
  let read = 0;
  for (let round = 0; round < 500; round++) {
    const vehicle = Math.floor(random() * 45);
    const own = all.filter((fix) => fix.vehicle === vehicle);
    const bound = (): number => (own[Math.floor(random() * own.length)]?.timeMs ?? 0) + Math.floor(3 * random()) - 1;
    const [fromMs, toMs] = round % 10 === 0 ? [-Infinity, Infinity] : [bound(), bound()];
    const found = tracks.read(vehicle, fromMs, toMs, createFixBatch(0));
    const rows = Array.from({ length: found.length }, (_, row) => ({
      vehicle: found.vehicle[row],
      timeMs: found.timeMs[row],
      lonE6: found.lonE6[row],
      latE6: found.latE6[row],
    }));
    expect(rows).toEqual(own.filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs));
    const span = own.length === 0 ? undefined : { firstMs: own[0].timeMs, lastMs: own[own.length - 1].timeMs };
    expect(tracks.spanOf(vehicle)).toEqual(span);
    read += rows.length;
  }
  expect(read).toBeGreaterThan(5000);
});
