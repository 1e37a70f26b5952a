import type { Map as MapLibreMap } from "maplibre-gl";
import {
  TerraDraw,
  TerraDrawExtend,
  TerraDrawLineStringMode,
  TerraDrawModeUndoRedo,
  TerraDrawPointMode,
  TerraDrawPolygonMode,
  TerraDrawSelectMode,
  type GeoJSONStoreFeatures,
} from "terra-draw";
import type { LonLat } from "./plane.ts";

/** What is drawn: a closed outline, an open line, places, or one place that the next click moves. */
export type PenKind = "polygon" | "line" | "points" | "place";

export interface PenOptions {
  map: MapLibreMap;
  kind: PenKind;
  /** A shape to begin with, whose corners can be moved at once; an outline is not closed by its first corner again. */
  corners: readonly LonLat[];
  /** After every corner that was set, moved or taken away. `isDone`: the shape is closed; its corners can be moved. */
  onCorners: (corners: LonLat[], isDone: boolean) => void;
}

const MODE_OF = { polygon: "polygon", line: "linestring", points: "point", place: "point" } as const;
/** 1e-6 degree, 0.1 m. */
const DIGITS = 6;
const CORNERS = { draggable: true, deletable: true, midpoints: { draggable: true } };
/** A corner is taken hold of from so near; so near to the last or first one a click closes the shape. */
const NEAR_PIXELS = 12;
/** Escape belongs to the page; Enter closes what is drawn. */
const KEYS = { cancel: null, finish: "Enter" };

/**
 * A pen on the map: clicks set corners, Enter, a double click or a click on the first corner close the shape; then corners are
 * dragged, put in between and, by the other button, taken away. The map's own layers draw what comes of it.
 */
export class Pen {
  readonly #options: PenOptions;
  readonly #draw: TerraDraw;

  constructor(options: PenOptions) {
    this.#options = options;
    this.#draw = new TerraDraw({
      adapter: new Hand(options.map),
      modes: [
        new TerraDrawPolygonMode({ keyEvents: KEYS, pointerDistance: NEAR_PIXELS }),
        new TerraDrawLineStringMode({ keyEvents: KEYS, pointerDistance: NEAR_PIXELS }),
        new TerraDrawPointMode({ editable: true, pointerDistance: NEAR_PIXELS }),
        new TerraDrawSelectMode({
          flags: { polygon: { feature: { coordinates: CORNERS } }, linestring: { feature: { coordinates: CORNERS } } },
          keyEvents: null,
          pointerDistance: NEAR_PIXELS,
          allowManualDeselection: false,
        }),
      ],
      undoRedo: { modeLevel: new TerraDrawModeUndoRedo() },
    });
    this.#draw.start();
    this.#draw.on("change", () => this.#tell());
    this.#draw.on("finish", (id, { action }) => {
      if (options.kind === "place") this.#keepOnly(id);
      if (action === "draw" && this.#closes) this.#draw.selectFeature(id);
      this.#tell();
    });
    this.#begin(options.corners);
  }

  /** Takes the last corner away. */
  undo(): void {
    if (this.#features().some(isDrawn)) {
      this.#draw.undo();
      this.#tell();
      return;
    }
    const corners = this.#read().slice(0, -1);
    this.#begin(corners);
    this.#tell();
  }

  clear(): void {
    this.#begin([]);
    this.#tell();
  }

  stop(): void {
    this.#draw.stop();
  }

  /** Outlines and lines are closed once; places go on coming. */
  get #closes(): boolean {
    return this.#options.kind === "polygon" || this.#options.kind === "line";
  }

  get #mode(): (typeof MODE_OF)[PenKind] {
    return MODE_OF[this.#options.kind];
  }

  /** A shape that is whole is one whose corners are moved; anything less is drawn from its beginning. */
  #begin(corners: readonly LonLat[]): void {
    const draw = this.#draw;
    draw.clear();
    draw.setMode(this.#mode);
    const geometries = geometriesOf(this.#options.kind, corners);
    const features = geometries.map((geometry): GeoJSONStoreFeatures => ({
      type: "Feature",
      id: draw.getFeatureId(),
      geometry,
      properties: { mode: this.#mode },
    }));
    draw.addFeatures(features);
    if (this.#closes && features.length > 0) draw.selectFeature(features[0]!.id!);
  }

  #keepOnly(id: string | number): void {
    const others = this.#features().flatMap((feature) => (feature.id === id ? [] : [feature.id!]));
    if (others.length > 0) this.#draw.removeFeatures(others);
  }

  /** What is drawn itself, without the handles on it. */
  #features(): GeoJSONStoreFeatures[] {
    const type = { polygon: "Polygon", linestring: "LineString", point: "Point" }[this.#mode];
    return this.#draw
      .getSnapshot()
      .filter(({ geometry, properties }) => geometry.type === type && properties["mode"] === this.#mode);
  }

  #read(): LonLat[] {
    return this.#features().flatMap(({ geometry, properties }): LonLat[] => {
      if (geometry.type === "Point") return [placeOf(geometry.coordinates)];
      const places = geometry.type === "Polygon" ? geometry.coordinates[0]! : geometry.coordinates;
      // Behind the corners that were set lies an outline's first again, and while it is drawn the one that goes with the pointer.
      const set = properties["committedCoordinateCount"];
      const isOpen = geometry.type === "Polygon" || isDrawn({ properties });
      const count = typeof set === "number" ? set : isOpen ? places.length - 1 : places.length;
      return places.slice(0, count).map(placeOf);
    });
  }

  #tell(): void {
    const features = this.#features();
    this.#options.onCorners(this.#read(), features.length > 0 && !features.some(isDrawn));
  }
}

