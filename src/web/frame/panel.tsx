import { useLayoutEffect, type ReactNode } from "react";
import { useNavigate } from "react-router";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { Loading } from "../show/states.tsx";

interface PanelProps {
  title: ReactNode;
  /** Beside the title. */
  aside?: ReactNode;
  /** `board`: as far as columns side by side need it. */
  wide?: boolean | "board";
  loading?: boolean;
  /** The body does not scroll; a list inside it does. */
  fixed?: boolean;
  children?: ReactNode;
}

const WIDTH = 440;
const WIDTH_WIDE = 620;

/** What is left of the window beside the board: the places, the rail and a strip of the map, pixels. */
const BESIDE_BOARD = 480;
const WIDTH_BOARD_MAX = 1180;

function boardWidth(): number {
  return Math.max(WIDTH_WIDE, Math.min(WIDTH_BOARD_MAX, innerWidth - BESIDE_BOARD));
}

/** A page over the map's left part; the map keeps its place beside it. */
export function Panel({ title, aside, wide = false, loading = false, fixed = false, children }: PanelProps) {
  const t = useText();
  const navigate = useNavigate();
  const width = wide === "board" ? boardWidth() : wide ? WIDTH_WIDE : WIDTH;
  // Before any page below brings something into view, which is beside the panel.
  useLayoutEffect(() => {
    scene.panelWidth = width;
    const root = document.documentElement;
    root.style.setProperty("--panel-width", `${width}px`);
    root.classList.add("panel-open");
    // A strip of the map is left: nothing that lies on it has room.
    root.classList.toggle("panel-board", wide === "board");
    return () => {
      scene.panelWidth = 0;
      root.style.removeProperty("--panel-width");
      root.classList.remove("panel-open", "panel-board");
    };
  }, [width, wide]);
  return (
    <section className="panel" style={{ width }} aria-busy={loading}>
      <header className="panel-head">
        <button type="button" onClick={() => void navigate(-1)} aria-label={t.states.back} title={t.states.back}>
          ←
        </button>
        <h1>{title}</h1>
        {aside}
        <button
          type="button"
          onClick={() => void navigate("/")}
          aria-label={t.states.close}
          title={`${t.states.close} (Esc)`}
        >
          ✕
        </button>
      </header>
      <div className={fixed ? "panel-body fixed" : "panel-body"}>{loading ? <Loading rows={8} /> : children}</div>
    </section>
  );
}

/** A titled part of a panel. */
export function Section({ title, aside, children }: { title: ReactNode; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="section">
      <h2>
        <span>{title}</span>
        {aside}
      </h2>
      {children}
    </section>
  );
}
