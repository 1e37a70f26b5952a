import { useState } from "react";
import "./rule.css";
import type { RuleVersion } from "../../model/rule-version.ts";
import { useDesk } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Failed } from "../show/states.tsx";
import { RuleProposal } from "./rule-proposal.tsx";
import { useRules } from "./rule-queries.ts";

/** The rule that decides: what runs, what waits, what was, and what other parameters would do. */
export function RulePanel() {
  const t = useText();
  const { data: versions, isError, error, refetch } = useRules();
  const [published, setPublished] = useState<RuleVersion | null>(null);
  const r = t.rule;
  if (versions === undefined) {
    return (
      <Panel title={r.title} wide loading={!isError}>
        <Failed error={error} what={r.failed} retry={() => void refetch()} />
      </Panel>
    );
  }
  const running = versions.find(({ state }) => state === "running") ?? versions.at(-1)!;
  const waiting = versions.find(({ state }) => state === "waiting");
  return (
    <Panel
      title={r.title}
      aside={
        <span className="tag">
          {r.running} · {r.version(running.version)}
        </span>
      }
      wide
    >
      {waiting === undefined ? null : (
        <div className="section">
          <p className="notice" role="status">
            <strong>{r.waitsTitle(waiting.version)}</strong>
            <br />
            {r.waits}
          </p>
        </div>
      )}
      {/* Once a version is published, the next proposal begins from it. */}
      <RuleProposal
        key={versions[0]!.version}
        running={running}
        newest={versions[0]!}
        onPublished={setPublished}
        published={published}
      />
      <Section title={r.versions}>
        <ol className="rule-versions">
          {versions.map((version) => (
            <Version key={version.version} version={version} />
          ))}
        </ol>
      </Section>
    </Panel>
  );
}

function Version({ version }: { version: RuleVersion }) {
  const t = useText();
  const { clock } = useDesk();
  const { author, publishedAt, effectiveAt, reason, state } = version;
  const r = t.rule;
  return (
    <li>
      <b>{r.version(version.version)}</b> <span className={`tag ${state}`}>{r.state[state]}</span>
      <br />
      <small>
        {author === null || publishedAt === null ? r.own : r.by(author, clock.full(publishedAt))}
        {effectiveAt === null || effectiveAt === publishedAt ? "" : ` · ${r.effective(clock.full(effectiveAt))}`}
      </small>
      {reason === null ? null : <p>{reason}</p>}
    </li>
  );
}
