import { isUtf8 } from "node:buffer";
import { parseDbf, parseShp } from "shpjs";
import type { RawShape } from "./area-file.ts";
import { zipEntries } from "./zip-entries.ts";

const PARTS = /\.(?:shp|dbf|prj|cpg)$/i;

/**
 * The records of every Shapefile in a zip archive. Where a `.prj` is there the coordinates come as WGS-84 (CGCS2000 in its Gauss-Krüger
 * zones included); without it they are as they stand. Attributes without a `.cpg` are UTF-8 when they can be, else GBK.
 *
 * @throws Error that says what is wrong
 */
export function shapefileShapes(bytes: Buffer): RawShape[] {
  const parts = zipEntries(bytes, (name) => PARTS.test(name) && !name.startsWith("__MACOSX"));
  const byName = new Map([...parts].map(([name, content]) => [name.toLowerCase(), content]));
  const shapes: RawShape[] = [];
  for (const name of parts.keys()) {
    if (!name.toLowerCase().endsWith(".shp")) continue;
    const beside = (ending: string): Buffer | undefined => byName.get(name.toLowerCase().slice(0, -3) + ending);
    const records = geometriesOf(byName.get(name.toLowerCase())!, beside("prj"), name);
    const table = beside("dbf");
    const rows = table === undefined ? [] : parseDbf(table, beside("cpg")?.toString() ?? encodingOf(table));
    for (const [index, geometry] of records.entries()) {
      shapes.push({ where: `${name}[${index}]`, geometry, properties: rows[index] ?? {} });
    }
  }
  if (shapes.length === 0) throw new Error("there is no .shp with records in it");
  return shapes;
}

function geometriesOf(shp: Buffer, prj: Buffer | undefined, name: string): ReturnType<typeof parseShp> {
  if (shp.length < 100 || shp.readInt32BE(0) !== 9994) throw new Error(`${name} is no Shapefile`);
  try {
    return parseShp(shp, prj?.toString());
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

/** The records of a table begin where its header says (bytes 8 and 9). */
function encodingOf(dbf: Buffer): string {
  return isUtf8(dbf.subarray(dbf.length > 10 ? dbf.readUInt16LE(8) : 0)) ? "utf-8" : "gbk";
}
