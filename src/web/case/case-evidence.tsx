import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import type { Bilingual, CaseStory } from "../../model/case.ts";
import { useAreas, useVehicleExposures } from "../api/queries.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { distance } from "../show/measure.ts";
import { Failed, Loading } from "../show/states.tsx";
import { ExposureEvidence } from "../vehicle/exposure-evidence.tsx";
import { useVehicleScene } from "../vehicle/use-vehicle-scene.ts";
import { get } from "../api/client.ts";

interface Ground {
  id: string;
  areaName: string;
  start: string;
  end: string | null;
  minutes: number;
  minDistanceM: number;
}

/** How near a step on the ground was to the vehicle's terminal. */
interface Spot {
  metersToSubject: number | null;
  subjectSeenMs: number | null;
  says?: Bilingual;
}

/** Before the first ground the way there is seen too, ms. */
const BEFORE_MS = 30 * 60_000;

/** Why the case is: what whoever is concerned says, and the finding's grounds, drawn on the map when they are asked for. */
export function CaseEvidence({ story }: { story: CaseStory }) {
  const t = useText();
  const { clock, live } = useDesk();
  const [drawn, setDrawn] = useState(false);
  const nowMs = live.cityNowMs();
  const grounds = (story.facts["exposures"] ?? []) as Ground[];
  const objection = story.facts["objection"];
  const spot = story.facts["spot"] as Spot | undefined;
  const isMasked = story.subject.id.includes("•");
  return (
    <>
      {typeof objection === "string" ? <blockquote>{objection}</blockquote> : null}
      {drawn ? (
        <Drawn vehicle={story.subject.id} grounds={grounds} />
      ) : (
        grounds.map((each) => (
          <p key={each.id}>
            {t.cases.near(each.areaName, each.minutes, distance(each.minDistanceM))}{" "}
            <small>
              {clock.full(each.start, nowMs)}–{each.end === null ? "" : clock.minute(each.end)}
            </small>
          </p>
        ))
      )}
      {spot === undefined ? null : (
        <p>
          <b>{t.cases.onSpot}</b>{" "}
          {spot.metersToSubject === null ? t.cases.noPosition : t.cases.fromTerminal(distance(spot.metersToSubject))}
          {spot.subjectSeenMs === null ? "" : ` · ${t.cases.terminalSeen(clock.full(spot.subjectSeenMs, nowMs))}`}
          {spot.says === undefined ? null : <small> {spot.says[t.language]}</small>}
        </p>
      )}
      <p className="steps">
        {grounds.length > 0 && !drawn && !isMasked ? (
          <button type="button" className="plain" onClick={() => setDrawn(true)}>
            {t.cases.drawEvidence}
          </button>
        ) : null}
        {story.lock === null ? null : <Link to={`/lock/${encodeURIComponent(story.lock)}`}>{t.cases.toLock}</Link>}
      </p>
      {isMasked ? <p className="muted">{t.cases.maskedHint}</p> : null}
    </>
  );
}

function Drawn({ vehicle, grounds }: { vehicle: string; grounds: readonly Ground[] }) {
  const t = useText();
  const { data, isError, error, refetch } = useVehicleExposures(vehicle);
  const { data: areas } = useAreas();
  const ids = new Set(grounds.map(({ id }) => id));
  const exposures = (data?.items ?? []).filter(({ id }) => ids.has(id));
  const [chosen, setChosen] = useState<string | null>(null);
  const shown = exposures.find(({ id }) => id === chosen) ?? exposures[0] ?? null;
  const fromMs = Math.min(...grounds.map(({ start }) => Date.parse(start))) - BEFORE_MS;
  const { stretches, failed, retry } = useVehicleScene(vehicle, fromMs, shown);
  if (isError || failed !== null)
    return (
      <Failed
        error={error ?? failed}
        what={t.cases.failed}
        retry={() => {
          void refetch();
          retry();
        }}
      />
    );
  if (data === undefined) return <Loading rows={4} />;
  return (
    <>
      <p className="muted">{t.cases.drawnEvidence}</p>
      {exposures.map((each) => (
        <ExposureEvidence
          key={each.id}
          exposure={each}
          area={areas?.find(({ id }) => id === each.area)}
          stretches={stretches}
          drawn={each === shown}
          onDraw={() => setChosen(each.id)}
        />
      ))}
    </>
  );
}

/** The case above this one and those below it, an objection for instance, each with how it stands. */
export function RelatedCases({ story }: { story: CaseStory }) {
  const t = useText();
  const ids = [...(story.parent === null ? [] : [story.parent]), ...story.children];
  const related = useQueries({
    queries: ids.map((id) => ({
      queryKey: ["case", id],
      queryFn: () => get<CaseStory>(`/cases/${encodeURIComponent(id)}`),
      retry: false,
    })),
  });
  return (
    <ul className="related">
      {ids.map((id, index) => {
        const other = related[index]?.data;
        const objection = other?.facts["objection"];
        return (
          <li key={id}>
            <Link to={`/case/${encodeURIComponent(id)}`}>{other?.title[t.language] ?? id}</Link>
            {other === undefined ? null : (
              <span className="tag">
                {other.outcome === null ? other.stateLabel[t.language] : t.cases.outcomes[other.outcome]}
              </span>
            )}
            {typeof objection === "string" ? <blockquote>{objection}</blockquote> : null}
          </li>
        );
      })}
    </ul>
  );
}
