import type { Geometry } from "../../model/area.ts";

export type LonLat = [lon: number, lat: number];
export type Metres = [east: number, north: number];

/**
 * A flat metric around a place, good to a metre over some tens of kilometres: only for drawing. What decides is measured on
 * the ellipsoid by the server.
 */
export interface Plane {
  toMetres(place: readonly number[]): Metres;
  toLonLat(point: Metres): LonLat;
}

/** Metres east and north of a place; radii of curvature of the WGS-84 ellipsoid at its latitude. */
export function planeAround(lon: number, lat: number): Plane {
  const sin = Math.sin((lat * Math.PI) / 180);
  const w = Math.sqrt(1 - 0.00669437999014 * sin * sin);
  const northMetres = ((6378137 * (1 - 0.00669437999014)) / (w * w * w)) * (Math.PI / 180);
  const eastMetres = (6378137 / w) * Math.cos((lat * Math.PI) / 180) * (Math.PI / 180);
  return {
    toMetres: (place) => [(place[0]! - lon) * eastMetres, (place[1]! - lat) * northMetres],
    toLonLat: ([east, north]) => [lon + east / eastMetres, lat + north / northMetres],
  };
}

/** A shape in metres: lone points, edges, and rings (for inside or outside by the even-odd rule). */
export interface PlaneShape {
  points: Metres[];
  edges: [Metres, Metres][];
  rings: Metres[][];
}

export function shapeOnPlane(geometry: Geometry, plane: Plane): PlaneShape {
  const shape: PlaneShape = { points: [], edges: [], rings: [] };
  const line = (positions: readonly (readonly number[])[]): Metres[] => {
    const metres = positions.map((position) => plane.toMetres(position));
    for (let i = 1; i < metres.length; i++) shape.edges.push([metres[i - 1]!, metres[i]!]);
    return metres;
  };
  switch (geometry.type) {
    case "Point":
      shape.points.push(plane.toMetres(geometry.coordinates));
      break;
    case "MultiPoint":
      shape.points.push(...geometry.coordinates.map((position) => plane.toMetres(position)));
      break;
    case "LineString":
      line(geometry.coordinates);
      break;
    case "MultiLineString":
      geometry.coordinates.forEach(line);
      break;
    case "Polygon":
      shape.rings.push(...geometry.coordinates.map(line));
      break;
    case "MultiPolygon":
      shape.rings.push(...geometry.coordinates.flat().map(line));
      break;
  }
  return shape;
}

/** The place of the shape nearest to a point, and how far it is; 0 and the point itself when it lies inside. */
export function nearestOnShape(shape: PlaneShape, point: Metres): { distance: number; at: Metres } {
  if (isInside(shape, point)) return { distance: 0, at: point };
  let at: Metres = point;
  let least = Infinity;
  for (const place of shape.points) {
    const distance = Math.hypot(place[0] - point[0], place[1] - point[1]);
    if (distance < least) [least, at] = [distance, place];
  }
  for (const [a, b] of shape.edges) {
    const x = b[0] - a[0];
    const y = b[1] - a[1];
    const square = x * x + y * y;
    const t = square === 0 ? 0 : ((point[0] - a[0]) * x + (point[1] - a[1]) * y) / square;
    const share = Math.min(1, Math.max(0, t));
    const foot: Metres = [a[0] + x * share, a[1] + y * share];
    const distance = Math.hypot(foot[0] - point[0], foot[1] - point[1]);
    if (distance < least) [least, at] = [distance, foot];
  }
  return { distance: least, at };
}

function isInside(shape: PlaneShape, [x, y]: Metres): boolean {
  let inside = false;
  for (const ring of shape.rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i]!;
      const [xj, yj] = ring[j]!;
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}

/** Every position of a geometry. */
export function positionsOf(geometry: Geometry): number[][] {
  switch (geometry.type) {
    case "Point":
      return [geometry.coordinates];
    case "MultiPoint":
    case "LineString":
      return geometry.coordinates;
    case "MultiLineString":
    case "Polygon":
      return geometry.coordinates.flat();
    case "MultiPolygon":
      return geometry.coordinates.flat(2);
  }
}

/** West, south, east, north. */
export type Bbox = [number, number, number, number];

export function bboxOf(positions: readonly (readonly number[])[]): Bbox {
  const box: Bbox = [Infinity, Infinity, -Infinity, -Infinity];
  for (const position of positions) {
    box[0] = Math.min(box[0], position[0]!);
    box[1] = Math.min(box[1], position[1]!);
    box[2] = Math.max(box[2], position[0]!);
    box[3] = Math.max(box[3], position[1]!);
  }
  return box;
}
