import { ABSENT_I16, ABSENT_U16 } from "../model/fix.ts";
import { filesWhere, fixesWhere, overlaps, parquet, quoted, wholeMs, type Span } from "./fix-source.ts";
import { fixesOnce } from "./run-writer.ts";
import type { TrackDatabase } from "./track-database.ts";

/** GeoParquet 1.1.0, "Column metadata"; without `crs` a place is OGC:CRS84: WGS-84, longitude first. */
const GEO = JSON.stringify({
  version: "1.1.0",
  primary_column: "geometry",
  columns: { geometry: { encoding: "point", geometry_types: ["Point"] } },
});

/** See `TrackStore.copyToParquet`. */
export function copyToParquet(
  database: TrackDatabase,
  path: string,
  vehicles: Uint32Array | null,
  { fromMs, toMs }: Span,
): Promise<{ vehicles: number; fixes: number }> {
  const span = { fromMs: wholeMs(fromMs), toMs: wholeMs(toMs) };
  return database.transaction("long", async (connection) => {
    const files = await filesWhere(connection, overlaps(span));
    const among = vehicles === null ? "true" : `vehicle IN (${[...vehicles, "NULL"].join(", ")})`;
    const source = fixesWhere(
      database.filesDir,
      files,
      `time_ms >= ${span.fromMs} AND time_ms < ${span.toMs} AND ${among}`,
    );
    await connection.run(
      `COPY (
         SELECT name.id AS vehicle, to_timestamp(time_ms / 1000) AS time, lon_e6 / 1e6 AS lon, lat_e6 / 1e6 AS lat,
           nullif(speed_kmh10, ${ABSENT_U16}) / 10 AS speed, nullif(heading_deg, ${ABSENT_U16}) AS heading,
           nullif(altitude_m, ${ABSENT_I16}) AS altitude, status, alarm, to_timestamp(received_ms / 1000) AS received,
           flags, struct_pack(x := lon_e6 / 1e6, y := lat_e6 / 1e6) AS geometry
         FROM (${fixesOnce(source)}) AS fix
         JOIN (SELECT vehicle, arg_max(id, rowid) AS id FROM vehicle GROUP BY vehicle) AS name USING (vehicle)
       ) TO ${quoted(path)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {geo: ${quoted(GEO)}})`,
    );
    const figures = await connection.runAndReadAll(
      `SELECT count(DISTINCT vehicle)::DOUBLE, count(*)::DOUBLE FROM ${parquet("", [path])}`,
    );
    const [count, fixes] = figures.getRows()[0].map(Number);
    return { vehicles: count, fixes };
  });
}
