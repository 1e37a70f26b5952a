import type { Map as MapLibreMap } from "maplibre-gl";
import type { Area, Geometry } from "../../model/area.ts";
import type { Exposure } from "../../model/finding.ts";
import type { Bbox, LonLat } from "./plane.ts";
import { readViewAddress } from "./view-address.ts";

/** What a stretch of a track is; each has its own colour and its own line. */
export type TrackKind = "outside" | "near" | "unknown" | "parked";

export interface TrackPiece {
  kind: TrackKind;
  line: LonLat[];
}

/** Evidence of one exposure as the map draws it. */
export interface Evidence {
  exposure: Exposure;
  area: Area | null;
}

export interface SceneState {
  /** Vehicle whose panel is open. */
  vehicle: string | null;
  track: TrackPiece[];
  evidence: Evidence | null;
  /** Place on the track that the pointer is on. */
  cursor: LonLat | null;
  area: string | null;
  gate: string | null;
  /** Shapes that are being made, and the places clicked so far; WGS-84. */
  draft: { shapes: Geometry[]; corners: LonLat[]; before?: Geometry | null } | null;
  /** Places of stays that the draft would find. */
  found: readonly LonLat[];
  /** Grids and other places with their load, or before and after a re-cut; see `grid-layers.ts`. */
  grids: GeoJSON.FeatureCollection | null;
}

export type Focus = { bbox: Bbox } | { place: LonLat; zoom: number };

const EMPTY: SceneState = {
  vehicle: null,
  track: [],
  evidence: null,
  cursor: null,
  area: null,
  gate: null,
  draft: null,
  found: [],
  grids: null,
};

/** What the pages ask of the map. They know no map library; the map reads this and draws it. */
class Scene {
  #state: SceneState = EMPTY;
  #focus: Focus | null = null;
  /** The address says where the map stands; pages bring nothing else into view until somebody does something. */
  #isHeld = readViewAddress(globalThis.location?.search ?? "").view !== null;
  readonly #listeners = new Set<() => void>();
  #map: MapLibreMap | null = null;
  /** Who draws on the map, each with what it leaves behind when the map goes. */
  readonly #drawers = new Map<(map: MapLibreMap) => () => void, (() => void) | null>();
  readonly #focusListeners = new Set<(focus: Focus) => void>();
  /** How much of the map's left side a panel covers, pixels. */
  panelWidth = 0;
  /** Takes the clicks on the map while a shape is being drawn. */
  onPlace: ((place: LonLat) => void) | null = null;
  /** Takes the clicks on the map under which nothing else lies. */
  onGround: ((place: LonLat) => void) | null = null;

  readonly get = (): SceneState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  set(change: Partial<SceneState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }

  /** Brings something into view; kept for a map that is still loading. */
  focus(focus: Focus): void {
    if (this.#isHeld) return;
    if (this.#focusListeners.size === 0) this.#focus = focus;
    for (const listener of this.#focusListeners) listener(focus);
  }

  hold(): void {
    this.#isHeld = true;
    this.#focus = null;
  }

  release(): void {
    this.#isHeld = false;
  }

  /** The map that stands now; null when it goes. */
  setMap(map: MapLibreMap | null): void {
    for (const [drawer, leave] of this.#drawers) {
      leave?.();
      this.#drawers.set(drawer, map === null ? null : drawer(map));
    }
    this.#map = map;
  }

  /** Lets something draw on the map by itself as soon as it stands. `draw` answers what ends it. */
  onMap(draw: (map: MapLibreMap) => () => void): () => void {
    this.#drawers.set(draw, this.#map === null ? null : draw(this.#map));
    return () => {
      this.#drawers.get(draw)?.();
      this.#drawers.delete(draw);
    };
  }

  onFocus(listener: (focus: Focus) => void): () => void {
    this.#focusListeners.add(listener);
    if (this.#focus !== null) listener(this.#focus);
    this.#focus = null;
    return () => this.#focusListeners.delete(listener);
  }
}

export const scene = new Scene();
