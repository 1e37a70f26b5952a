import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link, useParams } from "react-router";
import type { CaseStory } from "../../model/case.ts";
import { ApiError, send } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { useSlotName } from "../grid/roster-queries.ts";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";
import { Empty, Failed } from "../show/states.tsx";
import { Arrivals } from "../vehicle/arrivals.tsx";
import { CaseClocks } from "./case-clocks.tsx";
import { CaseEntries } from "./case-entries.tsx";
import { CaseEvidence, RelatedCases } from "./case-evidence.tsx";
import { CaseNotices } from "./case-notices.tsx";
import { useCaseStory } from "./case-queries.ts";
import { CaseSteps } from "./case-steps.tsx";
import "./case.css";

/** A case's whole story on one page: what, whose, until when, why, what was done, and what can be done now. */
export function CasePanel() {
  const t = useText();
  const { id = "" } = useParams();
  const { data: story, error } = useCaseStory(id);
  if (story !== undefined) return <OpenedCase key={id} story={story} />;
  if (error instanceof ApiError && error.status === 404)
    return (
      <Panel title={t.cases.title}>
        <Empty title={t.cases.notFound} hint={t.cases.notFoundHint} />
      </Panel>
    );
  return (
    <Panel title={t.cases.title} loading={error === null}>
      <Failed error={error} what={t.cases.failed} />
    </Panel>
  );
}

function OpenedCase({ story }: { story: CaseStory }) {
  const t = useText();
  const queries = useQueryClient();
  const { clock, live } = useDesk();
  const nowMs = live.cityNowMs();
  const { addressee } = story;
  const slotName = useSlotName();
  // The map shows where it is; once, so that whoever moves it is left alone.
  const [where] = useState(story.position);
  useEffect(() => {
    if (where !== null) scene.focus({ place: [where.lon, where.lat], zoom: 11.5 });
  }, [where]);
  return (
    <Panel
      title={story.subject.id.replace(/_\d+$/, "")}
      aside={
        <span className="tag">
          {story.outcome === null ? story.stateLabel[t.language] : t.cases.outcomes[story.outcome]}
        </span>
      }
      wide
    >
      <div className="section">
        <p className="case-title">{story.title[t.language]}</p>
        <dl className="facts">
          <div>
            <dt>{t.cases.place}</dt>
            <dd>
              <Link to={`/grids?place=${encodeURIComponent(story.place)}`}>{story.placeName}</Link>
            </dd>
          </div>
          <div>
            <dt>{story.takenBy === null ? t.cases.addressed : t.cases.taken}</dt>
            <dd>
              {story.takenByName ??
                `${slotName(addressee.slot)} · ${addressee.persons.length === 0 ? t.cases.nobody : t.cases.persons(addressee.persons.length)}${addressee.wentUp ? ` · ${t.cases.wentUp}` : ""}`}
            </dd>
          </div>
          <div>
            <dt>{t.cases.opened}</dt>
            <dd>{clock.full(story.openedAt, nowMs)}</dd>
          </div>
          {story.outcome === null ? null : (
            <div>
              <dt>{t.cases.confirmation}</dt>
              <dd>{t.cases.confirmations[story.confirmation]}</dd>
            </div>
          )}
        </dl>
        <CaseClocks clocks={story.clocks} />
      </div>
      {story.outcome === null || story.next.length > 0 ? (
        <Section title={story.outcome === null ? t.cases.next : t.cases.closedNext}>
          <CaseSteps of={story} onChanged={() => void queries.invalidateQueries({ queryKey: ["case", story.id] })} />
        </Section>
      ) : null}
      <Section title={t.cases.why}>
        <CaseEvidence story={story} />
      </Section>
      {story.subject.kind !== "vehicle" || story.subject.id.includes("•") ? null : (
        <Arrivals vehicle={story.subject.id} hidesNone />
      )}
      {story.parent === null && story.children.length === 0 ? null : (
        <Section title={t.cases.related}>
          <RelatedCases story={story} />
        </Section>
      )}
      <Section title={t.cases.story}>
        <CaseEntries story={story} />
      </Section>
      <CaseNotices id={story.id} />
      {story.lock === null ? null : (
        <Section title={t.cases.driver}>
          <DriverLink id={story.id} />
        </Section>
      )}
    </Panel>
  );
}

/** The link that goes to the driver by a message; nothing is shown before it is asked for. */
function DriverLink({ id }: { id: string }) {
  const t = useText();
  const { clock, live } = useDesk();
  const make = useMutation({
    mutationFn: () =>
      send<{ token: string; until: string }>("POST", `/cases/${encodeURIComponent(id)}/driver-link`, {}),
  });
  const address = make.data === undefined ? null : `${location.origin}/m/d/${make.data.token}`;
  return (
    <>
      {address === null ? (
        <button type="button" className="plain" disabled={make.isPending} onClick={() => make.mutate()}>
          {t.cases.makeLink}
        </button>
      ) : (
        <p className="driver-link">
          <a href={address} target="_blank" rel="noreferrer">
            {address}
          </a>
          <button type="button" className="plain" onClick={() => void navigator.clipboard.writeText(address)}>
            {t.cases.copy}
          </button>
          <small>{t.cases.linkUntil(clock.full(make.data!.until, live.cityNowMs()))}</small>
        </p>
      )}
      {make.isError ? <Problems error={make.error} /> : null}
      <p className="muted">{t.cases.linkHint}</p>
    </>
  );
}
