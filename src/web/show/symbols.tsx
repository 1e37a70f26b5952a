import type { AreaLevel } from "../../model/area.ts";
import type { VehicleState } from "../../model/vehicle.ts";

/** The map's shapes for cards, lists and the legend. They mean the same everywhere. */
export function VehicleMark({
  state,
  lost = false,
  size = 20,
}: {
  state: VehicleState;
  lost?: boolean;
  size?: number;
}) {
  const dash = lost ? { strokeDasharray: "2.2 1.8" } : {};
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      {state === "ordinary" ? <Arrow scale={0.8} hollow={lost} /> : null}
      {state === "exposed" ? (
        <>
          <circle cx="12" cy="12" r="9.2" fill="none" stroke="var(--exposed)" strokeWidth="3" {...dash} />
          <Arrow scale={0.5} hollow={lost} />
        </>
      ) : null}
      {state === "locked" ? (
        <g fill={lost ? "none" : "var(--locked)"} stroke="var(--locked)" strokeWidth="2" {...dash}>
          <path d="M7.5 11V8a4.5 4.5 0 0 1 9 0v3" fill="none" strokeWidth="2.6" />
          <rect x="4.8" y="11" width="14.4" height="10.6" rx="1.2" />
          <path
            d="M12 14.6v3.2"
            stroke="var(--surface)"
            strokeWidth="2.4"
            strokeLinecap="round"
            strokeDasharray="none"
          />
        </g>
      ) : null}
      {state === "released" ? (
        <g fill="none" stroke="var(--released)" strokeLinecap="round" strokeLinejoin="round">
          <circle cx="12" cy="12" r="9.5" strokeWidth="1.5" {...dash} />
          <path d="M7.2 12.4l3.4 3.6 6.4-7.6" strokeWidth="2.8" />
        </g>
      ) : null}
    </svg>
  );
}

function Arrow({ scale, hollow }: { scale: number; hollow: boolean }) {
  return (
    <path
      transform={`translate(12 12) scale(${scale})`}
      d="M0-11L8 9 0 5-8 9z"
      fill={hollow ? "none" : "var(--ordinary)"}
      stroke="var(--ordinary)"
      strokeWidth={hollow ? 2 : 0}
      strokeDasharray={hollow ? "4 2.6" : "none"}
    />
  );
}

/** High is hatched both ways, medium one way. */
export function AreaMark({ level, size = 20 }: { level: AreaLevel; size?: number }) {
  const color = level === "high" ? "var(--area-high)" : "var(--area-medium)";
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="11" fill="none" stroke={color} strokeWidth="1" />
      <rect x="6" y="6" width="12" height="12" fill={color} fillOpacity="0.16" stroke={color} strokeWidth="1.4" />
      <path d="M6 12l6-6M6 18L18 6M12 18l6-6" stroke={color} strokeWidth="1.2" />
      {level === "high" ? <path d="M12 6l6 6M6 6l12 12M6 12l6 6" stroke={color} strokeWidth="1.2" /> : null}
    </svg>
  );
}

export function FenceMark({ size = 20 }: { size?: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d="M1 12h22" stroke="var(--fence)" strokeWidth="2.4" strokeDasharray="8 4" />
    </svg>
  );
}

export function GateMark({ size = 20 }: { size?: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d="M12 1v22" stroke="var(--road)" strokeWidth="5" />
      <path d="M2 12h20" stroke="var(--gate)" strokeWidth="4" />
    </svg>
  );
}
