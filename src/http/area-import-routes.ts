import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { datumSchema } from "../model/area.ts";
import { areaReadingSchema } from "../model/area-import.ts";
import { WuxingError } from "../model/errors.ts";
import { readAreaFile } from "../watch/area-file.ts";
import { matchEntries, type RegisterPlace } from "../watch/match-entries.ts";
import { answer } from "./lists.ts";
import type { ServerParts } from "./parts.ts";

/** A zipped Shapefile of a province's townships. */
const FILE_MAX_BYTES = 32 * 1024 * 1024;

/** Reads files of risk areas, so that a person sees what is in them before anything is published. */
export function areaImportRoutes({ city, places }: Pick<ServerParts, "city" | "places">): FastifyPluginAsyncZod {
  return async (app) => {
    app.addContentTypeParser(
      "application/octet-stream",
      { parseAs: "buffer", bodyLimit: FILE_MAX_BYTES },
      (_request, body, done) => done(null, body),
    );
    app.route({
      method: "POST",
      url: "/areas/read",
      bodyLimit: FILE_MAX_BYTES,
      schema: {
        tags: ["areas"],
        summary: "What a file of risk areas holds",
        description:
          "GeoJSON, a zipped Shapefile, KML, or a list of places without coordinates (the State Council's JSON of 2022, or lines of level, province, city, county, place). Shapes come back in WGS-84 with what is wrong with each; places are matched to the city's places. Nothing is published.",
        consumes: ["application/octet-stream"],
        querystring: z.strictObject({
          datum: datumSchema.default("wgs84").describe("Coordinate system that the file's source declares"),
        }),
        response: answer(areaReadingSchema),
      },
      handler: async ({ body, query }) => {
        if (!Buffer.isBuffer(body) || body.length === 0) {
          throw new WuxingError("INPUT_INVALID", undefined, [
            { where: "body", expected: "a file, as application/octet-stream" },
          ]);
        }
        const reading = readAreaFile(body, query.datum);
        return { ...reading, entries: matchEntries(reading.entries, city.name, registerOf(city, places)) };
      },
    });
  };
}

/** The city's places down to communities as they are now; without a register its counties. */
function registerOf(city: ServerParts["city"], desk: ServerParts["places"]): RegisterPlace[] {
  const [top] = desk?.places.history.topsAt("civil", desk.cityTimeMs()) ?? [];
  if (desk === undefined || top === undefined) {
    return city.counties.map(({ code, name, geometry }) => ({ id: code, name, kind: "county", above: [], geometry }));
  }
  const found: RegisterPlace[] = [];
  const atMs = desk.cityTimeMs();
  const add = (parent: string, above: readonly string[]): void => {
    for (const { id, kind, name, shape } of desk.places.history.childrenAt(parent, atMs)) {
      if (kind !== "county" && kind !== "township" && kind !== "community") continue;
      found.push({ id, name, kind, above, geometry: shape.geometry });
      if (kind !== "community") add(id, [...above, name]);
    }
  };
  add(top.id, []);
  return found;
}
