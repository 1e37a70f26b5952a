/** Has the phone keep the program, so that it opens without a network. Without such a browser it works online only. */
export function registerShell(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/m/shell.js", { scope: "/m/" }).catch((error: unknown) => reportError(error));
}
