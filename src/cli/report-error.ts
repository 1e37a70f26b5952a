import { ERRORS, WuxingError } from "../model/errors.ts";

/** Problems that are named before the rest of them is only counted. */
const PROBLEMS_SHOWN = 20;

/** An error in one line, its problems below; both languages. */
export function errorText(error: unknown): string {
  if (!(error instanceof WuxingError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `${ERRORS.INTERNAL.zh} / ${ERRORS.INTERNAL.en}: ${stack}`;
  }
  const lines = [`${ERRORS[error.code].zh} / ${error.message} (${error.code})`];
  for (const { where, value, expected } of error.problems.slice(0, PROBLEMS_SHOWN)) {
    lines.push(`  ${where}${value === undefined ? "" : `: ${value}`}; 应为 / expected ${expected}`);
  }
  const more = error.problems.length - PROBLEMS_SHOWN;
  if (more > 0) lines.push(`  … ${more} 处 / more`);
  return lines.join("\n");
}
