import { useDesk, useLive } from "../desk.tsx";
import { useText } from "../preferences.tsx";

/** Says over the map that what is seen is old. */
export function ConnectionLost() {
  const t = useText();
  const { clock } = useDesk();
  const { connection, lostSinceMs } = useLive();
  if (connection !== "lost") return null;
  return (
    <p className="connection-lost" role="alert">
      <strong>△ {t.bar.lost}</strong> {t.bar.lostHint(clock.second(lostSinceMs ?? Date.now()))}
    </p>
  );
}
