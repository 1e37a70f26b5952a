import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { FIX_UNUSABLE } from "../model/fix.ts";
import { vehicleStateSchema, type Positions } from "../model/vehicle.ts";
import type { PlaceTrack } from "../tracks/track-store.ts";
import { answer, instantQuery } from "./lists.ts";
import type { ServerParts } from "./parts.ts";

/** A vehicle without a fix for so long before the instant is not shown, ms: the rule's longest gap and as much again. */
const BEFORE_MS = 600_000;
/** Vehicles of one answer. */
const VEHICLES_MAX = 50_000;
/** Vehicles of one pass over the files. */
const SLICE = 2000;
/** Locks and exposures that are looked at for the states; more are not in sight of one desk. */
const FINDINGS_MAX = 1000;

const positionsAtSchema = z.object({
  at: z.iso.datetime(),
  number: z.array(z.int()).describe("The vehicle's number on this server"),
  timeMs: z.array(z.int()),
  lonE6: z.array(z.int()),
  latE6: z.array(z.int()),
  headingDeg: z.array(z.int()).describe("From the fix before; -1 when there is none or it stood"),
  state: z.array(z.int()).describe("Index into ordinary, exposed, locked, released"),
  vehicles: z.record(z.string(), z.string()).describe("Ids by number"),
  complete: z.boolean().describe(`False when there are more than ${VEHICLES_MAX} vehicles`),
});

/** Where every vehicle was at an instant: what a replay of the city is drawn from. */
export function positionsAtRoutes({ ledger, tracks }: Pick<ServerParts, "ledger" | "tracks">): FastifyPluginAsyncZod {
  return async (app) => {
    app.route({
      method: "GET",
      url: "/positions",
      schema: {
        tags: ["vehicles"],
        summary:
          "The last usable fix of every vehicle in the ten minutes up to an instant, with its state then, as columns",
        querystring: z.strictObject({ at: instantQuery }),
        response: answer(positionsAtSchema),
      },
      handler: async ({ query }, reply) => {
        const atMs = Date.parse(query.at);
        const states = await statesAt(ledger, atMs);
        const columns = emptyColumns();
        const count = Math.min(tracks.vehicles.count, VEHICLES_MAX);
        for (let from = 0; from < count; from += SLICE) {
          const stretches = Array.from({ length: Math.min(SLICE, count - from) }, (_, index) => ({
            vehicle: from + index,
            fromMs: atMs - BEFORE_MS,
            toMs: atMs + 1,
          }));
          await tracks.eachStretch(stretches, (vehicle, track) => {
            const row = lastUsable(track, track.length);
            if (row < 0) return;
            const id = tracks.vehicles.idOf(vehicle);
            columns.number.push(vehicle);
            columns.vehicles[vehicle] = id;
            columns.timeMs.push(track.timeMs[row]!);
            columns.lonE6.push(track.lonE6[row]!);
            columns.latE6.push(track.latE6[row]!);
            columns.headingDeg.push(headingAt(track, row));
            columns.state.push(states.get(id) ?? ORDINARY);
          });
        }
        const body = { at: new Date(atMs).toISOString(), ...columns, complete: tracks.vehicles.count <= VEHICLES_MAX };
        // Numbers that we made ourselves: written as they are, not checked against the schema again.
        return reply.type("application/json; charset=utf-8").send(JSON.stringify(body) as never);
      },
    });
  };
}

const STATES = vehicleStateSchema.options;
const [ORDINARY, EXPOSED, LOCKED, RELEASED] = STATES.map((_, index) => index) as [number, number, number, number];
/** A released vehicle is shown as such for an hour. */
const RELEASED_MS = 3_600_000;
const LOOKBACK_MS = 14 * 86_400_000;

/** Vehicles that were not ordinary at an instant, by what the ledger has now. */
async function statesAt(ledger: ServerParts["ledger"], atMs: number): Promise<Map<string, number>> {
  const states = new Map<string, number>();
  const [exposures, locks] = await Promise.all([
    ledger.exposures({ limit: FINDINGS_MAX }),
    ledger.locks({ limit: FINDINGS_MAX }),
  ]);
  for (const { vehicle, exposedAt } of exposures.items) {
    const exposedMs = Date.parse(exposedAt);
    if (exposedMs <= atMs && atMs < exposedMs + LOOKBACK_MS) states.set(vehicle, EXPOSED);
  }
  for (const { vehicle, lockedAt, expiresAt, release } of locks.items) {
    const endMs = release === null ? Date.parse(expiresAt) : Date.parse(release.at);
    if (atMs < Date.parse(lockedAt)) continue;
    if (atMs < endMs) states.set(vehicle, LOCKED);
    else if (release !== null && atMs < endMs + RELEASED_MS) states.set(vehicle, RELEASED);
  }
  return states;
}

function emptyColumns(): Positions {
  return { number: [], timeMs: [], lonE6: [], latE6: [], headingDeg: [], state: [], vehicles: {} };
}

/** The last row before `end` that takes part in matching, -1 when there is none. */
function lastUsable({ flags }: PlaceTrack, end: number): number {
  for (let row = end - 1; row >= 0; row--) if ((flags[row]! & FIX_UNUSABLE) === 0) return row;
  return -1;
}

/** Degrees clockwise from north along the way from the fix before; -1 when it did not move. */
function headingAt(track: PlaceTrack, row: number): number {
  const before = lastUsable(track, row);
  if (before < 0) return -1;
  const north = track.latE6[row]! - track.latE6[before]!;
  const shrink = Math.cos((track.latE6[row]! / 1e6) * (Math.PI / 180));
  const east = (track.lonE6[row]! - track.lonE6[before]!) * shrink;
  if (Math.abs(north) + Math.abs(east) < 20) return -1;
  return (Math.round((Math.atan2(east, north) * 180) / Math.PI) + 360) % 360;
}
