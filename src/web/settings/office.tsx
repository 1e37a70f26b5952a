import { lazy, Suspense } from "react";
import { Navigate, Route, Routes } from "react-router";
import { Panel } from "../frame/panel.tsx";
import { usePreferences } from "../preferences.tsx";
import { UserMenu } from "../session/user-menu.tsx";
import { useMe } from "../session/use-me.ts";
import { Fence } from "../show/states.tsx";
import "./settings.css";

const UserList = lazy(async () => ({ default: (await import("./user-list.tsx")).UserList }));
const UserPanel = lazy(async () => ({ default: (await import("./user-panel.tsx")).UserPanel }));
const AuditPanel = lazy(async () => ({ default: (await import("./audit-panel.tsx")).AuditPanel }));
const AccountPanel = lazy(async () => ({ default: (await import("./account-panel.tsx")).AccountPanel }));
const TerminalList = lazy(async () => ({ default: (await import("../terminal/terminal-list.tsx")).TerminalList }));
const SystemPanel = lazy(async () => ({ default: (await import("../system/system-panel.tsx")).SystemPanel }));

/** Settings without the desk, for whoever keeps accounts or reads the audit and watches no vehicles. */
export function Office() {
  const { t, language, setLanguage } = usePreferences();
  const { data: me } = useMe();
  const first = me?.rights.includes("accounts") === true ? "/users" : "/audit";
  return (
    <div className="office">
      <header className="office-bar">
        <b>{t.productName}</b>
        <span>{t.settings.title}</span>
        <button
          type="button"
          className="bar-button push"
          lang={language === "zh" ? "en" : "zh-CN"}
          onClick={() => setLanguage(language === "zh" ? "en" : "zh")}
        >
          {t.bar.switchLanguage}
        </button>
        <UserMenu />
      </header>
      <main>
        <Fence message={t.states.crashed}>
          <Suspense fallback={<Panel title={t.states.loading} loading />}>
            <Routes>
              <Route path="/users" element={<UserList />} />
              <Route path="/users/:id" element={<UserPanel />} />
              <Route path="/audit" element={<AuditPanel />} />
              <Route path="/account" element={<AccountPanel />} />
              <Route path="/terminals" element={<TerminalList />} />
              <Route path="/system" element={<SystemPanel />} />
              <Route path="*" element={<Navigate to={first} replace />} />
            </Routes>
          </Suspense>
        </Fence>
      </main>
    </div>
  );
}
