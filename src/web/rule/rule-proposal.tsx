import { useState } from "react";
import type { RuleParameters, RuleVersion } from "../../model/rule-version.ts";
import { Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";
import { DryRunBox } from "./dry-run-box.tsx";
import { PARAMETERS, sameParameters, shown, typed, type NumberName } from "./parameters.ts";
import { RulePublishing } from "./rule-publishing.tsx";
import { useDryRun, useStartDryRun } from "./rule-queries.ts";

interface RuleProposalProps {
  running: RuleVersion;
  newest: RuleVersion;
  /** What was published from here last. */
  published: RuleVersion | null;
  onPublished: (version: RuleVersion) => void;
}

const DAYS = [1, 7, 14, 30] as const;

/** The parameters that run beside those that are proposed, the dry run of these, and their publishing. */
export function RuleProposal({ running, newest, published, onPublished }: RuleProposalProps) {
  const t = useText();
  const r = t.rule;
  const [texts, setTexts] = useState(() => textsOf(newest.parameters));
  const [kind, setKind] = useState(newest.parameters.kind);
  const [days, setDays] = useState<number>(7);
  const [runId, setRunId] = useState<string | null>(null);
  const { data: run } = useDryRun(runId);
  const start = useStartDryRun(({ id }) => setRunId(id));
  const parameters = parametersOf(texts, kind, running.parameters);
  const isSame = parameters !== null && sameParameters(parameters, running.parameters);
  const isTried = parameters !== null && run?.state === "done" && sameParameters(parameters, run.parameters);
  return (
    <>
      <Section title={r.propose}>
        <p className="muted report-line">{r.proposeHint}</p>
        <table className="rule-table" aria-label={r.propose}>
          <thead>
            <tr>
              <th scope="col">{r.parameter}</th>
              <th scope="col">{r.now}</th>
              <th scope="col">{r.proposed}</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{r.name.kind}</th>
              <td>{r.kind[running.parameters.kind]}</td>
              <td>
                <select
                  aria-label={`${r.proposed} ${r.name.kind}`}
                  value={kind}
                  onChange={(event) => setKind(event.target.value === "stop" ? "stop" : "near")}
                >
                  <option value="near">{r.kind.near}</option>
                  <option value="stop">{r.kind.stop}</option>
                </select>
              </td>
            </tr>
            {PARAMETERS.map(({ name, unit, scale }) => {
              const value = typed(texts[name], scale);
              return (
                <tr key={name} className={value === running.parameters[name] ? undefined : "differs"}>
                  <th scope="row">{r.name[name]}</th>
                  <td>
                    {shown(running.parameters[name], scale)} {r.unit[unit]}
                  </td>
                  <td>
                    <input
                      inputMode="decimal"
                      aria-label={`${r.proposed} ${r.name[name]}`}
                      aria-invalid={value === null}
                      value={texts[name]}
                      onChange={(event) => setTexts({ ...texts, [name]: event.target.value })}
                    />{" "}
                    {r.unit[unit]}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
        <form
          className="rule-run"
          onSubmit={(event) => {
            event.preventDefault();
            if (parameters !== null) start.mutate({ parameters, days });
          }}
        >
          <label>
            {r.days}{" "}
            <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
              {DAYS.map((one) => (
                <option key={one} value={one}>
                  {r.lastDays(one)}
                </option>
              ))}
            </select>
          </label>
          <button
            type="submit"
            className="primary"
            disabled={parameters === null || isSame || run?.state === "running"}
          >
            {r.run}
          </button>
          {isSame ? <small className="muted">{r.same}</small> : null}
        </form>
        {start.isError ? <Problems error={start.error} /> : null}
        {run === undefined ? null : <DryRunBox run={run} />}
      </Section>
      <Section title={r.publish}>
        {published === null ? null : (
          <p className="notice good" role="status">
            ✓ {r.published(published.version)}
          </p>
        )}
        <RulePublishing parameters={isTried && !isSame ? parameters : null} onPublished={onPublished} />
      </Section>
    </>
  );
}

type Texts = Record<NumberName, string>;

function textsOf(parameters: RuleParameters): Texts {
  return Object.fromEntries(PARAMETERS.map(({ name, scale }) => [name, shown(parameters[name], scale)])) as Texts;
}

function parametersOf(texts: Texts, kind: RuleParameters["kind"], base: RuleParameters): RuleParameters | null {
  const parameters: RuleParameters = { ...base, kind };
  for (const { name, scale } of PARAMETERS) {
    const value = typed(texts[name], scale);
    if (value === null) return null;
    parameters[name] = value;
  }
  return parameters;
}
