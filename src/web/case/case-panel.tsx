import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import type { CaseClock, CaseEntry, CaseStory } from "../../model/case.ts";
import { ApiError, send } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { roughSpan } from "../show/instant.ts";
import { distance } from "../show/measure.ts";
import { Problems } from "../show/problems.tsx";
import { Empty, Failed } from "../show/states.tsx";
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
                `${t.session.slots[addressee.slot as keyof typeof t.session.slots] ?? addressee.slot} · ${addressee.persons.length === 0 ? t.cases.nobody : t.cases.persons(addressee.persons.length)}${addressee.wentUp ? ` · ${t.cases.wentUp}` : ""}`}
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
        <ul className="clocks">
          {story.clocks
            .filter(({ state }) => state !== "stopped")
            .map((each) => (
              <Clock key={each.clock} of={each} nowMs={nowMs} />
            ))}
        </ul>
      </div>
      {story.outcome === null ? (
        <Section title={t.cases.next}>
          <CaseSteps of={story} onChanged={() => void queries.invalidateQueries({ queryKey: ["case", story.id] })} />
        </Section>
      ) : null}
      <Section title={t.cases.why}>
        <Evidence story={story} />
      </Section>
      <Section title={t.cases.story}>
        <ol className="story">
          {story.entries.toReversed().map((entry) => (
            <Entry key={entry.seq} entry={entry} nowMs={nowMs} />
          ))}
        </ol>
      </Section>
      {story.lock === null ? null : (
        <Section title={t.cases.driver}>
          <DriverLink id={story.id} />
        </Section>
      )}
      {story.parent === null && story.children.length === 0 ? null : (
        <Section title={t.cases.related}>
          {[...(story.parent === null ? [] : [story.parent]), ...story.children].map((other) => (
            <p key={other}>
              <Link to={`/case/${encodeURIComponent(other)}`}>{other}</Link>
            </p>
          ))}
        </Section>
      )}
    </Panel>
  );
}

/** A clock as a bar that fills; over its limit it breaks into blocks. */
function Clock({ of, nowMs }: { of: CaseClock; nowMs: number }) {
  const t = useText();
  const leftMs = of.dueAt === null ? of.limitMs - of.usedMs : Date.parse(of.dueAt) - nowMs;
  const over = leftMs < 0;
  return (
    <li className={over ? "limit over" : "limit"}>
      <span className="limit-bar" aria-hidden="true">
        <span style={{ width: `${Math.min(100, Math.max(0, (1 - leftMs / of.limitMs) * 100))}%` }} />
      </span>
      <small>
        {of.label[t.language]} ·{" "}
        {of.state === "paused"
          ? t.cases.paused(of.pausedFor ?? "")
          : over
            ? `▲ ${t.cases.over(roughSpan(-leftMs, t))}`
            : t.cases.left(roughSpan(leftMs, t))}
      </small>
    </li>
  );
}

interface Exposure {
  id: string;
  area: string;
  areaName: string;
  start: string;
  end: string | null;
  minutes: number;
  minDistanceM: number;
}

function Evidence({ story }: { story: CaseStory }) {
  const t = useText();
  const { clock, live } = useDesk();
  const nowMs = live.cityNowMs();
  const exposures = (story.facts["exposures"] ?? []) as Exposure[];
  const objection = story.facts["objection"];
  return (
    <>
      {typeof objection === "string" ? <blockquote>{objection}</blockquote> : null}
      {exposures.map((each) => (
        <p key={each.id}>
          <Link to={`/vehicle/${encodeURIComponent(story.subject.id)}?exposure=${encodeURIComponent(each.id)}`}>
            {t.cases.near(each.areaName, each.minutes, distance(each.minDistanceM))}
          </Link>{" "}
          <small>
            {clock.full(each.start, nowMs)}–{each.end === null ? "" : clock.minute(each.end)}
          </small>
        </p>
      ))}
      {story.lock === null ? null : (
        <p>
          <Link to={`/lock/${encodeURIComponent(story.lock)}`}>{t.cases.toLock}</Link>
        </p>
      )}
    </>
  );
}

function Entry({ entry, nowMs }: { entry: CaseEntry; nowMs: number }) {
  const t = useText();
  const { clock } = useDesk();
  const { metersToSubject, receivedAt, placeName, persons } = entry.detail as {
    metersToSubject?: number | null;
    receivedAt?: string;
    placeName?: string;
    persons?: string[];
  };
  const said = Object.values(entry.form).filter((value): value is string => typeof value === "string");
  return (
    <li>
      <time dateTime={entry.at}>{clock.full(entry.at, nowMs)}</time>
      <div>
        <b>{entry.label?.[t.language] ?? t.cases.kinds[entry.kind]}</b> · {entry.actorName ?? t.cases.program}
        {placeName === undefined ? "" : ` → ${placeName} (${persons?.length ?? 0})`}
        {said.map((text) => (
          <p key={text}>{text}</p>
        ))}
        {metersToSubject === undefined ? null : (
          <p className="muted">
            {metersToSubject === null ? t.cases.noPosition : t.cases.fromTerminal(distance(metersToSubject))}
          </p>
        )}
        {receivedAt === undefined ? null : <p className="muted">{t.cases.receivedAt(clock.full(receivedAt, nowMs))}</p>}
        {entry.attachments.length === 0 ? null : (
          <p className="photos">
            {entry.attachments.map((attachment) => (
              <a key={attachment} href={`/api/v1/attachments/${attachment}`} target="_blank" rel="noreferrer">
                <img src={`/api/v1/attachments/${attachment}`} alt={t.cases.photo} loading="lazy" />
              </a>
            ))}
          </p>
        )}
      </div>
    </li>
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
