import { useState } from "react";
import { useText } from "../preferences.tsx";
import { count } from "../show/measure.ts";
import { Problems } from "../show/problems.tsx";
import { useVerdict } from "./settings-queries.ts";

/** Whether the chain of notes is whole, by a button: the whole of it is read. */
export function AuditChain() {
  const t = useText();
  const a = t.audit;
  const [known, setKnown] = useState("");
  const verify = useVerdict();
  const verdict = verify.data;
  return (
    <details className="section audit-chain">
      <summary>
        {a.chain}
        {verdict === undefined ? null : verdict.broken === null ? (
          <b className="whole"> ✓ {a.whole(count(verdict.rows))}</b>
        ) : (
          <b className="broken"> △ {a.broken(count(verdict.broken.seq))}</b>
        )}
      </summary>
      <p className="muted">{a.hint}</p>
      <form
        className="form"
        aria-label={a.verify}
        onSubmit={(event) => {
          event.preventDefault();
          verify.mutate(known.trim() === "" ? null : known.trim());
        }}
      >
        <label>
          <span>{a.known}</span>
          <input value={known} autoComplete="off" spellCheck={false} onChange={(e) => setKnown(e.target.value)} />
          <small>{a.verifyHint}</small>
        </label>
        <div className="acts">
          <button type="submit" className="primary" disabled={verify.isPending}>
            {verify.isPending ? a.verifying : a.verify}
          </button>
        </div>
      </form>
      {verify.isError ? <Problems error={verify.error} /> : null}
      {verdict === undefined ? null : verdict.broken === null ? (
        <div className="notice good once" role="status">
          <strong>✓ {a.whole(count(verdict.rows))}</strong>
          <p>{a.head}</p>
          <code>{`${verdict.rows}:${verdict.head}`}</code>
        </div>
      ) : (
        <div className="notice bad" role="alert">
          <strong>△ {a.broken(count(verdict.broken.seq))}</strong>
          <p>{a.why[verdict.broken.why] ?? a.whyMissing}</p>
        </div>
      )}
    </details>
  );
}
