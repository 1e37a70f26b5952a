import { useText } from "../preferences.tsx";
import { plateOf } from "./measure.ts";

/** A plate in its own colours; what is no plate is plain text. */
export function Plate({ vehicle, large = false }: { vehicle: string; large?: boolean }) {
  const t = useText();
  const { text, colour } = plateOf(vehicle);
  const name = colour === null ? undefined : t.plateColour[colour];
  return (
    <span className={`plate plate-${colour ?? "none"}${large ? " large" : ""}`} title={name}>
      {text}
    </span>
  );
}
