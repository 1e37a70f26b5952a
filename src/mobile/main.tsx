import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter, Route, Routes } from "react-router";
import "antd-mobile/es/global";
import "./phone.css";
import "./pages.css";
import { openPhoneStore, type PhoneStore } from "./kept/phone-store.ts";
import { LanguageProvider } from "./language.tsx";
import { DriverPage } from "./pages/driver-page.tsx";
import { Frame } from "./pages/frame.tsx";
import { registerShell } from "./parts/register-shell.ts";
import { renderDialogs } from "./parts/render-dialogs.ts";
import { PhoneProvider } from "./phone.tsx";

registerShell();
renderDialogs();
const queries = new QueryClient({ defaultOptions: { queries: { staleTime: 10_000, retry: 1 } } });
void openPhoneStore().then((store) => show(store));

function show(store: PhoneStore): void {
  createRoot(document.querySelector("#phone")!).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <LanguageProvider>
          <BrowserRouter basename="/m">
            <Routes>
              <Route path="/d/:token" element={<DriverPage />} />
              <Route
                path="*"
                element={
                  <PhoneProvider store={store}>
                    <Frame />
                  </PhoneProvider>
                }
              />
            </Routes>
          </BrowserRouter>
        </LanguageProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
