import { Button, Input, Popup, Selector, TextArea, Toast } from "antd-mobile";
import { useEffect, useState } from "react";
import type { CaseSummary, FormField, NextAction } from "../../model/case.ts";
import { useText } from "../language.tsx";
import { describeMeters } from "../parts/time-left.ts";
import { findPosition, type Position } from "../parts/position.ts";
import { usePhone } from "../phone.tsx";
import { PhotoField } from "./photo-field.tsx";

/** One step: only what the system cannot know. The photo and the position are taken along, not filled in. */
export function ActionSheet({ of, action, onClose }: { of: CaseSummary; action: NextAction; onClose: () => void }) {
  const t = useText();
  const { act, aheadMs } = usePhone();
  const [form, setForm] = useState<Record<string, string>>({});
  const [photos, setPhotos] = useState<Blob[]>([]);
  const [position, setPosition] = useState<Position | "finding" | "failed" | null>(
    action.needs.position ? "finding" : null,
  );
  const [isTried, setTried] = useState(false);

  useEffect(() => {
    if (position !== "finding") return;
    let isGone = false;
    findPosition().then(
      (found) => !isGone && setPosition(found),
      () => !isGone && setPosition("failed"),
    );
    return () => {
      isGone = true;
    };
  }, [position]);

  const missing = action.form.filter(({ name, required }) => required && (form[name] ?? "").trim() === "");
  const isWhole =
    missing.length === 0 &&
    (!action.needs.photo || photos.length > 0) &&
    (!action.needs.position || (position !== null && typeof position === "object"));

  const submit = async (): Promise<void> => {
    setTried(true);
    if (!isWhole) return;
    const filled = Object.fromEntries(Object.entries(form).filter(([, value]) => value.trim() !== ""));
    onClose();
    // By the city's clock, as the case's own are: this phone's may be wrong.
    const byCity = (ms: number): string => new Date(ms + aheadMs).toISOString();
    await act({
      id: crypto.randomUUID(),
      case: of.id,
      action: action.action,
      version: of.version,
      form: filled,
      at: byCity(Date.now()),
      position:
        typeof position === "object" && position !== null
          ? { ...position, time: byCity(Date.parse(position.time)) }
          : null,
      photos,
    });
    Toast.show({ content: navigator.onLine ? t.form.sent : t.form.queued });
  };

  return (
    <Popup visible onMaskClick={onClose} onClose={onClose} bodyStyle={{ borderRadius: "12px 12px 0 0" }}>
      <div className="sheet" role="dialog" aria-label={action.label[t.language]}>
        <h2>{action.label[t.language]}</h2>
        {action.form.map((field) => (
          <Field
            key={field.name}
            field={field}
            value={form[field.name] ?? ""}
            isMissing={isTried && missing.includes(field)}
            onChange={(value) => setForm((before) => ({ ...before, [field.name]: value }))}
          />
        ))}
        {action.needs.photo ? <PhotoField photos={photos} onChange={setPhotos} isMissing={isTried} /> : null}
        {position === null ? null : (
          <p role="status">
            {position === "finding"
              ? t.form.positionTaking
              : position === "failed"
                ? t.form.positionFailed
                : `✓ ${t.form.positionTaken(describeMeters(position.accuracyM))}`}
            {position === "failed" ? (
              <button type="button" className="phone-link" onClick={() => setPosition("finding")}>
                {t.form.retry}
              </button>
            ) : null}
          </p>
        )}
        <Button block color="primary" size="large" onClick={() => void submit()}>
          {action.label[t.language]}
        </Button>
        <Button block fill="none" onClick={onClose}>
          {t.form.cancel}
        </Button>
      </div>
    </Popup>
  );
}

interface FieldProps {
  field: FormField;
  value: string;
  isMissing: boolean;
  onChange: (value: string) => void;
}

function Field({ field, value, isMissing, onChange }: FieldProps) {
  const t = useText();
  const { label, kind, max, required } = field;
  const text = label[t.language];
  const note = isMissing ? <span className="field-missing">▲ {t.form.required}</span> : null;
  if (kind === "choice") {
    return (
      <fieldset>
        <legend>
          {text} {note}
        </legend>
        <Selector
          columns={1}
          showCheckMark={false}
          value={value === "" ? [] : [value]}
          options={(field.options ?? []).map((option) => ({ value: option.value, label: option.label[t.language] }))}
          onChange={([chosen]) => onChange(chosen ?? "")}
        />
      </fieldset>
    );
  }
  return (
    <label>
      <span>
        {text}
        {required ? "" : ` (${t.form.optional})`} {note}
      </span>
      {kind === "phone" ? (
        <Input type="tel" value={value} onChange={onChange} />
      ) : (
        <TextArea rows={2} autoSize maxLength={max ?? 1000} value={value} onChange={onChange} />
      )}
    </label>
  );
}
