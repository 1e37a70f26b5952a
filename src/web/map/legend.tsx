import { useState } from "react";
import { useText } from "../preferences.tsx";
import { hiddenLayers, useHiddenLayers } from "./hidden-layers.ts";
import { LAYER_GROUP_NAMES } from "./layer-groups.ts";
import { AreaMark, FenceMark, GateMark, VehicleMark } from "../show/symbols.tsx";

/** What the shapes mean, and which of them are on the map; folded away by one click and remembered for the visit. */
export function Legend() {
  const t = useText();
  const hidden = useHiddenLayers();
  const [open, setOpen] = useState(() => globalThis.innerWidth >= 1600);
  const rows = [
    [<VehicleMark key="o" state="ordinary" />, t.legend.ordinary],
    [<VehicleMark key="e" state="exposed" />, t.legend.exposed],
    [<VehicleMark key="l" state="locked" />, t.legend.locked],
    [<VehicleMark key="r" state="released" />, t.legend.released],
    [<VehicleMark key="x" state="ordinary" lost />, t.legend.lost],
    [
      <span key="c" className="cluster-label" aria-hidden="true">
        9
      </span>,
      t.legend.cluster,
    ],
    [<AreaMark key="h" level="high" />, t.legend.areaHigh],
    [<AreaMark key="m" level="medium" />, t.legend.areaMedium],
    [<FenceMark key="f" />, t.legend.fence],
    [<GateMark key="g" />, t.legend.gate],
  ] as const;
  return (
    <div className="legend">
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t.legend.title} <span aria-hidden="true">{open ? "▾" : "▴"}</span>
      </button>
      {open ? (
        <>
          <ul>
            {rows.map(([mark, text]) => (
              <li key={text}>
                {mark}
                <span>{text}</span>
              </li>
            ))}
          </ul>
          <div className="legend-layers" role="group" aria-label={t.map.layers}>
            {LAYER_GROUP_NAMES.map((group) => (
              <button
                key={group}
                type="button"
                aria-pressed={!hidden.includes(group)}
                title={t.map.layerHint}
                onClick={() => hiddenLayers.toggle(group)}
              >
                {t.map.layer[group]}
              </button>
            ))}
          </div>
        </>
      ) : null}
    </div>
  );
}
