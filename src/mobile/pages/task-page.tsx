import { Button, Collapse, NavBar } from "antd-mobile";
import { LeftOutline } from "antd-mobile-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import type { NextAction } from "../../model/case.ts";
import { askCase } from "../api.ts";
import { useText } from "../language.tsx";
import { progressOf } from "../kept/progress.ts";
import { describeClock } from "../parts/time-left.ts";
import { useNowMs, usePhone } from "../phone.tsx";
import { ActionSheet } from "./action-sheet.tsx";
import { StoryList } from "./story-list.tsx";
import { WhyPart } from "./why-part.tsx";

/** One task, read like a message: what, where, why, what is known, what is asked; the next step under the thumb. */
export function TaskPage() {
  const t = useText();
  const { id = "" } = useParams();
  const navigate = useNavigate();
  const { cases, types, waiting, connection } = usePhone();
  const nowMs = useNowMs();
  const [action, setAction] = useState<NextAction | null>(null);
  const kept = cases.find((each) => each.id === id);
  // The whole story is asked for when there is a network; the task itself never waits for it.
  const story = useQuery({
    queryKey: ["case", id, kept?.version],
    queryFn: () => askCase(id),
    enabled: kept !== undefined && connection === "online",
    retry: false,
  });

  if (kept === undefined) {
    return (
      <div className="phone">
        <NavBar backIcon={<LeftOutline aria-label={t.task.back} />} onBack={() => void navigate("/")} />
        <div className="phone-empty">
          <strong>{t.task.gone}</strong>
          <p>{t.task.goneHint}</p>
        </div>
      </div>
    );
  }
  const { now, waiting: count } = progressOf(kept, types.get(kept.type), waiting);
  const clock = describeClock(t, now.dueAt, nowMs);
  const [main, ...others] = now.next;
  return (
    <div className="phone task">
      <NavBar backIcon={<LeftOutline aria-label={t.task.back} />} onBack={() => void navigate(-1)}>
        {now.stateLabel[t.language]}
      </NavBar>
      <main className="phone-page">
        {count > 0 && now.dueAt === null ? null : (
          <p className="task-clock" data-over={clock.over || undefined} role="timer">
            {clock.over ? "▲ " : ""}
            {clock.text}
          </p>
        )}
        <h1>{now.title[t.language]}</h1>
        {count > 0 ? <p className="task-kept">⟳ {t.task.waitingHere}</p> : null}
        <dl>
          <dt>{t.task.where}</dt>
          <dd>
            {now.placeName}
            {now.position === null ? null : (
              <a className="task-navigate" href={`geo:${now.position.lat},${now.position.lon}`}>
                {t.task.navigate}
              </a>
            )}
          </dd>
          <WhyPart story={story.data} />
        </dl>
        <Collapse>
          <Collapse.Panel key="story" title={t.task.showHistory}>
            <StoryList story={story.data} failed={story.isError || connection !== "online"} />
          </Collapse.Panel>
        </Collapse>
      </main>
      <footer className="task-actions">
        {main === undefined ? (
          <p className="phone-note">{now.outcome === null ? t.task.notAllowed : t.task.closed}</p>
        ) : (
          <Button block color="primary" size="large" onClick={() => setAction(main)}>
            {main.label[t.language]}
          </Button>
        )}
        {others.length === 0 ? null : (
          <div className="task-others">
            {others.map((other) => (
              <Button key={other.action} fill="outline" onClick={() => setAction(other)}>
                {other.label[t.language]}
              </Button>
            ))}
          </div>
        )}
      </footer>
      {action === null ? null : <ActionSheet of={now} action={action} onClose={() => setAction(null)} />}
    </div>
  );
}
