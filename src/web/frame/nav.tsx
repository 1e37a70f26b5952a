import { NavLink, useLocation } from "react-router";
import { useOpenLocks } from "../api/queries.ts";
import { useText } from "../preferences.tsx";
import { useWaitingTerminals } from "../terminal/terminal-queries.ts";
import type { Text } from "../text/zh.ts";

type Place = Exclude<keyof Text["nav"], "api">;

/** The places of the console, in the order of their keys from 1 on. */
export const PLACES: readonly { name: Place; path: string; also: RegExp; icon: string }[] = [
  { name: "map", path: "/", also: /^\/$/, icon: "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14M15 6v14" },
  { name: "locks", path: "/locks", also: /^\/lock/, icon: "M5 11h14v10H5zM8 11V8a4 4 0 0 1 8 0v3" },
  {
    name: "vehicles",
    path: "/vehicles",
    also: /^\/vehicle/,
    icon: "M2 6h12v10H2zM14 10h4l4 3v3h-8zM6 18.5a2 2 0 1 0 .1 0M17.5 18.5a2 2 0 1 0 .1 0",
  },
  { name: "areas", path: "/areas", also: /^\/area/, icon: "M12 3l8 5v8l-8 5-8-5V8zM4 14l9-9M7 19L20 9" },
  { name: "gates", path: "/gates", also: /^\/gate/, icon: "M9 2v20M15 2v20M3 12h18" },
  { name: "reports", path: "/reports", also: /^\/reports/, icon: "M6 3h9l4 4v14H6zM9 17v-4M12 17V9M15 17v-6" },
  { name: "rules", path: "/rules", also: /^\/rules/, icon: "M5 6h14M5 12h14M5 18h14M9 4v4M15 10v4M8 16v4" },
  { name: "cases", path: "/cases", also: /^\/case/, icon: "M5 3h14v18H5zM8 8h8M8 12h8M8 16h5" },
  { name: "grids", path: "/grids", also: /^\/grids/, icon: "M3 3h7v7H3zM14 3h7v7h-7zM3 14h7v7H3zM14 14h7v7h-7z" },
  {
    name: "settings",
    path: "/users",
    also: /^\/(users|audit|account|terminals|system)/,
    icon: "M12 8.5a3.5 3.5 0 1 0 .1 0M12 2v4M12 18v4M2 12h4M18 12h4M5 5l2.8 2.8M16.2 16.2L19 19M5 19l2.8-2.8M16.2 7.8L19 5",
  },
];

/** More than that has no room in a mark. */
const NAV_COUNT_MAX = 99;

/** The places of the console at the left edge. */
export function Nav() {
  const t = useText();
  const { data: locks } = useOpenLocks();
  const waiting = useWaitingTerminals() ?? 0;
  const { pathname } = useLocation();
  return (
    <nav className="nav" aria-label={t.deskName}>
      {PLACES.map(({ name, path, also, icon }, index) => (
        <NavLink
          key={name}
          to={path}
          title={index < 9 ? `${t.nav[name]} (${index + 1})` : t.nav[name]}
          className={also.test(pathname) ? "on" : ""}
        >
          <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
            <path d={icon} fill="none" stroke="currentColor" strokeWidth="1.7" strokeLinejoin="round" />
          </svg>
          <span>{t.nav[name]}</span>
          {name === "locks" && (locks?.length ?? 0) > 0 ? <b>{locks!.length}</b> : null}
          {name === "settings" && waiting > 0 ? (
            <b className="quiet" title={t.terminals.waitingCount(waiting)}>
              {waiting > NAV_COUNT_MAX ? `${NAV_COUNT_MAX}+` : waiting}
            </b>
          ) : null}
        </NavLink>
      ))}
      <a href="/api/docs" target="_blank" rel="noreferrer" className="nav-last">
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
          <path
            d="M8 5l-6 7 6 7M16 5l6 7-6 7"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.7"
            strokeLinejoin="round"
          />
        </svg>
        <span>{t.nav.api}</span>
      </a>
    </nav>
  );
}
