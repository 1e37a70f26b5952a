import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useText } from "../preferences.tsx";
import { allGrids } from "./grid-queries.ts";
import { readOutlines, type ImportedGrid, type NewGrid, type RecutDraft } from "./recut-changes.ts";

interface NewGridFieldsProps {
  draft: RecutDraft;
  onGrids: (grids: NewGrid[]) => void;
  onCarryOf: (ids: string[]) => void;
}

/** How what the operation makes is called, and whose people stay. */
export function NewGridFields({ draft: { tool, chosen, grids, carryOf }, onGrids, onCarryOf }: NewGridFieldsProps) {
  const t = useText();
  const change = (index: number, part: Partial<NewGrid>): void =>
    onGrids(grids.map((grid, at) => (at === index ? { ...grid, ...part } : grid)));
  return (
    <>
      {grids.map((grid, index) => {
        const title = tool === "split" ? t.recut.part("AB"[index]!) : tool === "merge" ? t.recut.into : t.recut.name;
        return (
          <fieldset key={title}>
            <legend>{title}</legend>
            <div className="two">
              {tool === "rename" ? null : (
                <label>
                  <span>{t.recut.id}</span>
                  <input
                    value={grid.id}
                    aria-invalid={grid.id.trim() === ""}
                    onChange={(event) => change(index, { id: event.target.value })}
                  />
                </label>
              )}
              <label>
                <span>{t.recut.name}</span>
                <input
                  value={grid.name}
                  aria-invalid={grid.name.trim() === ""}
                  onChange={(event) => change(index, { name: event.target.value })}
                />
              </label>
            </div>
            {tool === "split" ? (
              <label className="check">
                <input
                  type="checkbox"
                  checked={grid.carryDuties}
                  onChange={(event) => change(index, { carryDuties: event.target.checked })}
                />
                {t.recut.carry}
              </label>
            ) : null}
          </fieldset>
        );
      })}
      {tool === "merge" && chosen.length > 1
        ? chosen.map(({ id, name }) => (
            <label key={id} className="check">
              <input
                type="checkbox"
                checked={carryOf.includes(id)}
                onChange={(event) =>
                  onCarryOf(event.target.checked ? [...carryOf, id] : carryOf.filter((one) => one !== id))
                }
              />
              {t.recut.carryOf(name)}
            </label>
          ))
        : null}
    </>
  );
}

interface OutlineFileProps {
  imported: readonly ImportedGrid[];
  onRead: (grids: ImportedGrid[]) => void;
}

/** Outlines from a file: of grids there are, and of new ones. */
export function OutlineFile({ imported, onRead }: OutlineFileProps) {
  const t = useText();
  const queries = useQueryClient();
  const [state, setState] = useState<"empty" | "invalid" | "read">("empty");
  const read = async (file: File | undefined): Promise<void> => {
    if (file === undefined) return;
    const outlines = readOutlines(await file.text());
    setState(outlines === null ? "invalid" : "read");
    const { items } = await queries.fetchQuery(allGrids);
    const known = new Set(items.map(({ id }) => id));
    onRead((outlines ?? []).map((outline) => ({ ...outline, isKnown: known.has(outline.id) })));
  };
  const created = imported.filter(({ isKnown }) => !isKnown).length;
  return (
    <>
      <label>
        <span>{t.recut.file}</span>
        <input
          type="file"
          accept=".json,.geojson,application/json,application/geo+json"
          aria-invalid={state === "invalid"}
          onChange={(event) => void read(event.target.files?.[0])}
        />
      </label>
      {state === "invalid" ? (
        <small className="bad" role="alert">
          {t.recut.fileInvalid}
        </small>
      ) : null}
      {imported.length === 0 ? null : <p className="notice">{t.recut.fileRows(imported.length - created, created)}</p>}
    </>
  );
}
