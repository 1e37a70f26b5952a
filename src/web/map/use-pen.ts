import { useCallback, useEffect, useRef, useState } from "react";
import { Pen, type PenKind } from "./pen.ts";
import type { LonLat } from "./plane.ts";
import { scene } from "./scene.ts";

interface PenInHand {
  /** The corners set so far, degrees, WGS-84, 1e-6. */
  corners: readonly LonLat[];
  /** The shape is closed: its corners can be moved. */
  isDone: boolean;
  undo: () => void;
  clear: () => void;
}

const NONE: readonly LonLat[] = [];

/**
 * Lets a page draw on the map. Null: nothing is drawn, and clicks go where they always go.
 * @param about what is drawn; another one is begun from `begin`
 */
export function usePen(kind: PenKind | null, about: string, begin: readonly LonLat[] = NONE): PenInHand {
  const key = `${kind} ${about}`;
  const [drawn, setDrawn] = useState({ key: "", corners: NONE, isDone: false });
  const pen = useRef<Pen | null>(null);
  const first = useRef(begin);
  useEffect(() => {
    first.current = begin;
  });
  useEffect(() => {
    if (kind === null) return undefined;
    const ignore = (): void => undefined;
    // Nothing else takes a click while it is the pen's.
    scene.onPlace = ignore;
    const corners = first.current;
    setDrawn({ key, corners, isDone: corners.length > 0 });
    const leave = scene.onMap((map) => {
      const onCorners = (next: LonLat[], isDone: boolean): void => setDrawn({ key, corners: next, isDone });
      const opened = new Pen({ map, kind, corners, onCorners });
      pen.current = opened;
      return () => {
        pen.current = null;
        opened.stop();
      };
    });
    return () => {
      leave();
      if (scene.onPlace === ignore) scene.onPlace = null;
    };
  }, [kind, key]);
  const undo = useCallback(() => pen.current?.undo(), []);
  const clear = useCallback(() => pen.current?.clear(), []);
  const isCurrent = kind !== null && drawn.key === key;
  return { corners: isCurrent ? drawn.corners : NONE, isDone: isCurrent && drawn.isDone, undo, clear };
}
