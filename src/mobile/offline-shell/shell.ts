/**
 * Keeps the pages of the phone on the phone, so that they open without a network. Only the program: what it shows
 * comes from the server and is kept by the pages themselves (`kept/`). Built to `/m/shell.js`; the build puts in what there is.
 */
declare const self: ServiceWorkerGlobalScope;

/** Addresses of everything that was built; filled in by the build (vite.mobile.config.ts). */
const FILES: readonly string[] = JSON.parse("__FILES__") as string[];
/** Changes with any file. */
const NAME = "wuxing-__VERSION__";
const START = "/m/";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll([START, ...FILES])));
  // Pages of the version before go on with what they have loaded; their next address is of this one.
  void self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin || !pathname.startsWith(START)) return;
  const address = request.mode === "navigate" ? START : pathname;
  event.respondWith(kept(address).then((answer) => answer ?? fetch(request)));
});

async function kept(address: string): Promise<Response | undefined> {
  const cache = await caches.open(NAME);
  return cache.match(address);
}

async function forgetOthers(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith("wuxing-") && name !== NAME) await caches.delete(name);
}
