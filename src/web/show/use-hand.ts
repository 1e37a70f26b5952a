import { useCallback, useEffect, useRef, useState, type RefObject } from "react";

/** So long after a key or a movement a hand is on the list, ms. */
const HAND_MS = 6000;

/** Whether somebody has just moved over an element or gone through it by keys, which `put` says. */
export function useHand(of: RefObject<HTMLElement | null>): { isOn: boolean; put: () => void } {
  const [isOn, setOn] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const put = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setOn(false), HAND_MS);
    setOn(true);
  }, []);
  useEffect(() => {
    const onMove = ({ target }: Event): void => {
      if (of.current?.contains(target as Node) === true) put();
    };
    document.addEventListener("pointermove", onMove);
    document.addEventListener("wheel", onMove, { passive: true });
    return () => {
      document.removeEventListener("pointermove", onMove);
      document.removeEventListener("wheel", onMove);
      clearTimeout(timer.current);
    };
  }, [of, put]);
  return { isOn, put };
}
