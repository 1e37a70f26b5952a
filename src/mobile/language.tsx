import { ConfigProvider, setDefaultConfig } from "antd-mobile";
import enUS from "antd-mobile/es/locales/en-US";
import zhCN from "antd-mobile/es/locales/zh-CN";
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import { en } from "./text/en.ts";
import { zh, type Text } from "./text/zh.ts";

type Language = Text["language"];

interface Chosen {
  t: Text;
  setLanguage: (language: Language) => void;
}

/** The same key as the console's: who works at both chooses once. */
const KEY = "wuxing.language";
const DICTIONARIES: Record<Language, Text> = { zh, en };
const LOCALES = { zh: zhCN, en: enUS };
const LanguageContext = createContext<Chosen>({ t: zh, setLanguage: () => undefined });

/** The language of the phone, kept in this browser. Chinese first. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => (localStorage.getItem(KEY) === "en" ? "en" : "zh"));
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.title = DICTIONARIES[language].appName;
    // Toasts and questions stand outside of the page's tree.
    setDefaultConfig({ locale: LOCALES[language] });
  }, [language]);
  const value = useMemo<Chosen>(
    () => ({
      t: DICTIONARIES[language],
      setLanguage: (next) => {
        localStorage.setItem(KEY, next);
        setLanguage(next);
      },
    }),
    [language],
  );
  return (
    <ConfigProvider locale={LOCALES[language]}>
      <LanguageContext value={value}>{children}</LanguageContext>
    </ConfigProvider>
  );
}

export function useLanguage(): Chosen {
  return use(LanguageContext);
}

export function useText(): Text {
  return use(LanguageContext).t;
}
