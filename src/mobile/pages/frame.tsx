import { Badge, TabBar } from "antd-mobile";
import {
  BellOutline,
  CheckShieldOutline,
  EnvironmentOutline,
  ExclamationShieldOutline,
  TeamOutline,
  UploadOutline,
} from "antd-mobile-icons";
import { lazy, Suspense } from "react";
import { Link, Route, Routes, useLocation, useNavigate } from "react-router";
import { useLanguage, useText } from "../language.tsx";
import { usePhone } from "../phone.tsx";
import { NoticesPage } from "./notices-page.tsx";
import { OverseePage } from "./oversee-page.tsx";
import { SignInPage } from "./sign-in-page.tsx";
import { TaskPage } from "./task-page.tsx";
import { WaitingPage } from "./waiting-page.tsx";
import { WorkPage } from "./work-page.tsx";

/** MapLibre is a megabyte: only who opens the map loads it. */
const MapPage = lazy(async () => ({ default: (await import("./map-page.tsx")).MapPage }));

/** Signed in or not, and the five places of the phone. A task has the whole screen. */
export function Frame() {
  const { me, connection, waiting } = usePhone();
  if (me === null || (connection === "signed-out" && waiting.length === 0)) return <SignInPage />;
  return (
    <Routes>
      <Route path="/task/:id" element={<TaskPage />} />
      <Route path="*" element={<Places />} />
    </Routes>
  );
}

function Places() {
  const t = useText();
  const { waiting, me } = usePhone();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const tabs = [
    { key: "/", title: t.tabs.work, icon: <CheckShieldOutline /> },
    { key: "/grid", title: t.tabs.grid, icon: <TeamOutline /> },
    { key: "/map", title: t.tabs.map, icon: <EnvironmentOutline /> },
    ...(isSupervisor(me?.duties ?? [])
      ? [{ key: "/oversee", title: t.tabs.oversee, icon: <ExclamationShieldOutline /> }]
      : []),
    { key: "/waiting", title: t.tabs.waiting, icon: <UploadOutline />, badge: waiting.length },
  ];
  return (
    <div className="phone">
      <Strip />
      <main className="phone-page">
        <Suspense fallback={<p className="phone-note">{t.states.loading}…</p>}>
          <Routes>
            <Route path="/" element={<WorkPage scope="mine" />} />
            <Route path="/grid" element={<WorkPage scope="grid" />} />
            <Route path="/map" element={<MapPage />} />
            <Route path="/oversee" element={<OverseePage />} />
            <Route path="/notices" element={<NoticesPage />} />
            <Route path="/waiting" element={<WaitingPage />} />
            <Route path="*" element={<WorkPage scope="mine" />} />
          </Routes>
        </Suspense>
      </main>
      <nav className="phone-tabs" aria-label={t.appName}>
        <TabBar activeKey={pathname} onChange={(key) => void navigate(key)} safeArea>
          {tabs.map(({ key, title, icon, badge }) => (
            <TabBar.Item
              key={key}
              title={title}
              icon={badge === undefined || badge === 0 ? icon : <Badge content={badge}>{icon}</Badge>}
            />
          ))}
        </TabBar>
      </nav>
    </div>
  );
}

/** Who I am, and whether what I see is of now. */
function Strip() {
  const { t, setLanguage } = useLanguage();
  const { me, connection, syncedAtMs, isBusy, notices, beginShift } = usePhone();
  const navigate = useNavigate();
  const unread = notices.filter(({ readAt }) => readAt === null).length;
  const when =
    syncedAtMs === null
      ? t.work.neverUpdated
      : t.work.updated(new Date(syncedAtMs).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }));
  return (
    <header className="phone-strip" data-connection={connection}>
      <strong>{me?.duties[0]?.placeName ?? me?.name}</strong>
      <span role="status">
        {connection === "online"
          ? isBusy
            ? `${t.states.loading}…`
            : when
          : `${connection === "off-shift" ? t.signIn.offShift : t.work.offline} · ${when}`}
      </span>
      {connection === "off-shift" ? (
        <button type="button" onClick={() => void beginShift().catch(() => undefined)}>
          {t.signIn.beginShift}
        </button>
      ) : null}
      {connection === "signed-out" ? (
        <button type="button" onClick={() => void navigate("/waiting")}>
          {t.signIn.go}
        </button>
      ) : null}
      <Link to="/notices" className="phone-bell" aria-label={t.notices.unread(unread)}>
        <Badge content={unread === 0 ? null : unread > 99 ? "99+" : unread}>
          <BellOutline />
        </Badge>
      </Link>
      <button type="button" onClick={() => setLanguage(t.language === "zh" ? "en" : "zh")}>
        {t.switchLanguage}
      </button>
    </header>
  );
}

/** Who leads more than one grid sees what is late and where nobody is on duty. */
function isSupervisor(duties: readonly { placeKind: string }[]): boolean {
  return duties.some(({ placeKind }) => placeKind !== "grid");
}
