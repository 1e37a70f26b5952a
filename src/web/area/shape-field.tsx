import { useEffect, useMemo, useState } from "react";
import type { Datum, Geometry } from "../../model/area.ts";
import { bboxOf, positionsOf, type LonLat } from "../map/plane.ts";
import { scene } from "../map/scene.ts";
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
const DATUMS: readonly Datum[] = ["wgs84", "gcj02", "bd09"];

/** The shape of an area: drawn on the map, or as GeoJSON by text or file. What it is so far is shown on the map with its reach. */
export function ShapeField({ before, missing, first, onChange }: ShapeFieldProps) {
  const t = useText();
  const [way, setWay] = useState<Way>(first ?? (before === null ? "polygon" : "keep"));
  const [corners, setCorners] = useState<LonLat[]>([]);
  const [radiusMeters, setRadiusMeters] = useState(300);
  const [text, setText] = useState("");
  const [datum, setDatum] = useState<Datum>("wgs84");
  const drawing = way !== "keep" && way !== "geojson";

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
        corners: drawing ? corners : [],
        before: way === "keep" ? null : before,
      },
    });
  }, [value, corners, drawing, way, before]);
  useEffect(() => () => scene.set({ draft: null }), []);
  useEffect(() => {
    scene.onPlace = drawing ? (place) => setCorners((now) => (way === "circle" ? [place] : [...now, place])) : null;
    return () => {
      scene.onPlace = null;
    };
  }, [drawing, way]);
  useEffect(() => {
    if (way !== "geojson" || value.shapes.length === 0) return;
    const box = bboxOf(value.shapes.flatMap(({ geometry }) => positionsOf(shownInWgs84(geometry, value.datum))));
    scene.focus({ bbox: [box[0] - 0.011, box[1] - 0.011, box[2] + 0.011, box[3] + 0.011] });
  }, [way, value]);

  const ways: Way[] = [...(before === null ? [] : ["keep" as const]), ...DRAWN_KINDS, "geojson"];
  const invalid = way === "geojson" && text.trim() !== "" && value.shapes.length === 0;
  return (
    <fieldset>
      <legend>{t.area.shape}</legend>
      <Chips
        label={t.area.shape}
        options={ways.map((one) => ({ value: one, text: t.area.ways[one] }))}
        chosen={way}
        onChoose={(next) => {
          setWay(next);
          setCorners([]);
        }}
      />
      {drawing ? (
        <>
          <small>{t.area.drawHints[way]}</small>
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
            <button
              type="button"
              className="link"
              disabled={corners.length === 0}
              onClick={() => setCorners(corners.slice(0, -1))}
            >
              {t.area.undo}
            </button>
            <button type="button" className="link" disabled={corners.length === 0} onClick={() => setCorners([])}>
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
