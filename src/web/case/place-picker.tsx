import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { PlaceKind } from "../../model/place.ts";
import { get } from "../api/client.ts";
import { usePlace, type PlaceLoad } from "../grid/grid-queries.ts";
import { useKeys } from "../frame/use-keys.ts";
import { useText } from "../preferences.tsx";

const KINDS: readonly PlaceKind[] = ["county", "township", "community", "grid"];
const FOUND_MAX = 30;

interface NamedPlace {
  id: string;
  name: string;
}

/** Places right below one; of everywhere, those below the city, when there is one city. */
async function placesBelow(place: string | null): Promise<NamedPlace[]> {
  const { items } = await get<{ items: NamedPlace[] }>("/places", { parent: place });
  const [top, ...others] = items;
  return place === null && top !== undefined && others.length === 0 ? placesBelow(top.id) : items;
}

interface PlacePickerProps {
  place: string | null;
  onChoose: (place: string | null) => void;
}

/** A place out of the tree: down from the city by clicks, or by its name. */
export function PlacePicker({ place, onChoose }: PlacePickerProps) {
  const t = useText();
  const listId = useId();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const { data: here } = usePlace(place, null);
  const wanted = text.trim();
  const below = useQuery({
    queryKey: ["places-below", place],
    queryFn: () => placesBelow(place),
    enabled: open,
    staleTime: 600_000,
  });
  const named = useQuery({
    queryKey: ["place-names"],
    queryFn: async () =>
      (await Promise.all(KINDS.map((kind) => get<{ items: PlaceLoad[] }>("/places/load", { kind })))).flatMap(
        ({ items }) => items,
      ),
    enabled: open && wanted !== "",
    staleTime: 600_000,
  });
  const shown =
    wanted === ""
      ? (below.data ?? [])
      : (named.data ?? []).filter(({ name }) => name.includes(wanted)).slice(0, FOUND_MAX);
  useKeys(open ? { Escape: () => setOpen(false) } : {}, true);
  const choose = (next: string | null): void => {
    setText("");
    onChoose(next);
  };
  return (
    <div className="place-picker">
      <button type="button" aria-expanded={open} aria-controls={listId} onClick={() => setOpen(!open)}>
        {t.cases.where}: <b>{here?.name ?? t.cases.everywhere}</b> <span aria-hidden="true">▾</span>
      </button>
      {open ? (
        <div className="place-picker-list" id={listId}>
          <input
            type="search"
            value={text}
            placeholder={t.grids.search}
            aria-label={t.grids.search}
            onChange={(event) => setText(event.target.value)}
          />
          <div className="trail">
            <button type="button" className="link" onClick={() => choose(null)}>
              {t.cases.everywhere}
            </button>
            {(here?.above ?? []).map(({ id, name }) => (
              <button key={id} type="button" className="link" onClick={() => choose(id)}>
                {name}
              </button>
            ))}
            {here === undefined ? null : <span>{here.name}</span>}
          </div>
          <ul>
            {shown.map(({ id, name }) => (
              <li key={id}>
                <button type="button" onClick={() => choose(id)}>
                  {name}
                </button>
              </li>
            ))}
          </ul>
          {wanted !== "" && named.data !== undefined && shown.length === 0 ? (
            <p className="muted">{t.grids.noMatch}</p>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}
