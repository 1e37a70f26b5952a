import { NavLink } from "react-router";
import { useText } from "../preferences.tsx";
import { useWaitingTerminals } from "../terminal/terminal-queries.ts";
import "./settings.css";

const SETTINGS = ["users", "audit", "account", "terminals", "system"] as const;

/** The pages of settings, over each of them. */
export function SettingsTabs() {
  const t = useText();
  const waiting = useWaitingTerminals() ?? 0;
  return (
    <nav className="settings-tabs" aria-label={t.settings.title}>
      {SETTINGS.map((name) => (
        <NavLink key={name} to={`/${name}`}>
          {t.settings.tabs[name]}
          {name === "terminals" && waiting > 0 ? <b title={t.terminals.waitingCount(waiting)}>{waiting}</b> : null}
        </NavLink>
      ))}
    </nav>
  );
}
