declare module "shpjs" {
  type Bytes = Uint8Array | DataView;
  /** Geometries by record, null for null shapes; moved to WGS-84 where `prj` (WKT) is given and known. */
  export function parseShp(shp: Bytes, prj?: Bytes | string): ({ type: string; coordinates: unknown } | null)[];
  /** Attributes by record; `cpg` names their encoding. */
  export function parseDbf(dbf: Bytes, cpg?: Bytes | string): Record<string, unknown>[];
}
