import { App, ConfigProvider, theme as antTheme } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import type { ReactNode } from "react";
import { usePreferences } from "./preferences.tsx";
import { TOKENS } from "./tokens.ts";

/** Where overlays are put: not in the body, whose scroll bar antd would measure with a style that has no nonce. */
export function overlayRoom(): HTMLElement {
  return document.querySelector<HTMLElement>("#console")!;
}

/** The page's nonce, under which antd may write its styles. */
const STYLE_CSP = { nonce: document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.nonce ?? "" };

/** Lends antd's parts the console's own colours and letters. */
export function Look({ children }: { children: ReactNode }) {
  const { language, theme } = usePreferences();
  const tokens = TOKENS[theme];
  return (
    <ConfigProvider
      locale={language === "zh" ? zhCN : enUS}
      button={{ autoInsertSpace: false }}
      csp={STYLE_CSP}
      theme={{
        algorithm: theme === "dark" ? antTheme.darkAlgorithm : antTheme.defaultAlgorithm,
        token: {
          colorPrimary: tokens.action,
          colorError: tokens.fault,
          colorWarning: tokens.fault,
          colorSuccess: tokens.released,
          colorInfo: tokens.action,
          colorTextBase: tokens.text,
          colorBgBase: tokens.surface,
          colorBgContainer: tokens.surface,
          colorBgElevated: tokens.surfaceRaised,
          colorBorder: tokens.lineStrong,
          colorBorderSecondary: tokens.line,
          colorTextDescription: tokens.textMuted,
          fontFamily: "'Noto Sans CJK SC', 'Noto Sans SC', 'Microsoft YaHei', 'PingFang SC', system-ui, sans-serif",
          fontSize: 14,
          borderRadius: 4,
          motionDurationMid: "0.1s",
          motionDurationSlow: "0.15s",
        },
        components: { Button: { primaryShadow: "none", defaultShadow: "none", primaryColor: tokens.actionText } },
      }}
    >
      <App component={false}>{children}</App>
    </ConfigProvider>
  );
}
