import { useText } from "../preferences.tsx";
import { useMe } from "../session/use-me.ts";
import { Empty } from "../show/states.tsx";

type KeptRight = "accounts" | "audit" | "terminals";

/** Whether whoever sits here has a right; undefined while that is not known. */
export function useRight(right: KeptRight): boolean | undefined {
  return useMe().data?.rights.includes(right);
}

/** What cannot be done with the duties of whoever sits here, and whose duty it is. */
export function NoRight({ right, what }: { right: KeptRight; what: string }) {
  const t = useText();
  return <Empty title={`⊘ ${t.settings.noRight(what)}`} hint={t.settings.noRightHint[right]} />;
}
