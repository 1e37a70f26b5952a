import { NavLink } from "react-router";
import { useText } from "../preferences.tsx";
import "./settings.css";

const SETTINGS = ["users", "audit", "account", "system"] as const;

/** The pages of settings, over each of them. */
export function SettingsTabs() {
  const t = useText();
  return (
    <nav className="settings-tabs" aria-label={t.settings.title}>
      {SETTINGS.map((name) => (
        <NavLink key={name} to={`/${name}`}>
          {t.settings.tabs[name]}
        </NavLink>
      ))}
    </nav>
  );
}
