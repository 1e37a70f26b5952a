import { Button, Collapse, NavBar, Popup } from "antd-mobile";
import { LeftOutline } from "antd-mobile-icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import type { Bilingual, CaseStory, NextAction } from "../../model/case.ts";
import { askCase } from "../api.ts";
import { useText } from "../language.tsx";
import { progressOf } from "../kept/progress.ts";
import { describeClock } from "../parts/time-left.ts";
import { useNowMs, usePhone } from "../phone.tsx";
import { ActionSheet } from "./action-sheet.tsx";
import { StoryList } from "./story-list.tsx";
import { WhyPart } from "./why-part.tsx";

const OTHERS_SHOWN = 2;

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
        <SpotWarning story={story.data} />
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
        <OtherActions actions={others} onChoose={setAction} />
      </footer>
      {action === null ? null : <ActionSheet of={now} action={action} onClose={() => setAction(null)} />}
    </div>
  );
}

/** Nobody knew where the vehicle was when it was verified: whoever checks has to know that. */
function SpotWarning({ story }: { story: CaseStory | undefined }) {
  const t = useText();
  const spot = story?.facts["spot"] as { says?: Bilingual } | undefined;
  return spot?.says === undefined ? null : <p className="spot-warning">▲ {spot.says[t.language]}</p>;
}

/** Beside the step under the thumb; more than fit beside each other are behind one button, never beyond the edge. */
function OtherActions({
  actions,
  onChoose,
}: {
  actions: readonly NextAction[];
  onChoose: (action: NextAction) => void;
}) {
  const t = useText();
  const [isOpen, setOpen] = useState(false);
  if (actions.length === 0) return null;
  const buttons = actions.map((action) => (
    <Button
      key={action.action}
      block={actions.length > OTHERS_SHOWN}
      fill="outline"
      onClick={() => {
        setOpen(false);
        onChoose(action);
      }}
    >
      {action.label[t.language]}
    </Button>
  ));
  if (actions.length <= OTHERS_SHOWN) return <div className="task-others">{buttons}</div>;
  return (
    <div className="task-others">
      <Button fill="outline" onClick={() => setOpen(true)}>
        {t.task.more}
      </Button>
      <Popup visible={isOpen} onMaskClick={() => setOpen(false)} bodyStyle={{ borderRadius: "12px 12px 0 0" }}>
        <div className="sheet" role="dialog" aria-label={t.task.more}>
          <h2>{t.task.more}</h2>
          {buttons}
          <Button block fill="none" onClick={() => setOpen(false)}>
            {t.form.cancel}
          </Button>
        </div>
      </Popup>
    </div>
  );
}
