import { type ReactNode } from "react";
import { usePreferences } from "../preferences.tsx";
import { Failed } from "../show/states.tsx";
import { SignIn } from "./sign-in.tsx";
import { useMe } from "./use-me.ts";
import { UserMenu } from "./user-menu.tsx";
import "./session.css";

/** The desk for whoever has a duty at it; for others what they have instead, and for nobody the way in. */
export function SessionGate({ children }: { children: ReactNode }) {
  const { t } = usePreferences();
  const { data: me, isError, error, refetch } = useMe();
  if (isError)
    return (
      <main className="sign-in">
        <Failed error={error} what={t.session.unreadable} retry={() => void refetch()} />
      </main>
    );
  if (me === undefined) return null;
  if (me === null) return <SignIn />;
  if (["watch", "accounts", "audit"].some((right) => me.rights.includes(right))) return children;
  return (
    <main className="sign-in">
      <h1>
        {t.productName} <small>{t.deskName}</small>
      </h1>
      <p>{t.session.noDesk}</p>
      {me.rights.includes("cases") ? (
        <a className="sign-in-phone" href="/m/">
          {t.session.toPhone}
        </a>
      ) : null}
      <UserMenu />
    </main>
  );
}
