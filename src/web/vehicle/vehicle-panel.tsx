import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";

export function VehicleRoute() {
  const t = useText();
  return <Panel title={t.states.loading} loading />;
}
