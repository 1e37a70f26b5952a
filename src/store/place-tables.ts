import type { Generated } from "kysely";
import type { Geometry } from "../model/area.ts";
import type { PlaceChange, PlaceKind, PlacePreview, PlaceTree } from "../model/place.ts";

/** Tables of migration 0003. Instants are ms UTC; periods are half-open, `to_ms` null while they last. */
export interface PlaceTables {
  place_operation: {
    number: Generated<number>;
    id: string;
    effective_ms: number;
    recorded_ms: number;
    account: string | null;
    reason: string;
    changes: readonly PlaceChange[];
    preview: PlacePreview;
    /** Migration 0012: taken back before its date, and by whom. */
    undone_ms: number | null;
    undone_by: string | null;
    /** Duties as they were before it, with their ends. */
    duties_before: readonly (readonly [id: string, toMs: number | null])[];
  };
  place: { id: string; tree: PlaceTree; kind: PlaceKind; operation: string };
  place_shape: { id: string; area_m2: number; geometry: Extract<Geometry, { type: "Polygon" | "MultiPolygon" }> };
  place_version: {
    place: string;
    from_ms: number;
    to_ms: number | null;
    name: string;
    parent: string | null;
    path: string;
    shape: string;
    operation: string;
  };
  person: { id: string; name: string; recorded_ms: number };
  duty: {
    id: string;
    place: string;
    slot: string;
    person: string;
    from_ms: number;
    to_ms: number | null;
    recorded_ms: number;
    account: string | null;
    operation: string | null;
  };
  leave: {
    id: string;
    person: string;
    from_ms: number;
    to_ms: number;
    recorded_ms: number;
    account: string | null;
  };
  substitute: {
    id: string;
    duty: string;
    person: string;
    from_ms: number;
    to_ms: number | null;
    recorded_ms: number;
    account: string | null;
  };
}
