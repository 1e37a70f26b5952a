import {
  Map as MapLibreMap,
  NavigationControl,
  ScaleControl,
  setWorkerUrl,
  type GeoJSONSource,
  type MapMouseEvent,
  type MapOptions,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { CityView } from "../../model/city.ts";
import { TOKENS, type ThemeName } from "../tokens.ts";
import { baseStyle, MOVING_SOURCES, NOTHING, type MovingSource } from "./base-style.ts";
import type { Fleet } from "./fleet.ts";
import { LAYER_GROUPS, LAYER_GROUP_NAMES, type LayerGroup } from "./layer-groups.ts";
import { LOST_AFTER_MS } from "./lost.ts";
import { drawMarksWhenMissed } from "./marks.ts";
import { withOpaqueCanvas } from "./opaque-canvas.ts";
import type { LonLat } from "./plane.ts";
import { scene, type Focus } from "./scene.ts";
import { clustersOf, CLUSTERS_BELOW_ZOOM, type Cluster, type Clusters } from "./vehicle-clusters.ts";
import { mercatorOf, vehicleColumns, type Mercator } from "./vehicle-columns.ts";
import type { MapView } from "./view-address.ts";
import type { VehicleLook } from "./vehicle-pass.ts";
import { rgba, VehiclePainter, VEHICLE_LAYER } from "./vehicle-painter.ts";

/** What lies under the pointer. */
export type Hit = { kind: "vehicle"; id: string; number: number } | { kind: "area" | "gate"; id: string } | null;

export interface CityMapOptions {
  container: HTMLElement;
  city: CityView;
  theme: ThemeName;
  /** The vehicles that are shown: those of now, or of the instant that is replayed. */
  fleet: () => Fleet;
  /** City time of what is shown, ms UTC. */
  cityNowMs: () => number;
  onClick: (hit: Hit, place: LonLat) => void;
  onHover: (hit: Hit, at: { x: number; y: number }) => void;
  /** After every picture, for labels that go with vehicles. */
  onFrame: () => void;
}

/** The map is drawn at most this often: enough for smooth motion, half the work of a screen's 60. */
const FRAME_MS = 1000 / 31;
/**
 * A machine that is still busy with a picture when the next could come draws half as many: the page that somebody works on needs it too. How late it is
 * shows in the calls after a picture; up to two are on their way.
 */
const LAG_MS = 200;
const LAG_CALLS = 3;
const HIT_PIXELS = 13;
const CLUSTER_HIT_PIXELS = 18;
/** A click on a cluster goes so much nearer. */
const CLUSTER_ZOOM_STEP = 1.5;
/** From so many on an ordinary vehicle is a point, until the map is near enough to tell them apart. */
const CROWD = 20_000;
const CROWD_BELOW_ZOOM = 11.5;

/** The map: MapLibre draws the ground, the painter the vehicles on it; motion repaints no ground. */
export class CityMap {
  readonly map: MapLibreMap;
  readonly #options: CityMapOptions;
  readonly #painter: VehiclePainter;
  readonly #origin: Mercator;
  readonly #data: Record<MovingSource, GeoJSON.FeatureCollection>;
  #theme: ThemeName;
  #columnsFleet: Fleet | null = null;
  #columnsRevision = -1;
  #isCrowd = false;
  #clusters: readonly Cluster[] = [];
  /** The whole zoom that they are of; null when there are none to be. */
  #clusterZoom: number | null = null;
  #hidden: readonly LayerGroup[] = [];
  #selected: string | null = null;
  #lastFrameMs = 0;
  #lastCallMs = 0;
  #callsSince = 0;
  #lagMs = 0;
  #animation = 0;

  constructor(options: CityMapOptions) {
    this.#options = options;
    this.#theme = options.theme;
    this.#data = Object.fromEntries(MOVING_SOURCES.map((name) => [name, NOTHING])) as Record<
      MovingSource,
      GeoJSON.FeatureCollection
    >;
    setWorkerUrl(new URL(workerUrl, location.href).href);
    const [west, south, east, north] = options.city.bbox;
    const mapOptions: MapOptions = {
      container: options.container,
      style: baseStyle(options.city, TOKENS[options.theme], options.theme, this.#data),
      bounds: [west, south, east, north],
      fitBoundsOptions: { padding: { top: 60, bottom: 30, left: 30, right: 30 } },
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxPitch: 0,
      minZoom: 5,
      maxZoom: 18,
      fadeDuration: 0,
      localIdeographFontFamily: "'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', sans-serif",
    };
    this.map = withOpaqueCanvas(() => new MapLibreMap(mapOptions));
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
    this.map.addControl(new ScaleControl({ unit: "metric", maxWidth: 120 }), "bottom-right");
    drawMarksWhenMissed(this.map);
    this.#origin = mercatorOf((west + east) / 2, (south + north) / 2);
    this.#painter = new VehiclePainter(this.#origin, this.#look());
    // A new style comes without the layer; what is drawn behind it would not be in the copy of the ground.
    this.map.on("styledata", () => {
      const order = this.map.getLayersOrder();
      if (!order.includes(VEHICLE_LAYER)) this.map.addLayer(this.#painter);
      else if (order.at(-1) !== VEHICLE_LAYER) this.map.moveLayer(VEHICLE_LAYER);
      this.#hide();
    });
    // What was handed over before the style stood had no source to go to.
    this.map.on("style.load", () => {
      for (const name of MOVING_SOURCES) this.setData(name, this.#data[name]);
    });
    this.map.on("click", (event) => this.#click(event));
    this.map.on("mousemove", (event) => this.#hover(event));
    this.map.on("mouseout", () => options.onHover(null, { x: 0, y: 0 }));
    this.#animation = requestAnimationFrame(this.#frame);
  }

  setTheme(theme: ThemeName): void {
    if (theme === this.#theme) return;
    this.#theme = theme;
    this.map.setStyle(baseStyle(this.#options.city, TOKENS[theme], theme, this.#data));
    this.#columnsRevision = -1;
  }

  /** Takes groups off the map and puts all others on it. */
  setHidden(hidden: readonly LayerGroup[]): void {
    this.#hidden = hidden;
    this.#columnsRevision = -1;
    this.#hide();
  }

  /** A new style comes with everything on it. */
  #hide(): void {
    for (const group of LAYER_GROUP_NAMES)
      for (const layer of LAYER_GROUPS[group]) {
        if (this.map.getLayer(layer) === undefined) continue;
        const wanted = this.#hidden.includes(group) ? "none" : "visible";
        // To say again what is so already has the map read the layer's source anew.
        const isSo = (this.map.getLayoutProperty(layer, "visibility") ?? "visible") === wanted;
        if (!isSo) this.map.setLayoutProperty(layer, "visibility", wanted);
      }
  }

  /** What is gathered, for labels. */
  get clusters(): readonly Cluster[] {
    return this.#clusters;
  }

  /** Pictures drawn so far, for measuring. */
  get frames(): number {
    return this.#painter.pictures;
  }

  view(): MapView {
    const { lng, lat } = this.map.getCenter();
    return { lon: lng, lat, zoom: this.map.getZoom() };
  }

  /** Puts the map somewhere, at once. */
  show({ lon, lat, zoom }: MapView): void {
    this.map.jumpTo({ center: [lon, lat], zoom });
  }

  setData(name: MovingSource, data: GeoJSON.FeatureCollection): void {
    this.#data[name] = data;
    const source = this.map.getSource<GeoJSONSource>(name);
    void source?.setData(data);
  }

  select(vehicle: string | null): void {
    this.#selected = vehicle;
    this.#columnsRevision = -1;
  }

  focus(focus: Focus): void {
    if ("bbox" in focus) {
      const [west, south, east, north] = focus.bbox;
      const { clientWidth } = this.map.getContainer();
      // Room for the labels beside what is shown, as far as there is room.
      const side = Math.max(24, Math.min(190, (clientWidth - scene.panelWidth) / 4));
      const padding = { top: 50, bottom: 50, right: side, left: scene.panelWidth + side };
      this.map.fitBounds([west, south, east, north], { padding, maxZoom: 15.5, duration: 500 });
    } else {
      const zoom = Math.max(focus.zoom, this.map.getZoom());
      this.map.easeTo({ center: focus.place, zoom, offset: [scene.panelWidth / 2, 0], duration: 500 });
    }
  }

  wholeCity(): void {
    const [west, south, east, north] = this.#options.city.bbox;
    this.map.fitBounds([west, south, east, north], { padding: this.#clear(), duration: 500 });
  }

  /** Room around the whole city: the counts stand above it, the panel covers the left. */
  #clear(): { top: number; bottom: number; left: number; right: number } {
    return { top: 60, bottom: 30, right: 30, left: 30 + scene.panelWidth };
  }

  remove(): void {
    cancelAnimationFrame(this.#animation);
    this.map.remove();
  }

  readonly #frame = (nowMs: number): void => {
    this.#animation = requestAnimationFrame(this.#frame);
    this.#lagMs = this.#callsSince++ < LAG_CALLS ? Math.max(this.#lagMs, nowMs - this.#lastCallMs) : this.#lagMs;
    this.#lastCallMs = nowMs;
    const pauseMs = this.#lagMs > LAG_MS ? this.#lagMs * 2 : FRAME_MS;
    if (nowMs - this.#lastFrameMs < pauseMs - 2) return;
    // So far apart on average: what came late is caught up, or a machine that now and then misses its turn never draws 30.
    this.#lastFrameMs = Math.max(this.#lastFrameMs + pauseMs, nowMs - pauseMs);
    this.#lagMs = this.#callsSince = 0;
    const { cityNowMs } = this.#options;
    const fleet = this.#options.fleet();
    const isCrowd = fleet.count > CROWD && this.map.getZoom() < CROWD_BELOW_ZOOM;
    const clusterZoom =
      this.#hidden.includes("clusters") || this.#hidden.includes("ordinary") ? null : this.#zoomOfClusters();
    const isSame = isCrowd === this.#isCrowd && clusterZoom === this.#clusterZoom;
    if (fleet !== this.#columnsFleet || fleet.revision !== this.#columnsRevision || !isSame) {
      this.#columnsFleet = fleet;
      this.#columnsRevision = fleet.revision;
      this.#isCrowd = isCrowd;
      this.#clusterZoom = clusterZoom;
      const gathered = clusterZoom === null ? null : this.#gather(fleet, clusterZoom);
      if (gathered === null) this.#clusters = [];
      const lostBeforeMs = cityNowMs() - LOST_AFTER_MS;
      const plainBut = isCrowd || this.#painter.isSoftware ? this.#look().selected : null;
      const hidesOrdinary = this.#hidden.includes("ordinary");
      const shown = {
        lostBeforeMs,
        plainBut,
        isCrowd,
        hidesOrdinary,
        ...(gathered && { inCluster: gathered.inCluster }),
      };
      const options = { nowMs: performance.now(), ...shown };
      this.#painter.setColumns(vehicleColumns(fleet, this.#origin, options));
      this.map.painter.context.setDirty();
    }
    this.#painter.setLook(this.#look());
    // While the map moves it draws every picture itself.
    if (this.#painter.renderedMs < nowMs && !this.#painter.paint()) this.map.triggerRepaint();
    this.#options.onFrame();
  };

  #zoomOfClusters(): number | null {
    const zoom = this.map.getZoom();
    return zoom < CLUSTERS_BELOW_ZOOM ? Math.floor(zoom) : null;
  }

  #gather(fleet: Fleet, zoom: number): Clusters {
    const gathered = clustersOf(fleet, zoom, this.#look().selected, performance.now());
    this.#clusters = gathered.clusters;
    return gathered;
  }

  #clusterAt({ x, y }: { x: number; y: number }): Cluster | undefined {
    return this.#clusters.find(({ lon, lat }) => {
      const at = this.map.project([lon, lat]);
      return Math.hypot(at.x - x, at.y - y) <= CLUSTER_HIT_PIXELS;
    });
  }

  #look(): VehicleLook {
    const zoom = this.map.getZoom();
    return {
      colors: this.#colors(),
      scale: Math.min(1.25, Math.max(0.55, 0.55 + (zoom - 8) * 0.13)),
      selected: this.#selected === null ? -1 : (this.#options.fleet().numberOf(this.#selected) ?? -1),
    };
  }

  #colors(): VehicleLook["colors"] {
    const tokens = TOKENS[this.#theme];
    return {
      ordinary: rgba(tokens.ordinary),
      exposed: rgba(tokens.exposed),
      locked: rgba(tokens.locked),
      released: rgba(tokens.released),
      halo: rgba(tokens.halo),
    };
  }

  #hit(event: MapMouseEvent): Hit {
    const fleet = this.#options.fleet();
    const { lng, lat } = event.lngLat;
    const corner = this.map.unproject([event.point.x + HIT_PIXELS, event.point.y - HIT_PIXELS]);
    const number = fleet.nearest(lng, lat, Math.abs(corner.lng - lng), Math.abs(corner.lat - lat), performance.now());
    const id = number === null ? null : fleet.idOf(number);
    if (number !== null && id !== null) return { kind: "vehicle", id, number };
    const box: [[number, number], [number, number]] = [
      [event.point.x - 4, event.point.y - 4],
      [event.point.x + 4, event.point.y + 4],
    ];
    const layers = [
      "gate-bars",
      "gate-counts",
      "gate-lines",
      "area-fill",
      "area-line",
      "area-point",
      "area-names",
      "reach",
    ];
    const found = this.map.queryRenderedFeatures(box, {
      layers: layers.filter((layer) => this.map.getLayer(layer)),
    })[0];
    if (found === undefined) return null;
    const { gate, area } = found.properties as { gate?: string; area?: string };
    if (gate !== undefined) return { kind: "gate", id: gate };
    return area === undefined ? null : { kind: "area", id: area };
  }

  #click(event: MapMouseEvent): void {
    const cluster = scene.onPlace === null ? this.#clusterAt(event.point) : undefined;
    if (cluster !== undefined) {
      const zoom = this.map.getZoom() + CLUSTER_ZOOM_STEP;
      this.map.easeTo({ center: [cluster.lon, cluster.lat], zoom, offset: [scene.panelWidth / 2, 0], duration: 400 });
      return;
    }
    this.#options.onClick(this.#hit(event), [event.lngLat.lng, event.lngLat.lat]);
  }

  #hover(event: MapMouseEvent): void {
    const isCluster = this.#clusterAt(event.point) !== undefined;
    const hit = isCluster ? null : this.#hit(event);
    // While something is drawn the pointer is the pen's.
    if (scene.onPlace === null) this.map.getCanvas().style.cursor = hit === null && !isCluster ? "" : "pointer";
    this.#options.onHover(hit, event.point);
  }
}
