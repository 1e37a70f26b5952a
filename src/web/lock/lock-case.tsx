import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { CaseSummary, FormField, NextAction } from "../../model/case.ts";
import type { Lock } from "../../model/finding.ts";
import { get, send, type Page } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";
import { Failed, Loading } from "../show/states.tsx";

const REFRESH_MS = 5000;
type Values = Record<string, string | boolean>;

/** The case of a lock: whose it is, until when, and the steps that the one at this desk may do. The lock ends by them only. */
export function LockCase({ lock }: { lock: Lock }) {
  const t = useText();
  const { clock, live } = useDesk();
  const [chosen, setChosen] = useState<NextAction | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ["case-of-lock", lock.id],
    queryFn: async () => (await get<Page<CaseSummary>>("/cases", { lock: lock.id, limit: 1 })).items[0] ?? null,
    refetchInterval: REFRESH_MS,
  });
  if (error !== null) return <Failed error={error} what={t.states.failed} retry={() => void refetch()} />;
  if (data === undefined || data === null) return <Loading />;
  const due = data.dueAt === null ? "" : clock.full(data.dueAt, live.cityNowMs());
  // A photo and a position are taken on the spot, with the phone.
  const steps = data.next.filter(({ needs }) => !needs.photo && !needs.position);
  return (
    <>
      <dl className="facts">
        <div>
          <dt>{data.stateLabel[t.language]}</dt>
          <dd>
            {data.takenByName ?? data.placeName} {data.overdue ? "⚠ " : ""}
            {due}
          </dd>
        </div>
      </dl>
      {chosen === null ? (
        <p className="steps">
          {steps.map((step) => (
            <button key={step.action} type="button" className="plain" onClick={() => setChosen(step)}>
              {step.label[t.language]}…
            </button>
          ))}
        </p>
      ) : (
        <StepForm key={chosen.action} step={chosen} of={data} lock={lock} onDone={() => setChosen(null)} />
      )}
      <p className="muted">{t.lock.why}</p>
    </>
  );
}

function StepForm({
  step,
  of: { id, version },
  lock,
  onDone,
}: {
  step: NextAction;
  of: CaseSummary;
  lock: Lock;
  onDone: () => void;
}) {
  const t = useText();
  const queries = useQueryClient();
  // One identity for this form, however often its button is pressed.
  const [action] = useState(() => crypto.randomUUID());
  const [values, setValues] = useState<Values>({});
  const [tried, setTried] = useState(false);
  const act = useMutation({
    mutationFn: () =>
      send<CaseSummary>("POST", `/cases/${encodeURIComponent(id)}/actions`, {
        id: action,
        action: step.action,
        version,
        form: values,
      }),
    onSuccess: () => {
      onDone();
    },
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["case-of-lock", lock.id] });
      void queries.invalidateQueries({ queryKey: keys.lock(lock.id) });
    },
  });
  const isMissing = ({ name, required }: FormField): boolean => required && (values[name] ?? "") === "";
  return (
    <form
      className="form"
      noValidate
      aria-label={step.label[t.language]}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!step.form.some(isMissing)) act.mutate();
      }}
    >
      {step.form.map((field) => (
        <label key={field.name}>
          <span>
            {field.label[t.language]} {tried && isMissing(field) ? <b>— {t.lock.required}</b> : null}
          </span>
          <Field
            field={field}
            value={values[field.name]}
            invalid={tried && isMissing(field)}
            onChange={(value) => setValues({ ...values, [field.name]: value })}
          />
        </label>
      ))}
      {act.isError ? <Problems error={act.error} /> : null}
      <div>
        <button type="submit" className="primary" disabled={act.isPending}>
          {step.label[t.language]}
        </button>{" "}
        <button type="button" className="link" onClick={onDone}>
          {t.lock.cancel}
        </button>
      </div>
    </form>
  );
}

function Field({
  field: { name, kind, max, required, options },
  value,
  invalid,
  onChange,
}: {
  field: FormField;
  value: string | boolean | undefined;
  invalid: boolean;
  onChange: (value: string | boolean) => void;
}) {
  const t = useText();
  const shared = { name, required, "aria-invalid": invalid };
  if (kind === "flag") {
    return (
      <input
        {...shared}
        type="checkbox"
        checked={value === true}
        onChange={(event) => onChange(event.target.checked)}
      />
    );
  }
  const text = typeof value === "string" ? value : "";
  if (kind === "choice") {
    return (
      <select {...shared} value={text} onChange={(event) => onChange(event.target.value)}>
        <option value="" aria-label="—">
          —
        </option>
        {options?.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label[t.language]}
          </option>
        ))}
      </select>
    );
  }
  return (
    <textarea {...shared} rows={2} maxLength={max} value={text} onChange={(event) => onChange(event.target.value)} />
  );
}
