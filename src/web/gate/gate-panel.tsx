import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";

export function GatePanel() {
  const t = useText();
  return <Panel title={t.states.loading} loading />;
}
