import { useEffect, useMemo, useState } from "react";
import type { Datum, Geometry } from "../../model/area.ts";
import type { PenKind } from "../map/pen.ts";
import { bboxOf, positionsOf, type LonLat } from "../map/plane.ts";
import { scene } from "../map/scene.ts";
import { usePen } from "../map/use-pen.ts";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { drawnShape, DRAWN_KINDS, type DrawnKind } from "./drawn-shape.ts";
import { shapesIn, shownInWgs84, type ShapeInput } from "./geojson-input.ts";

export interface ShapeValue {
  datum: Datum;
  /** None while the shape is not complete; several from a file with several features. */
  shapes: ShapeInput[];
}

interface ShapeFieldProps {
  /** The shape of the version before, WGS-84. */
  before: Geometry | null;
  missing: boolean;
  /** The way that is chosen to begin with. */
  first?: Way;
  onChange: (value: ShapeValue) => void;
}

type Way = "keep" | DrawnKind | "geojson";
const PENS: Record<DrawnKind, PenKind> = { polygon: "polygon", line: "line", point: "points", circle: "place" };
/** Nobody moves the corners of an outline with more by hand. */
const MOVED_MAX = 500;
/** Degrees around a shape that is brought into view: its reach and a little more. */
const AROUND_DEGREES = 0.011;
const DATUMS: readonly Datum[] = ["wgs84", "gcj02", "bd09"];

/** The shape of an area: drawn on the map, or as GeoJSON by text or file. What it is so far is shown on the map with its reach. */
export function ShapeField({ before, missing, first, onChange }: ShapeFieldProps) {
  const t = useText();
  const [way, setWay] = useState<Way>(first ?? (before === null ? "polygon" : "keep"));
  const [radiusMeters, setRadiusMeters] = useState(300);
  const [text, setText] = useState("");
  const [datum, setDatum] = useState<Datum>("wgs84");
  const drawing = way !== "keep" && way !== "geojson";
  // A shape of the same kind is not drawn again: its corners are moved.
  const pen = usePen(drawing ? PENS[way] : null, way, cornersOf(before, way));
  const { corners, isDone } = pen;

  const value = useMemo<ShapeValue>(() => {
    if (way === "keep") return { datum: "wgs84", shapes: before === null ? [] : [{ geometry: before }] };
    if (way === "geojson") return { datum, shapes: shapesIn(text) ?? [] };
    const geometry = drawnShape(way, corners, radiusMeters);
    return { datum: "wgs84", shapes: geometry === null ? [] : [{ geometry }] };
  }, [way, before, corners, radiusMeters, text, datum]);

  // Only the shape itself is handed on; the form's own fields change without it.
  useEffect(() => onChange(value), [value]);
  useEffect(() => {
    scene.set({
      draft: {
        shapes: value.shapes.map(({ geometry }) => shownInWgs84(geometry, value.datum)),
        corners: drawing ? [...corners] : [],
        before: way === "keep" ? null : before,
      },
    });
  }, [value, corners, drawing, way, before]);
  useEffect(() => () => scene.set({ draft: null }), []);
  useEffect(() => {
    if (way === "geojson") focusShapes(value.shapes.map(({ geometry }) => shownInWgs84(geometry, value.datum)));
  }, [way, value]);
  // What is edited is in sight, also when the page is opened by its address.
  useEffect(() => {
    if (before !== null) focusShapes([before]);
  }, [before]);

  const ways: Way[] = [...(before === null ? [] : ["keep" as const]), ...DRAWN_KINDS, "geojson"];
  const invalid = way === "geojson" && text.trim() !== "" && value.shapes.length === 0;
  return (
    <fieldset>
      <legend>{t.area.shape}</legend>
      <Chips
        label={t.area.shape}
        options={ways.map((one) => ({ value: one, text: t.area.ways[one] }))}
        chosen={way}
        onChoose={setWay}
      />
      {drawing ? (
        <>
          <small>{isDone && canMove(way) ? t.area.drawMoves : t.area.drawHints[way]}</small>
          {way === "circle" ? (
            <label>
              <span>{t.area.circleRadius}</span>
              <input
                type="number"
                min={1}
                max={20_000}
                value={radiusMeters}
                onChange={(event) => setRadiusMeters(Number(event.target.value))}
              />
            </label>
          ) : null}
          <div className="draw-line">
            <b>{t.area.drawCorners(corners.length)}</b>
            <button type="button" className="link" disabled={corners.length === 0} onClick={pen.undo}>
              {t.area.undo}
            </button>
            <button type="button" className="link" disabled={corners.length === 0} onClick={pen.clear}>
              {t.area.clear}
            </button>
          </div>
        </>
      ) : null}
      {way === "geojson" ? (
        <>
          <label>
            <span>{t.area.geojsonHint}</span>
            <textarea
              className="code"
              spellCheck={false}
              value={text}
              aria-invalid={invalid}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
          <label>
            <span>{t.area.geojsonFile}</span>
            <input
              type="file"
              accept=".json,.geojson,application/json,application/geo+json"
              onChange={(event) => void event.target.files?.[0]?.text().then(setText)}
            />
          </label>
          <label>
            <span>
              {t.area.datum} — {t.area.datumHint}
            </span>
            <select value={datum} onChange={(event) => setDatum(event.target.value as Datum)}>
              {DATUMS.map((one) => (
                <option key={one} value={one}>
                  {{ wgs84: "WGS-84", gcj02: "GCJ-02", bd09: "BD-09" }[one]}
                </option>
              ))}
            </select>
          </label>
        </>
      ) : null}
      {invalid ? <small className="bad">{t.area.geojsonInvalid}</small> : null}
      {missing && !invalid ? <small className="bad">{t.area.shapeMissing}</small> : null}
      {value.shapes.length === 0 ? null : <small>{t.area.draftReach}</small>}
    </fieldset>
  );
}

function focusShapes(shapes: readonly Geometry[]): void {
  if (shapes.length === 0) return;
  const [west, south, east, north] = bboxOf(shapes.flatMap((shape) => positionsOf(shape)));
  scene.focus({ bbox: [west - AROUND_DEGREES, south - AROUND_DEGREES, east + AROUND_DEGREES, north + AROUND_DEGREES] });
}

function canMove(way: DrawnKind): boolean {
  return way === "polygon" || way === "line";
}

/** The corners that a shape's hand-made kind has; none for a shape of another kind, with holes or of very many corners. */
function cornersOf(shape: Geometry | null, way: Way): LonLat[] {
  const places =
    shape?.type === "Polygon" && way === "polygon" && shape.coordinates.length === 1
      ? shape.coordinates[0]!.slice(0, -1)
      : shape?.type === "LineString" && way === "line"
        ? shape.coordinates
        : [];
  return places.length > MOVED_MAX ? [] : places.map(([lon, lat]) => [lon!, lat!]);
}
