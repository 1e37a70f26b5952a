import type { CaseStory } from "../../model/case.ts";
import { useText } from "../language.tsx";
import { describeMeters, describeSpan } from "../parts/time-left.ts";

interface Evidence {
  id: string;
  areaName: string;
  start: string;
  end: string | null;
  minutes: number;
  minDistanceM: number;
}

/** Why: the rule in one sentence and the evidence that it rests on. */
export function WhyPart({ story }: { story: CaseStory | undefined }) {
  const t = useText();
  const exposures = (story?.facts["exposures"] ?? []) as Evidence[];
  if (exposures.length === 0) return null;
  return (
    <>
      <dt>{t.task.why}</dt>
      {exposures.map(({ id, areaName, minutes, minDistanceM }) => (
        <dd key={id}>{t.driver.near(areaName, describeSpan(t, minutes * 60_000), describeMeters(minDistanceM))}</dd>
      ))}
    </>
  );
}
