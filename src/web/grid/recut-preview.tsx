import type { PlacePreview } from "../../model/place.ts";
import { useText } from "../preferences.tsx";
import { listed } from "../show/listed.ts";
import { count } from "../show/measure.ts";
import { RehomedFlows, RehomedTotals } from "./rehomed.tsx";
import { useNamesAt, useSlotName } from "./roster-queries.ts";

const SHOWN_MAX = 40;

/** What an operation would do: what changes hands, who loses and keeps what, who is told. */
export function RecutPreview({ of }: { of: PlacePreview }) {
  const t = useText();
  const slotName = useSlotName();
  const { created, closed, changed, duties, notices } = of;
  const people = useNamesAt([...new Set(notices.map(({ place }) => place))].slice(0, SHOWN_MAX));
  const names = new Map([...created, ...closed, ...changed].map(({ id, name }) => [id, name]));
  const nameOf = (id: string): string => names.get(id) ?? id;
  const slotsOf = (rows: readonly { place: string; slot: string }[]): [string, string[]][] =>
    [...Map.groupBy(rows, ({ place }) => place)].map(([place, each]) => [
      place,
      each.map(({ slot }) => slotName(slot)),
    ]);
  return (
    <section className="recut-preview" aria-label={t.recut.previewTitle}>
      <b>{t.recut.previewTitle}</b> <small className="muted">{t.recut.before}</small>
      <RehomedTotals of={of} />
      <RehomedFlows of={of} />
      <h3>
        {t.recut.moved} {surface(of.movedM2)}
      </h3>
      <ul>
        {closed.map(({ id, name, areaM2 }) => (
          <li key={id}>
            {t.recut.closed} {name} · {surface(areaM2)}
          </li>
        ))}
        {created.map(({ id, name, areaM2 }) => (
          <li key={id}>
            {t.recut.created} {name} ({id}) · {surface(areaM2)}
          </li>
        ))}
        {changed
          .filter(({ derived }) => !derived)
          .map(({ id, name, what, areaBeforeM2, areaAfterM2 }) => (
            <li key={id}>
              {t.recut.changed} {name} ·{" "}
              {listed(
                what.map((each) => t.recut.whatChanges[each]),
                t,
              )}
              {what.includes("shape") ? ` · ${surface(areaBeforeM2)} → ${surface(areaAfterM2)}` : ""}
            </li>
          ))}
      </ul>
      {duties.vacant.length === 0 ? null : (
        <>
          <h3 className="vacant">
            ○ {t.recut.vacant} {duties.vacant.length}
          </h3>
          <ul>
            {slotsOf(duties.vacant).map(([place, slots]) => (
              <li key={place}>
                {nameOf(place)}: {listed(slots, t)}
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>
        {t.recut.told} {notices.length}
        <small className="muted">
          {" "}
          · {t.recut.carried} {duties.carried.length} · {t.recut.ended} {duties.ended.length}
        </small>
      </h3>
      {notices.length === 0 ? <p className="muted">{t.recut.noneTold}</p> : null}
      <ul>
        {notices.slice(0, SHOWN_MAX).map(({ person, place, slot, effect, text }) => (
          <li key={`${person} ${place} ${slot}`}>
            {people.get(person) ?? person} · {slotName(slot)} · <b>{t.recut[effect]}</b>
            <br />
            <small>{text[t.language]}</small>
          </li>
        ))}
      </ul>
      {notices.length > SHOWN_MAX ? <p className="muted">… +{notices.length - SHOWN_MAX}</p> : null}
    </section>
  );
}

/** `1.24 km²`, `8,300 m²` */
function surface(areaM2: number): string {
  return areaM2 >= 100_000 ? `${(areaM2 / 1e6).toFixed(2)} km²` : `${count(Math.round(areaM2))} m²`;
}
