import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { get, send } from "../api/client.ts";
import { usePreferences } from "../preferences.tsx";
import { useSignInOptions } from "./use-me.ts";

interface Identities {
  issuer: string;
  items: { subject: string; linkedAt: string }[];
}

interface IdentityLinkProps {
  /** Password, and a code where there is one. */
  given: { password: string; code?: string };
  isReady: boolean;
  attempt: (doing: () => Promise<unknown>) => Promise<void>;
}

/** My account's link to the organization's own sign-in: begun there and confirmed there, or taken away. */
export function IdentityLink({ given, isReady, attempt }: IdentityLinkProps) {
  const { t, language } = usePreferences();
  const { openId } = useSignInOptions();
  const { data } = useQuery({
    queryKey: ["me", "factors", "identities"],
    queryFn: () => get<Identities>("/me/identities"),
    enabled: openId,
  });
  if (data === undefined) return null;
  const [linked] = data.items;
  return (
    <section>
      <h2>
        {t.signIn.openId}: {linked === undefined ? t.guard.unlinked : t.guard.linked}
      </h2>
      <div className="guard-line">
        {linked === undefined ? (
          <Button
            disabled={!isReady}
            onClick={() =>
              void attempt(async () =>
                globalThis.location.assign((await send<{ url: string }>("POST", "/me/identities", given)).url),
              )
            }
          >
            {t.guard.link}
          </Button>
        ) : (
          <>
            <span>{linked.subject}</span>
            <small>{new Date(linked.linkedAt).toLocaleString(language)}</small>
            <Button
              size="small"
              disabled={!isReady}
              onClick={() => void attempt(() => send("DELETE", "/me/identities", given))}
            >
              {t.guard.unlink}
            </Button>
          </>
        )}
      </div>
    </section>
  );
}
