import "../show/export-button.css";
import { useText } from "../preferences.tsx";

const FORMATS = ["csv", "geojson", "gpx"] as const;

/** The track that is shown, as the server writes it. */
export function TrackFile({ vehicle, fromMs }: { vehicle: string; fromMs: number }) {
  const t = useText();
  const from = new Date(fromMs).toISOString();
  return (
    <span className="export" role="group" aria-label={`${t.exporting.label} ${t.vehicle.track}`}>
      {FORMATS.map((format) => (
        <a
          key={format}
          href={`/api/v1/vehicles/${encodeURIComponent(vehicle)}/track/file?${new URLSearchParams({ from, format }).toString()}`}
          download
          title={t.exporting.trackHint[format]}
        >
          {format.toUpperCase()}
        </a>
      ))}
    </span>
  );
}
