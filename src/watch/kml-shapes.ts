import { XmlTags, type XmlTagSink } from "../tracks/xml-tags.ts";
import type { RawShape } from "./area-file.ts";

type Position = [lon: number, lat: number];

/**
 * The placemarks of a KML text (OGC 12-007r2): points, lines and polygons; a MultiGeometry becomes one shape for each kind in it.
 * `name` and what stands in `ExtendedData` are the properties.
 *
 * @throws Error when it is no KML or breaks off
 */
export function kmlShapes(text: string): RawShape[] {
  const placemarks = new Placemarks();
  const tags = new XmlTags(placemarks);
  tags.push(text);
  tags.end();
  if (!placemarks.isKml) throw new Error("there is no kml element");
  return placemarks.shapes;
}

interface Placemark {
  line: number;
  properties: Record<string, string>;
  points: Position[];
  lines: Position[][];
  polygons: Position[][][];
}

class Placemarks implements XmlTagSink {
  isKml = false;
  readonly shapes: RawShape[] = [];
  #placemark: Placemark | null = null;
  /** Rings of the polygon that is open, the outer one first. */
  #rings: Position[][] | null = null;
  #isOuter = false;
  #positions: Position[] = [];
  /** Name of the `Data` or `SimpleData` that is open. */
  #dataName: string | null = null;
  #depthOfData = 0;

  open(name: string, attributes: string, line: number): void {
    if (name === "kml") this.isKml = true;
    else if (name === "Placemark") this.#placemark = { line, properties: {}, points: [], lines: [], polygons: [] };
    else if (name === "Polygon") this.#rings = [];
    else if (name === "outerBoundaryIs" || name === "innerBoundaryIs") this.#isOuter = name === "outerBoundaryIs";
    else if (name === "Data" || name === "SimpleData")
      this.#dataName = /name\s*=\s*["']([^"']*)["']/.exec(attributes)?.[1] ?? null;
    else if (name === "ExtendedData") this.#depthOfData++;
  }

  close(name: string, text: string): void {
    const placemark = this.#placemark;
    if (placemark === null) return;
    switch (name) {
      case "coordinates":
        this.#positions = positionsOf(text);
        break;
      case "Point":
        placemark.points.push(...this.#positions);
        break;
      case "LineString":
        placemark.lines.push(this.#positions);
        break;
      case "LinearRing":
        if (this.#rings === null) placemark.lines.push(this.#positions);
        else if (this.#isOuter) this.#rings.unshift(this.#positions);
        else this.#rings.push(this.#positions);
        break;
      case "Polygon":
        placemark.polygons.push(this.#rings ?? []);
        this.#rings = null;
        break;
      case "value":
      case "SimpleData":
        if (this.#dataName !== null) placemark.properties[this.#dataName] = text.trim();
        this.#dataName = null;
        break;
      case "ExtendedData":
        this.#depthOfData--;
        break;
      case "name":
        if (this.#depthOfData === 0) placemark.properties["name"] ??= text.trim();
        break;
      case "Placemark":
        this.#finish(placemark);
        break;
    }
  }

  #finish({ line, properties, points, lines, polygons }: Placemark): void {
    this.#placemark = null;
    const where = `line ${line}`;
    const add = (single: string, parts: readonly unknown[]): void => {
      if (parts.length === 0) return;
      const geometry =
        parts.length === 1
          ? { type: single, coordinates: parts[0] }
          : { type: `Multi${single}`, coordinates: [...parts] };
      this.shapes.push({ where, geometry, properties });
    };
    add("Point", points);
    add("LineString", lines);
    add("Polygon", polygons);
    if (points.length + lines.length + polygons.length === 0) this.shapes.push({ where, geometry: null, properties });
  }
}

/** `lon,lat[,altitude]`, separated by blanks; altitudes are left out. */
function positionsOf(text: string): Position[] {
  return text
    .trim()
    .split(/\s+/)
    .filter((tuple) => tuple !== "")
    .map((tuple) => {
      const [lon, lat] = tuple.split(",");
      return [number(lon), number(lat)];
    });
}

function number(text: string | undefined): number {
  return text === undefined || text.trim() === "" ? Number.NaN : Number(text);
}
