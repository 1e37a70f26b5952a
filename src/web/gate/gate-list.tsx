import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";

export function GateList() {
  const t = useText();
  return <Panel title={t.states.loading} loading />;
}
