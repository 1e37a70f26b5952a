import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";

export function LockPanel() {
  const t = useText();
  return <Panel title={t.states.loading} loading />;
}
