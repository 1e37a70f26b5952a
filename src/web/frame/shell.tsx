import { lazy, Suspense, useEffect, useState } from "react";
import { Route, Routes, useLocation, useNavigate } from "react-router";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { Failed, Fence } from "../show/states.tsx";
import { Bar } from "./bar.tsx";
import { ConnectionLost } from "./connection-lost.tsx";
import { KeyboardHelp } from "./keyboard-help.tsx";
import { Nav, PLACES } from "./nav.tsx";
import { Panel } from "./panel.tsx";
import { PurposeNeeded } from "./purpose-needed.tsx";
import { Rail } from "./rail.tsx";
import { ReplayBar } from "./replay-bar.tsx";
import { StateCounts } from "./state-counts.tsx";
import { Timeline } from "./timeline.tsx";
import { useKeys } from "./use-keys.ts";

const MapView = lazy(async () => ({ default: (await import("../map/map-view.tsx")).MapView }));
const VehiclePanel = lazy(async () => ({ default: (await import("../vehicle/vehicle-panel.tsx")).VehicleRoute }));
const VehicleList = lazy(async () => ({ default: (await import("../vehicle/vehicle-list.tsx")).VehicleList }));
const LockPanel = lazy(async () => ({ default: (await import("../lock/lock-panel.tsx")).LockPanel }));
const LockList = lazy(async () => ({ default: (await import("../lock/lock-list.tsx")).LockList }));
const AreaList = lazy(async () => ({ default: (await import("../area/area-list.tsx")).AreaList }));
const AreaPanel = lazy(async () => ({ default: (await import("../area/area-panel.tsx")).AreaPanel }));
const AreaFormPanel = lazy(async () => ({ default: (await import("../area/area-form-panel.tsx")).AreaFormPanel }));
const AreaImportPanel = lazy(async () => ({
  default: (await import("../area/area-import-panel.tsx")).AreaImportPanel,
}));
const CaseList = lazy(async () => ({ default: (await import("../case/case-list.tsx")).CaseList }));
const CasePanel = lazy(async () => ({ default: (await import("../case/case-panel.tsx")).CasePanel }));
const GridPanel = lazy(async () => ({ default: (await import("../grid/grid-panel.tsx")).GridPanel }));
const RecutPanel = lazy(async () => ({ default: (await import("../grid/recut-panel.tsx")).RecutPanel }));
const GateList = lazy(async () => ({ default: (await import("../gate/gate-list.tsx")).GateList }));
const GatePanel = lazy(async () => ({ default: (await import("../gate/gate-panel.tsx")).GatePanel }));
const ReportPanel = lazy(async () => ({ default: (await import("../report/report-panel.tsx")).ReportPanel }));
const ReportsToday = lazy(async () => ({ default: (await import("../report/report-panel.tsx")).ReportsToday }));
const RulePanel = lazy(async () => ({ default: (await import("../rule/rule-panel.tsx")).RulePanel }));
const UserList = lazy(async () => ({ default: (await import("../settings/user-list.tsx")).UserList }));
const UserPanel = lazy(async () => ({ default: (await import("../settings/user-panel.tsx")).UserPanel }));
const AuditPanel = lazy(async () => ({ default: (await import("../settings/audit-panel.tsx")).AuditPanel }));
const AccountPanel = lazy(async () => ({ default: (await import("../settings/account-panel.tsx")).AccountPanel }));
const TerminalList = lazy(async () => ({ default: (await import("../terminal/terminal-list.tsx")).TerminalList }));
const SystemPanel = lazy(async () => ({ default: (await import("../system/system-panel.tsx")).SystemPanel }));

/** The frame: bar, places, map, timeline, rail; a page is a panel over the map. */
export function Shell() {
  const t = useText();
  const { city, cityFailed } = useDesk();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [help, setHelp] = useState(false);
  useKeys({
    "?": () => setHelp(true),
    Escape: () => (help ? setHelp(false) : pathname === "/" ? undefined : void navigate("/")),
    ...Object.fromEntries(PLACES.slice(0, 9).map(({ path }, index) => [String(index + 1), () => void navigate(path)])),
  });
  // The map is the largest part; it is fetched while the city is asked for.
  useEffect(() => void import("../map/map-view.tsx"), []);

  return (
    <div className="shell">
      <Bar onHelp={() => setHelp(true)} />
      <Nav />
      <main className="desk">
        <div className="desk-map">
          <Fence message={t.states.crashed}>
            {cityFailed ? (
              <Failed error={null} what={t.map.failed} stillWorks={t.states.unreachable} />
            ) : city === undefined ? (
              <MapWaiting />
            ) : (
              <Suspense fallback={<MapWaiting />}>
                <MapView city={city} />
              </Suspense>
            )}
          </Fence>
          <StateCounts />
          <PurposeNeeded />
          <ConnectionLost />
          <ReplayBar />
          <Fence key={pathname} message={t.states.crashed}>
            <Suspense fallback={<Panel title={t.states.loading} loading />}>
              <Pages />
            </Suspense>
          </Fence>
        </div>
        <Timeline />
      </main>
      <Rail />
      <KeyboardHelp open={help} onClose={() => setHelp(false)} />
    </div>
  );
}

function Pages() {
  const t = useText();
  return (
    <Routes>
      <Route path="/" element={null} />
      <Route path="/vehicles" element={<VehicleList />} />
      <Route path="/vehicle/:id" element={<VehiclePanel />} />
      <Route path="/cases" element={<CaseList />} />
      <Route path="/case/:id" element={<CasePanel />} />
      <Route path="/grids" element={<GridPanel />} />
      <Route path="/grids/recut" element={<RecutPanel />} />
      <Route path="/locks" element={<LockList />} />
      <Route path="/lock/:id" element={<LockPanel />} />
      <Route path="/areas" element={<AreaList />} />
      <Route path="/area/new" element={<AreaFormPanel />} />
      <Route path="/area/import" element={<AreaImportPanel />} />
      <Route path="/area/:id" element={<AreaPanel />} />
      <Route path="/area/:id/edit" element={<AreaFormPanel />} />
      <Route path="/gates" element={<GateList />} />
      <Route path="/gate/:id" element={<GatePanel />} />
      <Route path="/reports" element={<ReportsToday />} />
      <Route path="/reports/:kind/:date" element={<ReportPanel />} />
      <Route path="/rules" element={<RulePanel />} />
      <Route path="/terminals" element={<TerminalList />} />
      <Route path="/system" element={<SystemPanel />} />
      <Route path="/users" element={<UserList />} />
      <Route path="/users/:id" element={<UserPanel />} />
      <Route path="/audit" element={<AuditPanel />} />
      <Route path="/account" element={<AccountPanel />} />
      <Route path="*" element={<Panel title={t.states.notFound} />} />
    </Routes>
  );
}

function MapWaiting() {
  const t = useText();
  return (
    <div className="map-waiting" role="status">
      {t.map.loading}
    </div>
  );
}
