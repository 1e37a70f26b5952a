import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, useLocation } from "react-router";
import { ApiError } from "./api/client.ts";
import { Live } from "./api/live.ts";
import { DeskProvider } from "./desk.tsx";
import { Shell } from "./frame/shell.tsx";
import { Look } from "./look.tsx";
import { PreferencesProvider, WALL_PATH } from "./preferences.tsx";
import { useMe } from "./session/use-me.ts";
import { reopenWhenBuiltAnew } from "./reopen.ts";
import { SessionGate } from "./session/session-gate.tsx";
import "./desk.css";
import "./panel.css";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});
const live = new Live(queries);

const Wall = lazy(async () => ({ default: (await import("./wall/wall.tsx")).Wall }));

const Office = lazy(async () => ({ default: (await import("./settings/office.tsx")).Office }));

/** The desk, or the wall display, which has no frame, or settings alone for who watches no vehicles. */
function Page() {
  const { data: me } = useMe();
  const { pathname } = useLocation();
  if (me?.rights.includes("watch") === false) {
    return (
      <Suspense fallback={null}>
        <Office />
      </Suspense>
    );
  }
  if (pathname !== WALL_PATH) return <Shell />;
  return (
    <Suspense fallback={null}>
      <Wall />
    </Suspense>
  );
}

reopenWhenBuiltAnew();
createRoot(document.querySelector("#console")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <PreferencesProvider>
        <Look>
          <BrowserRouter>
            <SessionGate>
              <DeskProvider live={live}>
                <Page />
              </DeskProvider>
            </SessionGate>
          </BrowserRouter>
        </Look>
      </PreferencesProvider>
    </QueryClientProvider>
  </StrictMode>,
);
