import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { ApiError } from "./api/client.ts";
import { Live } from "./api/live.ts";
import { DeskProvider } from "./desk.tsx";
import { Shell } from "./frame/shell.tsx";
import { Look } from "./look.tsx";
import { PreferencesProvider } from "./preferences.tsx";
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
live.start();

createRoot(document.querySelector("#console")!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <PreferencesProvider>
        <Look>
          <BrowserRouter>
            <DeskProvider live={live}>
              <Shell />
            </DeskProvider>
          </BrowserRouter>
        </Look>
      </PreferencesProvider>
    </QueryClientProvider>
  </StrictMode>,
);
