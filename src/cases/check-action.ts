import { distanceMeters } from "../kernel/distance.ts";
import type { Bilingual, CaseAction, Spot } from "../model/case.ts";
import { WuxingError, type Problem } from "../model/errors.ts";
import type { TransitionDefinition } from "./case-type.ts";
import type { SubjectPosition } from "./ports.ts";

/** As far as the doer's position may lie from the subject's own, metres. */
const NEAR_SUBJECT_METERS = 500;
/** A position of the subject that is older than this says nothing about where it is, ms. */
const POSITION_AGE_MAX_MS = 30 * 60_000;

/**
 * Checks that a step brings what it has to: the form's fields, a photo, a position.
 * @throws WuxingError INPUT_INVALID with every field that does not fit
 */
export function checkForm({ form = [], needs }: TransitionDefinition, action: CaseAction): void {
  const problems: Problem[] = [];
  for (const { name, kind, required, max = 1000, options = [] } of form) {
    const where = `form.${name}`;
    const value = action.form[name];
    if (value === undefined || value === "") {
      if (required) problems.push({ where, expected: "a value" });
    } else if (kind === "flag") {
      if (typeof value !== "boolean") problems.push({ where, value: String(value), expected: "true or false" });
    } else if (typeof value !== "string" || value.length > max) {
      problems.push({ where, value: String(value).slice(0, 100), expected: `at most ${max} characters` });
    } else if (kind === "choice" && !options.some((option) => option.value === value)) {
      const values = options.map((option) => option.value).join(", ");
      problems.push({ where, value: value.slice(0, 100), expected: `one of ${values}` });
    }
  }
  for (const name of Object.keys(action.form))
    if (!form.some((field) => field.name === name))
      problems.push({ where: `form.${name}`, expected: `a field of ${action.action}` });
  if (needs?.photo === true && action.attachments.length === 0)
    problems.push({ where: "attachments", expected: "a photo taken on the spot" });
  if (needs?.position === true && action.position === undefined)
    problems.push({ where: "position", expected: "where it is done" });
  if (problems.length > 0) throw new WuxingError("INPUT_INVALID", action.action, problems);
}

/** How far from its subject a step was done; metres null when nobody knows where the subject was then. */
export interface NearSubject {
  metersToSubject: number | null;
  subjectSeenMs: number | null;
  /** What the story says when it could not be checked. */
  says?: Bilingual;
}

/**
 * Checks a step that is to be done near the subject, and says how far it was.
 * @returns metres and the instant of the subject's position
 * @throws WuxingError INPUT_INVALID when the doer was further away than 500 m and the doer's own accuracy
 */
export async function checkNearSubject(
  subject: { kind: string; id: string },
  spot: Spot,
  atMs: number,
  positionOf: SubjectPosition,
): Promise<NearSubject> {
  const known = await positionOf(subject, atMs);
  if (known === null || atMs - known.timeMs > POSITION_AGE_MAX_MS)
    return { metersToSubject: null, subjectSeenMs: known?.timeMs ?? null, says: saySilent(known?.timeMs) };
  const meters = Math.round(distanceMeters(spot.lon, spot.lat, known.lon, known.lat));
  const allowed = NEAR_SUBJECT_METERS + Math.min(spot.accuracyM, NEAR_SUBJECT_METERS);
  if (meters > allowed)
    throw new WuxingError("INPUT_INVALID", "too far from the vehicle", [
      {
        where: "position",
        value: `${meters} m`,
        expected: `at most ${NEAR_SUBJECT_METERS} m from the vehicle's terminal`,
      },
    ]);
  return { metersToSubject: meters, subjectSeenMs: known.timeMs };
}

function saySilent(seenMs: number | undefined): Bilingual {
  if (seenMs === undefined)
    return {
      zh: "车载终端没有位置，须由第二人核实",
      en: "The terminal gave no position: a second person has to verify",
    };
  // Beijing's time, as people in the city read it.
  const since = new Date(seenMs + 8 * 3_600_000).toISOString().slice(5, 16).replace("T", " ");
  return {
    zh: `车载终端自 ${since} 起没有位置，须由第二人核实`,
    en: `The terminal has been silent since ${since}: a second person has to verify`,
  };
}
