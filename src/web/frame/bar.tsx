import { useEffect, useRef, useState } from "react";
import { Link, useLocation, useNavigate } from "react-router";
import { useDesk, useLive } from "../desk.tsx";
import { useReplay } from "../map/replay.ts";
import { usePreferences, type ThemeChoice } from "../preferences.tsx";
import { count } from "../show/measure.ts";
import { roughSpan } from "../show/instant.ts";
import { UserMenu } from "../session/user-menu.tsx";
import { useKeys } from "./use-keys.ts";

/** Data that is older than this against the city's clock shows its own time beside it, ms. */
const BEHIND_MS = 90_000;
/** A pace from here on is a replay and says so. */
const REPLAY_PACE = 1.5;

/** The bar: where, when, how the system is, and who sits here. */
export function Bar({ onHelp }: { onHelp: () => void }) {
  const { t, themeChoice, setLanguage, setThemeChoice } = usePreferences();
  const { cityName } = useDesk();
  return (
    <header className="bar">
      <div className="bar-name">
        <b>{t.productName}</b>
        <span>{cityName}</span>
      </div>
      <Clock />
      <Search />
      <Figures />
      <Health />
      <div className="bar-tools">
        <button
          type="button"
          className="bar-button"
          onClick={() => setThemeChoice(NEXT_THEME[themeChoice])}
          title={t.bar.themeLabel}
        >
          <span aria-hidden="true">{{ auto: "◐", light: "○", dark: "●" }[themeChoice]}</span> {t.bar.theme[themeChoice]}
        </button>
        <button
          type="button"
          className="bar-button"
          lang={t.language === "zh" ? "en" : "zh-CN"}
          title={t.bar.switchLanguageHint}
          onClick={() => setLanguage(t.language === "zh" ? "en" : "zh")}
        >
          {t.bar.switchLanguage}
        </button>
        <button type="button" className="bar-button" onClick={onHelp} title={t.keys.title} aria-label={t.keys.title}>
          ?
        </button>
      </div>
      <UserMenu />
    </header>
  );
}

const NEXT_THEME: Record<ThemeChoice, ThemeChoice> = { auto: "light", light: "dark", dark: "auto" };

function Clock() {
  const { t } = usePreferences();
  const { clock } = useDesk();
  const { status, pace } = useLive();
  const { atMs } = useReplay();
  if (atMs !== null) {
    return (
      <div className="bar-clock past" title={t.replay.title}>
        <small>{clock.day(atMs)}</small>
        <b>{clock.second(atMs)}</b>
        <em>{t.replay.title}</em>
      </div>
    );
  }
  if (status === null) return <div className="bar-clock">--:--:--</div>;
  const { cityTimeMs, eventTimeMs } = status;
  const behind = eventTimeMs !== null && cityTimeMs - eventTimeMs > BEHIND_MS * Math.max(1, pace);
  return (
    <div className="bar-clock" title={t.bar.cityTime}>
      <small>{clock.day(cityTimeMs)}</small>
      <b>{clock.second(cityTimeMs)}</b>
      {pace >= REPLAY_PACE ? <em>{t.bar.replay(pace < 10 ? pace.toFixed(1) : pace.toFixed(0))}</em> : null}
      {behind ? (
        <small>
          {t.bar.eventTime} {clock.second(eventTimeMs)}
        </small>
      ) : null}
    </div>
  );
}

function Figures() {
  const { t } = usePreferences();
  const { status } = useLive();
  const lag = status?.lagMs ?? null;
  return (
    <dl className="bar-figures">
      <div>
        <dt>{t.bar.rate}</dt>
        <dd>
          {status === null ? "–" : count(status.fixesPerSecond)} <small>{t.bar.rateUnit}</small>
        </dd>
      </div>
      <div>
        <dt>{t.bar.lag}</dt>
        <dd>{lag === null ? "–" : lag < 10_000 ? `${count(lag)} ms` : roughSpan(lag, t)}</dd>
      </div>
      <div>
        <dt>{t.bar.terminals}</dt>
        <dd>{status === null ? "–" : count(status.connections)}</dd>
      </div>
    </dl>
  );
}

function Health() {
  const { t } = usePreferences();
  const { clock } = useDesk();
  const { connection, lostSinceMs, status } = useLive();
  if (connection === "lost") {
    return (
      <output className="bar-health bad" title={t.bar.lostHint(clock.second(lostSinceMs ?? Date.now()))}>
        <span aria-hidden="true">△</span> {t.bar.lost} {clock.second(lostSinceMs ?? Date.now())}
      </output>
    );
  }
  if (connection === "opening" || status === null) return <output className="bar-health">… {t.bar.opening}</output>;
  const { state, reasons } = status.health;
  return state === "ok" ? (
    <Link to="/system" className="bar-health">
      <span aria-hidden="true">✓</span> {t.bar.healthOk}
    </Link>
  ) : (
    <Link to="/system" className="bar-health bad" title={reasons.map((reason) => reason[t.language]).join("\n")}>
      <span aria-hidden="true">△</span> {t.bar.healthBad}
    </Link>
  );
}

/** Looks a vehicle up by a part of its plate or number; the answers open beside the map while one types. */
function Search() {
  const { t } = usePreferences();
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  useKeys({ "/": () => input.current?.focus() });
  const asked = pathname === "/vehicles" ? (new URLSearchParams(search).get("q") ?? "") : "";
  useEffect(() => {
    if (text === asked || text === "") return;
    const timer = setTimeout(
      () => void navigate(`/vehicles?q=${encodeURIComponent(text)}`, { replace: asked !== "" }),
      180,
    );
    return () => clearTimeout(timer);
    // Only typing starts a search; a change of the address does not.
  }, [text]);
  return (
    <search className="bar-search">
      <input
        ref={input}
        type="search"
        value={text}
        placeholder={t.bar.search}
        aria-label={t.bar.search}
        title={t.bar.searchHint}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") void navigate(`/vehicles?q=${encodeURIComponent(text)}`);
          if (event.key === "Escape") setText("");
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </search>
  );
}