/** Whether clicks still add corners to it. */
function isDrawn({ properties }: Pick<GeoJSONStoreFeatures, "properties">): boolean {
  return properties["currentlyDrawing"] === true;
}

function geometriesOf(kind: PenKind, corners: readonly LonLat[]): GeoJSONStoreFeatures["geometry"][] {
  const places = corners.map(placeOf);
  if (kind === "polygon") return places.length < 3 ? [] : [{ type: "Polygon", coordinates: [[...places, places[0]!]] }];
  if (kind === "line") return places.length < 2 ? [] : [{ type: "LineString", coordinates: places }];
  return places.map((coordinates) => ({ type: "Point", coordinates }));
}

function placeOf([lon, lat]: readonly number[]): LonLat {
  return [Number(lon!.toFixed(DIGITS)), Number(lat!.toFixed(DIGITS))];
}

/** Hands the map's pointer to terra-draw. It draws nothing: what is set goes to the page, whose shapes the map shows in any theme. */
class Hand extends TerraDrawExtend.TerraDrawBaseAdapter {
  readonly #map: MapLibreMap;

  constructor(map: MapLibreMap) {
    super({ coordinatePrecision: 9 });
    this.#map = map;
  }

  override register(callbacks: TerraDrawExtend.TerraDrawCallbacks): void {
    super.register(callbacks);
    callbacks.onReady?.();
  }

  override getMapEventElement(): HTMLElement {
    return this.#map.getCanvas();
  }

  override getLngLatFromEvent({ clientX, clientY }: PointerEvent | MouseEvent): { lng: number; lat: number } {
    const { left, top } = this.#map.getContainer().getBoundingClientRect();
    return this.unproject(clientX - left, clientY - top);
  }

  override project(lng: number, lat: number): { x: number; y: number } {
    const { x, y } = this.#map.project({ lng, lat });
    return { x, y };
  }

  override unproject(x: number, y: number): { lng: number; lat: number } {
    const { lng, lat } = this.#map.unproject([x, y]);
    return { lng, lat };
  }

  override setCursor(cursor: string): void {
    this.#map.getCanvas().style.cursor = cursor === "unset" ? "" : cursor;
  }

  override setDraggability(isOn: boolean): void {
    if (isOn) this.#map.dragPan.enable();
    else this.#map.dragPan.disable();
  }

  override setDoubleClickToZoom(isOn: boolean): void {
    if (isOn) this.#map.doubleClickZoom.enable();
    else this.#map.doubleClickZoom.disable();
  }

  override render(): void {
    // The page's draft is what is shown.
  }

  override clear(): void {
    this._currentModeCallbacks?.onClear();
  }
}
