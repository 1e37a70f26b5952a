import { useEffect, useState } from "react";
import type { Geometry } from "../../model/area.ts";
import { bboxOf, positionsOf } from "../map/plane.ts";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { shownInWgs84 } from "./geojson-input.ts";
import type { ImportItem } from "./import-items.ts";
import { ShapeField, type ShapeValue } from "./shape-field.tsx";

interface SettleProps {
  item: ImportItem;
  onTake: (shape: Geometry) => void;
  onLeave: () => void;
  /** To the line before or behind. */
  onStep: (by: 1 | -1) => void;
}

/** Gives a line without coordinates its place: clicked or drawn on the map, then the next line. */
export function Settle(props: SettleProps) {
  const { item, onLeave, onStep } = props;
  const t = useText();
  useEffect(() => {
    const around = item.within?.geometry ?? item.before?.geometry;
    if (around !== undefined) scene.focus({ bbox: bboxOf(positionsOf(around)) });
  }, [item.key]);
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : null;
      if (step === null || (event.target as HTMLElement).matches("input, textarea, select")) return;
      event.preventDefault();
      onStep(step);
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [onStep]);
  return (
    <div className="form section">
      <p className="notice">
        <strong>{t.import.settling(item.title)}</strong>
        <br />
        {item.name} {item.kind === null ? "" : `· ${t.import.kind[item.kind]}`}
        <br />
        <small>{t.import.settleHint}</small>
      </p>
      <Field key={item.key} {...props} />
      <button type="button" className="link settle-back" onClick={onLeave}>
        ← {t.states.back}
      </button>
    </div>
  );
}

function Field({ item, onTake }: SettleProps) {
  const t = useText();
  const [value, setValue] = useState<ShapeValue>({ datum: "wgs84", shapes: [] });
  const [shape] = value.shapes;
  return (
    <>
      <ShapeField before={item.within?.geometry ?? null} missing={false} first="circle" onChange={setValue} />
      <div className="form-foot">
        <button
          type="button"
          className="primary"
          disabled={shape === undefined}
          onClick={() => onTake(shownInWgs84(shape!.geometry, value.datum))}
        >
          {t.import.take}
        </button>
      </div>
    </>
  );
}
