import { useEffect } from "react";
import type { Bilingual, CaseEntry, CaseStory, CaseTypeView } from "../../model/case.ts";
import { useDesk } from "../desk.tsx";
import { useSlotName } from "../grid/roster-queries.ts";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { distance } from "../show/measure.ts";
import { useCaseTypes } from "./case-queries.ts";

/** What happened, the latest on top; what was done somewhere is on the map under its number. */
export function CaseEntries({ story }: { story: CaseStory }) {
  const t = useText();
  const { clock } = useDesk();
  const type = useCaseTypes().find(({ id }) => id === story.type);
  const placed = story.entries.filter(({ position }) => position !== null);
  const key = placed.map(({ seq }) => seq).join(",");
  useEffect(() => {
    if (placed.length === 0) return undefined;
    const features = placed.map(({ seq, at, position }): GeoJSON.Feature => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: [position!.lon, position!.lat] },
      properties: { role: "cut", label: `${seq} · ${clock.minute(at)}` },
    }));
    scene.set({ grids: { type: "FeatureCollection", features } });
    return () => scene.set({ grids: null });
  }, [key, clock]);
  return (
    <>
      {placed.length === 0 ? null : <p className="muted">{t.cases.onMap}</p>}
      <ol className="story">
        {story.entries.toReversed().map((entry) => (
          <Entry key={entry.seq} entry={entry} type={type} />
        ))}
      </ol>
    </>
  );
}

function Entry({ entry, type }: { entry: CaseEntry; type: CaseTypeView | undefined }) {
  const t = useText();
  const { clock, live } = useDesk();
  const slotName = useSlotName();
  const nowMs = live.cityNowMs();
  const { metersToSubject, subjectSeenMs, receivedAt, placeName, persons, slot, says } = entry.detail as {
    metersToSubject?: number | null;
    subjectSeenMs?: number | null;
    receivedAt?: string;
    placeName?: string;
    persons?: string[];
    slot?: string;
    says?: Bilingual;
  };
  const does =
    entry.kind === "ladder" && (entry.action === "notify" || entry.action === "reassign") ? entry.action : null;
  const { position } = entry;
  return (
    <li>
      <time dateTime={entry.at}>{clock.full(entry.at, nowMs)}</time>
      <div>
        <b>{entry.label?.[t.language] ?? t.cases.kinds[entry.kind]}</b> · {entry.actorName ?? t.cases.program}
        {does === null ? "" : ` · ${t.cases.does[does]}`}
        {placeName === undefined
          ? ""
          : ` → ${placeName}${slot === undefined ? "" : ` ${slotName(slot)}`} (${t.cases.persons(persons?.length ?? 0)})`}
        {says === undefined ? null : <p className="muted">{says[t.language]}</p>}
        {saidIn(entry, type, t.language).map(([label, text]) => (
          <p key={label}>
            <span className="muted">{label}</span> {text}
          </p>
        ))}
        {position === null ? null : (
          <p className="muted">
            <button
              type="button"
              className="link"
              onClick={() => scene.focus({ place: [position.lon, position.lat], zoom: 15 })}
            >
              {entry.seq} · {position.lon.toFixed(5)}, {position.lat.toFixed(5)}
            </button>{" "}
            ±{distance(position.accuracyM)} · {clock.full(position.time, nowMs)}
          </p>
        )}
        {metersToSubject === undefined ? null : (
          <p className="muted">
            {metersToSubject === null ? t.cases.noPosition : t.cases.fromTerminal(distance(metersToSubject))}
            {subjectSeenMs == null ? "" : ` · ${t.cases.terminalSeen(clock.full(subjectSeenMs, nowMs))}`}
          </p>
        )}
        {receivedAt === undefined ? null : <p className="muted">{t.cases.receivedAt(clock.full(receivedAt, nowMs))}</p>}
        {entry.attachments.length === 0 ? null : (
          <p className="photos">
            {entry.attachments.map((attachment) => (
              <a key={attachment} href={`/api/v1/attachments/${attachment}`} target="_blank" rel="noreferrer">
                <img
                  src={`/api/v1/attachments/${attachment}`}
                  alt={`${t.cases.photo} ${clock.full(entry.at, nowMs)}`}
                  loading="lazy"
                />
              </a>
            ))}
          </p>
        )}
      </div>
    </li>
  );
}

/** What a form said, with the words that whoever filled it in saw. */
function saidIn(entry: CaseEntry, type: CaseTypeView | undefined, language: "zh" | "en"): [string, string][] {
  const form = type?.transitions.find(({ action }) => action === entry.action)?.form ?? [];
  return Object.entries(entry.form).flatMap(([name, value]): [string, string][] => {
    const field = form.find((each) => each.name === name);
    const label = field?.label[language] ?? name;
    if (typeof value === "boolean") return [[label, value ? "✓" : "✕"]];
    if (typeof value !== "string" || value === "") return [];
    return [[label, field?.options?.find((option) => option.value === value)?.label[language] ?? value]];
  });
}
