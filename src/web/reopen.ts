const KEY = "wuxing.reopened";
/** Once in so long: what fails again is not mended by opening it again. */
const AGAIN_MS = 60_000;

/** A page that was opened before the console was built anew asks for parts that are gone: it is opened again where it is. */
export function reopenWhenBuiltAnew(): void {
  addEventListener("vite:preloadError", (event) => {
    const lastMs = Number(sessionStorage.getItem(KEY) ?? 0);
    if (Date.now() - lastMs < AGAIN_MS) return;
    event.preventDefault();
    sessionStorage.setItem(KEY, String(Date.now()));
    location.reload();
  });
}
