import type { QueryClient } from "@tanstack/react-query";
import type { Map as MapLibreMap } from "maplibre-gl";
import type { Geometry } from "../../model/area.ts";
import { get } from "../api/client.ts";
import { bboxOf, positionsOf, type Bbox } from "./plane.ts";

/** From these zooms on, the children of counties, townships and communities are drawn. Counties are in the ground. */
const LEVEL_ZOOMS = [9.6, 11.6, 13.4] as const;
/** Places whose children are asked for at once: those in view, nearest to its middle first. */
const PARENTS_MAX = 40;
/** Places change by dated operations, not by the minute, ms. */
const FRESH_MS = 600_000;

interface OutlinedPlace {
  id: string;
  kind: string;
  name: string;
  geometry: Geometry;
}

type Lines = GeoJSON.FeatureCollection;

/** Outlines of the places that are worth seeing at a map's zoom: townships, then communities, then grids, of what is in view. */
export class PlaceLines {
  readonly #queries: QueryClient;
  readonly #boxes = new WeakMap<Geometry, Bbox>();
  #run = 0;

  constructor(queries: QueryClient) {
    this.#queries = queries;
  }

  /** Null when a newer question has been asked meanwhile. A city without a register has none. */
  async within(map: MapLibreMap): Promise<Lines | null> {
    const run = ++this.#run;
    const zoom = map.getZoom();
    const depth = LEVEL_ZOOMS.filter((from) => zoom >= from).length;
    const bounds = map.getBounds();
    const view: Bbox = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    let shown: OutlinedPlace[] = [];
    if (depth > 0) {
      // The city, then its counties, then as many levels as the zoom shows.
      let parents = await this.#childrenOf(null);
      for (let level = 0; level <= depth && run === this.#run; level++) {
        const children = await Promise.all(parents.map(({ id }) => this.#childrenOf(id)));
        parents = this.#inView(children.flat(), view);
        if (level > 0) shown = children.flat();
      }
    }
    return run === this.#run ? linesOf(shown) : null;
  }

  async #childrenOf(parent: string | null): Promise<OutlinedPlace[]> {
    const answer = await this.#queries.fetchQuery({
      queryKey: ["place-outlines", parent],
      queryFn: () => get<{ items: OutlinedPlace[] }>("/places/outlines", { parent }),
      staleTime: FRESH_MS,
      retry: false,
    });
    return answer.items;
  }

  #inView(places: readonly OutlinedPlace[], [west, south, east, north]: Bbox): OutlinedPlace[] {
    const middle = [(west + east) / 2, (south + north) / 2] as const;
    const far = ({ geometry }: OutlinedPlace): number => {
      const box = this.#boxOf(geometry);
      return Math.hypot((box[0] + box[2]) / 2 - middle[0], (box[1] + box[3]) / 2 - middle[1]);
    };
    return places
      .filter(({ geometry }) => {
        const box = this.#boxOf(geometry);
        return box[0] <= east && box[2] >= west && box[1] <= north && box[3] >= south;
      })
      .toSorted((a, b) => far(a) - far(b))
      .slice(0, PARENTS_MAX);
  }

  #boxOf(geometry: Geometry): Bbox {
    let box = this.#boxes.get(geometry);
    if (box === undefined) {
      box = bboxOf(positionsOf(geometry));
      this.#boxes.set(geometry, box);
    }
    return box;
  }
}

/** Hairlines, and a name at the middle of each. */
function linesOf(places: readonly OutlinedPlace[]): Lines {
  const features = places.flatMap(({ id, kind, name, geometry }): GeoJSON.Feature[] => {
    const [west, south, east, north] = bboxOf(positionsOf(geometry));
    const properties = { id, kind, name };
    return [
      { type: "Feature", geometry, properties },
      {
        type: "Feature",
        geometry: { type: "Point", coordinates: [(west + east) / 2, (south + north) / 2] },
        properties,
      },
    ];
  });
  return { type: "FeatureCollection", features };
}
