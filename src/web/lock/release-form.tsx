import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Lock, ReleaseInput } from "../../model/finding.ts";
import { send } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";

const FIELDS = ["by", "reason", "evidence"] as const satisfies (keyof ReleaseInput)[];
const LENGTH_MAX = { by: 100, reason: 500, evidence: 2000 } as const;

/** Ends a lock: only by a named person, with a reason and what it rests on. */
export function ReleaseForm({ lock, onDone }: { lock: Lock; onDone: () => void }) {
  const t = useText();
  const queries = useQueryClient();
  const [input, setInput] = useState<ReleaseInput>({ by: "", reason: "", evidence: "" });
  const [tried, setTried] = useState(false);
  const release = useMutation({
    mutationFn: () => send<Lock>("POST", `/locks/${encodeURIComponent(lock.id)}/release`, trimmed(input)),
    onSuccess: (released) => {
      queries.setQueryData(keys.lock(lock.id), released);
      queries.setQueryData<Lock[]>(keys.openLocks, (open) => open?.filter(({ id }) => id !== lock.id));
      void queries.invalidateQueries({ queryKey: keys.vehicle(lock.vehicle) });
      void queries.invalidateQueries({ queryKey: keys.vehicleLocks(lock.vehicle) });
      void queries.invalidateQueries({ queryKey: keys.lockList });
      onDone();
    },
  });
  const labels = { by: t.lock.by, reason: t.lock.reason, evidence: t.lock.evidence };
  const hints = { by: t.lock.byHint, reason: t.lock.reasonHint, evidence: t.lock.evidenceHint };
  return (
    <form
      className="form"
      noValidate
      aria-label={t.lock.releaseTitle}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        const missing = FIELDS.find((field) => input[field].trim() === "");
        if (missing === undefined) release.mutate();
        else event.currentTarget.querySelector<HTMLElement>(`[name=${missing}]`)?.focus();
      }}
    >
      {FIELDS.map((field) => {
        const missing = tried && input[field].trim() === "";
        const shared = {
          name: field,
          value: input[field],
          maxLength: LENGTH_MAX[field],
          placeholder: hints[field],
          required: true,
          "aria-invalid": missing,
          onChange: (event: { target: { value: string } }) => setInput({ ...input, [field]: event.target.value }),
        };
        return (
          <label key={field}>
            <span>
              {labels[field]} {missing ? <b>— {t.lock.required}</b> : null}
            </span>
            {field === "by" ? <input {...shared} autoComplete="name" /> : <textarea {...shared} rows={2} />}
          </label>
        );
      })}
      {release.isError ? <Problems error={release.error} /> : null}
      <div>
        <button type="submit" className="primary" disabled={release.isPending}>
          {t.lock.confirm}
        </button>
      </div>
    </form>
  );
}

function trimmed({ by, reason, evidence }: ReleaseInput): ReleaseInput {
  return { by: by.trim(), reason: reason.trim(), evidence: evidence.trim() };
}
