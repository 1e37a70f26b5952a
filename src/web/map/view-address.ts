import type { ThemeName } from "../tokens.ts";
import { LAYER_GROUP_NAMES, type LayerGroup } from "./layer-groups.ts";

/** Where the map stands: its middle (degrees, WGS-84) and its zoom. */
export interface MapView {
  lon: number;
  lat: number;
  zoom: number;
}

/** What an address says of the map. What is chosen on it is the address's path. */
export interface ViewAddress {
  /** Null: where the page puts it. */
  view: MapView | null;
  hidden: readonly LayerGroup[];
  /** The instant that is replayed, ms UTC; null for now. */
  thenMs: number | null;
  /** Null: as whoever opens it has chosen. */
  theme: ThemeName | null;
}

const NAMES = ["map", "hide", "then", "theme"] as const;
/** Five digits are a metre. */
const DEGREE_DIGITS = 5;
const ZOOM_DIGITS = 2;

/** Reads `?map=114.02013,35.31002,11.25&hide=roads,places&then=2026-11-24T06:00:00Z&theme=dark`; what it does not understand is not there. */
export function readViewAddress(search: string): ViewAddress {
  const given = new URLSearchParams(search);
  const [lon, lat, zoom, ...more] = (given.get("map") ?? "")
    .split(",")
    .map((part) => (part === "" ? NaN : Number(part)));
  const isView = more.length === 0 && isWithin(lon, -180, 180) && isWithin(lat, -85, 85) && isWithin(zoom, 0, 24);
  const asked = (given.get("hide") ?? "").split(",");
  const thenMs = Date.parse(given.get("then") ?? "");
  const theme = given.get("theme");
  return {
    view: isView ? { lon: lon!, lat: lat!, zoom: zoom! } : null,
    hidden: LAYER_GROUP_NAMES.filter((name) => asked.includes(name)),
    thenMs: Number.isNaN(thenMs) ? null : thenMs,
    theme: theme === "light" || theme === "dark" ? theme : null,
  };
}

/** The search part that says this of the map, with everything else that stood in it. */
export function withViewAddress(search: string, { view, hidden, thenMs, theme }: ViewAddress): string {
  const given = new URLSearchParams(search);
  for (const name of NAMES) given.delete(name);
  if (view !== null)
    given.set(
      "map",
      `${view.lon.toFixed(DEGREE_DIGITS)},${view.lat.toFixed(DEGREE_DIGITS)},${view.zoom.toFixed(ZOOM_DIGITS)}`,
    );
  if (hidden.length > 0) given.set("hide", hidden.join(","));
  if (thenMs !== null) given.set("then", new Date(thenMs).toISOString());
  if (theme !== null) given.set("theme", theme);
  // Commas and colons are allowed there as they are, and are read more easily.
  const text = given.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text === "" ? "" : `?${text}`;
}

function isWithin(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most;
}
