import { ERRORS, type ErrorCode } from "../../model/errors.ts";
import type { Text } from "../text/zh.ts";

/** What the address says of the way back from the identity provider: that the account is linked now, or what went wrong. */
export function cameBack(search: string, t: Text): { text: string; isFailure: boolean } | null {
  const query = new URLSearchParams(search);
  if (query.get("linked") === "openid") return { text: t.guard.linkedNow, isFailure: false };
  const code = query.get("failed");
  if (code === null || !(code in ERRORS)) return null;
  const detail = query.get("detail");
  const sentence = ERRORS[code as ErrorCode][t.language];
  const text = [sentence, detail === null ? null : t.signIn.subject(detail)].filter(Boolean).join(" · ");
  return { text, isFailure: true };
}

/** What was read from the address is said once. */
export function forgetComingBack(): void {
  if (/[?&](?:linked|failed)=/u.test(location.search)) history.replaceState(null, "", location.pathname);
}
