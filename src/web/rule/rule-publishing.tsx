import { useState } from "react";
import type { RuleParameters, RuleVersion } from "../../model/rule-version.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";
import { usePublishRule } from "./rule-queries.ts";

interface RulePublishingProps {
  /** Null until a dry run has shown what they do. */
  parameters: RuleParameters | null;
  onPublished: (version: RuleVersion) => void;
}

/** Publishes a version in the name of whoever is signed in, with a reason, from an instant on. */
export function RulePublishing({ parameters, onPublished }: RulePublishingProps) {
  const t = useText();
  const r = t.rule;
  const { clock } = useDesk();
  const [reason, setReason] = useState("");
  const [from, setFrom] = useState("");
  const publish = usePublishRule();
  return (
    <form
      className="form"
      noValidate
      aria-label={r.publish}
      onSubmit={(event) => {
        event.preventDefault();
        if (parameters === null) return;
        const effectiveAt = from === "" ? {} : { effectiveAt: new Date(clock.instantOf(from)).toISOString() };
        publish.mutate({ parameters, reason, ...effectiveAt }, { onSuccess: onPublished });
      }}
    >
      <label>
        <span>{r.reason}</span>
        <textarea
          value={reason}
          maxLength={500}
          required
          rows={2}
          placeholder={r.reasonHint}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      <label>
        <span>{r.effectiveAt}</span>
        <input type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
        <small>{r.effectiveHint}</small>
      </label>
      {publish.isError ? <Problems error={publish.error} /> : null}
      <div className="rule-run">
        <button
          type="submit"
          className="primary"
          disabled={parameters === null || reason.trim() === "" || publish.isPending}
        >
          {r.confirm}
        </button>
        {parameters === null ? <small className="muted">{r.runFirst}</small> : null}
      </div>
    </form>
  );
}
