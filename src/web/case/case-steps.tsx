import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { CaseSummary, FormField, NextAction, Spot } from "../../model/case.ts";
import { ApiError, send } from "../api/client.ts";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";
import { PhotoField, SpotField } from "./spot-fields.tsx";

type Values = Record<string, string | boolean>;

/** The steps that the one at this desk may do to a case now, each with its form, its photos and its place. */
export function CaseSteps({ of, onChanged }: { of: CaseSummary; onChanged: () => void }) {
  const t = useText();
  const [chosen, setChosen] = useState<NextAction | null>(null);
  if (chosen !== null)
    return <StepForm key={chosen.action} step={chosen} of={of} onChanged={onChanged} onDone={() => setChosen(null)} />;
  return (
    <>
      {of.next.length === 0 ? null : (
        <p className="steps">
          {of.next.map((step) => (
            <button key={step.action} type="button" className="plain" onClick={() => setChosen(step)}>
              {step.label[t.language]}…
            </button>
          ))}
        </p>
      )}
      {of.next.length === 0 && of.outcome === null ? <p className="muted">{t.cases.notYours}</p> : null}
    </>
  );
}

interface StepFormProps {
  step: NextAction;
  of: CaseSummary;
  onChanged: () => void;
  onDone: () => void;
}

function StepForm({ step, of: { id, version }, onChanged, onDone }: StepFormProps) {
  const t = useText();
  // One identity for this form, however often its button is pressed.
  const [action] = useState(() => crypto.randomUUID());
  const [values, setValues] = useState<Values>({});
  const [photos, setPhotos] = useState<string[]>([]);
  const [position, setPosition] = useState<Spot | null>(null);
  const [tried, setTried] = useState(false);
  const lacks = (step.needs.photo && photos.length === 0) || (step.needs.position && position === null);
  const act = useMutation({
    mutationFn: () =>
      send<CaseSummary>("POST", `/cases/${encodeURIComponent(id)}/actions`, {
        id: action,
        action: step.action,
        version,
        form: values,
        attachments: photos,
        ...(position === null ? {} : { position }),
      }),
    onSuccess: onDone,
    onSettled: onChanged,
  });
  const isMissing = ({ name, required }: FormField): boolean => required && (values[name] ?? "") === "";
  const now = act.error instanceof ApiError ? (act.error.current as CaseSummary | null | undefined) : undefined;
  return (
    <form
      className="form"
      noValidate
      aria-label={step.label[t.language]}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!lacks && !step.form.some(isMissing)) act.mutate();
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
      {step.needs.photo ? <PhotoField photos={photos} onChange={setPhotos} /> : null}
      {step.needs.position ? <SpotField spot={position} onChange={setPosition} /> : null}
      {tried && lacks ? (
        <small className="bad" role="alert">
          {t.cases.missing}
        </small>
      ) : null}
      {act.isError ? <Problems error={act.error} /> : null}
      {now == null ? null : <p className="notice">{t.cases.changed(now.stateLabel[t.language], now.takenByName)}</p>}
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

interface FieldProps {
  field: FormField;
  value: string | boolean | undefined;
  invalid: boolean;
  onChange: (value: string | boolean) => void;
}

function Field({ field: { name, kind, max, required, options }, value, invalid, onChange }: FieldProps) {
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
