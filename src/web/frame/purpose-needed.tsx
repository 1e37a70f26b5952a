import { useReads } from "../session/use-reads.ts";
import { useText } from "../preferences.tsx";
import { PurposeChoice } from "../show/purpose-choice.tsx";

/** Over the map while nobody has said what vehicles are watched for: nothing moves on it, and the cards name nobody. */
export function PurposeNeeded() {
  const t = useText();
  if (useReads("track") !== false) return null;
  return (
    <section className="purpose-needed" aria-label={t.settings.purposeTitle}>
      <strong>{t.settings.purposeTitle}</strong>
      <PurposeChoice />
    </section>
  );
}
