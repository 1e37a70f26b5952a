import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { readViewAddress } from "./map/view-address.ts";
import { en } from "./text/en.ts";
import { zh, type Text } from "./text/zh.ts";
import { applyTokens, type ThemeName } from "./tokens.ts";

export type ThemeChoice = "auto" | ThemeName;
export type Language = Text["language"];

export interface Preferences {
  t: Text;
  language: Language;
  theme: ThemeName;
  themeChoice: ThemeChoice;
  setLanguage: (language: Language) => void;
  setThemeChoice: (choice: ThemeChoice) => void;
}

/** The wall display, which is dark at any hour. */
export const WALL_PATH = "/wall";

const PreferencesContext = createContext<Preferences | null>(null);
const DICTIONARIES: Record<Language, Text> = { zh, en };
const LANGUAGE_KEY = "wuxing.language";
const THEME_KEY = "wuxing.theme";
/** Dark between these hours of the desk's own clock, when the choice is `auto`. */
const NIGHT_FROM_HOUR = 19;
const NIGHT_TO_HOUR = 7;

/** Language and day or night, kept in this browser. Chinese first. */
export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => (read(LANGUAGE_KEY) === "en" ? "en" : "zh"));
  const [themeChoice, setThemeChoice] = useState<ThemeChoice>(() => {
    // A link of a view brings its own.
    const kept = readViewAddress(location.search).theme ?? read(THEME_KEY);
    return kept === "light" || kept === "dark" ? kept : "auto";
  });
  const [night, setNight] = useState(isNight);
  useEffect(() => {
    const timer = setInterval(() => setNight(isNight()), 60_000);
    return () => clearInterval(timer);
  }, []);
  const choice = location.pathname === WALL_PATH ? "dark" : themeChoice;
  const theme: ThemeName = choice === "auto" ? (night ? "dark" : "light") : choice;

  useEffect(() => applyTokens(theme), [theme]);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    const t = DICTIONARIES[language];
    document.title = `${t.productName} · ${t.deskName}`;
  }, [language]);

  const value = useMemo<Preferences>(
    () => ({
      t: DICTIONARIES[language],
      language,
      theme,
      themeChoice,
      setLanguage: (next) => {
        keep(LANGUAGE_KEY, next);
        setLanguage(next);
      },
      setThemeChoice: (next) => {
        keep(THEME_KEY, next);
        setThemeChoice(next);
      },
    }),
    [language, theme, themeChoice],
  );
  return <PreferencesContext value={value}>{children}</PreferencesContext>;
}

export function usePreferences(): Preferences {
  const value = use(PreferencesContext);
  if (value === null) throw new Error("preferences are read outside their provider");
  return value;
}

/** The texts of the chosen language. */
export function useText(): Text {
  return usePreferences().t;
}

function isNight(): boolean {
  const hour = new Date().getHours();
  return hour >= NIGHT_FROM_HOUR || hour < NIGHT_TO_HOUR;
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing forgets the choice; nothing else depends on it.
  }
}
