import { useEffect, useRef } from "react";

/** Keys of the whole page, by `KeyboardEvent.key`. Silent while something is typed, but for Escape, which leaves the field. `first`: before all others that know the same key, a page before the frame. */
export function useKeys(actions: Record<string, () => void>, first = false): void {
  const current = useRef(actions);
  useEffect(() => {
    current.current = actions;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target as HTMLElement;
      const action = current.current[event.key];
      if (action === undefined) return;
      if (target.matches("input, textarea, select, [contenteditable]")) {
        if (event.key === "Escape") target.blur();
        return;
      }
      if ((event.key === "Enter" || event.key === " ") && target.matches("button, a, summary, [role=button]")) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", listen, first);
    return () => document.removeEventListener("keydown", listen, first);
  }, [first]);
}
