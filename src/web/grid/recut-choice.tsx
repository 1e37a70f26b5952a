import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { usePen } from "../map/use-pen.ts";
import { useText } from "../preferences.tsx";
import { Failed } from "../show/states.tsx";
import { allGrids } from "./grid-queries.ts";
import { shapesAfter, type RecutDraft } from "./recut-changes.ts";

interface RecutChoiceProps {
  draft: RecutDraft;
  ids: readonly string[];
  unread: unknown;
  onChoose: (ids: readonly string[]) => void;
  /** Null while no line is to be drawn. */
  pen: ReturnType<typeof usePen> | null;
}

const FOUND_MAX = 12;

/** The grids that are chosen, more by number or name, and the line through them. */
export function RecutChoice({ draft, ids, unread, onChoose, pen }: RecutChoiceProps) {
  const t = useText();
  const { chosen, line } = draft;
  const [wanted, setWanted] = useState("");
  const { data: all } = useQuery({ ...allGrids, enabled: wanted.trim() !== "" });
  const text = wanted.trim();
  const found =
    text === ""
      ? []
      : (all?.items ?? []).filter(({ id, name }) => name.includes(text) || id.startsWith(text)).slice(0, FOUND_MAX);
  return (
    <>
      <label>
        <span>{t.recut.choose}</span>
        <input
          type="search"
          value={wanted}
          placeholder={t.recut.find}
          aria-label={t.recut.find}
          onChange={(event) => setWanted(event.target.value)}
        />
      </label>
      {found.length === 0 ? null : (
        <div className="chips" role="group" aria-label={t.recut.find}>
          {found.map(({ id, name }) => (
            <button
              key={id}
              type="button"
              aria-pressed={ids.includes(id)}
              onClick={() => {
                onChoose(ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id]);
                setWanted("");
              }}
            >
              {name} · {id}
            </button>
          ))}
        </div>
      )}
      {unread === null ? null : <Failed error={unread} what={t.grids.failed} />}
      {ids.length === 0 ? null : (
        <ul className="recut-chosen" aria-label={t.recut.chosen}>
          {ids.map((id) => {
            const name = chosen.find((each) => each.id === id)?.name ?? id;
            return (
              <li key={id}>
                {name}
                <button
                  type="button"
                  aria-label={`${t.recut.remove} ${name}`}
                  onClick={() => onChoose(ids.filter((one) => one !== id))}
                >
                  ✕
                </button>
              </li>
            );
          })}
        </ul>
      )}
      {pen === null ? null : (
        <div className="recut-line">
          <b>{pen.isDone ? t.recut.lineMoves : t.recut.lineHint(line.length)}</b>
          <button type="button" className="link" disabled={line.length === 0} onClick={pen.undo}>
            {t.recut.undoPoint}
          </button>
          <button type="button" className="link" disabled={line.length === 0} onClick={pen.clear}>
            {t.recut.clear}
          </button>
        </div>
      )}
      {pen !== null && line.length > 1 && shapesAfter(draft).length === 0 ? (
        <small className="bad" role="alert">
          {t.recut.noCut}
        </small>
      ) : null}
    </>
  );
}
