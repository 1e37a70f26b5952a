import { useState, type ReactNode } from "react";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { useMe, useSignInOptions } from "../session/use-me.ts";
import { Problems } from "../show/problems.tsx";
import { Once } from "./once.tsx";
import { useDeed, type AccountView } from "./settings-queries.ts";

type Asked = "block" | "reset" | "password" | "link" | "unlink" | null;

interface Code {
  code: string;
  until: string;
}

/** What can be done about an account by whoever keeps accounts; nothing of it to one's own. What takes something away or lets somebody in says why. */
export function UserDeeds({ of }: { of: AccountView }) {
  const t = useText();
  const u = t.users;
  const { clock } = useDesk();
  const { data: me } = useMe();
  const { openId } = useSignInOptions();
  const [asked, setAsked] = useState<Asked>(null);
  const [done, setDone] = useState<string | null>(null);
  const [code, setCode] = useState<Code | null>(null);
  const deed = useDeed<Partial<Code>>();
  if (me?.account === of.id) return <p>{u.self}</p>;
  const act = (method: "POST" | "DELETE", to: string, said: string, body?: unknown): void =>
    deed.mutate(
      { method, path: `/accounts/${encodeURIComponent(of.id)}${to}`, body },
      {
        onSuccess: (answer) => {
          if (answer.code !== undefined && answer.until !== undefined)
            setCode({ code: answer.code, until: answer.until });
          else setDone(said);
          setAsked(null);
        },
      },
    );
  const ask = (what: Asked): void => {
    setAsked(asked === what ? null : what);
    setDone(null);
    deed.reset();
  };
  const deedOf = (what: Exclude<Asked, null>, name: string, hint: string, form: ReactNode): ReactNode => (
    <div>
      <button type="button" className="plain" aria-expanded={asked === what} onClick={() => ask(what)}>
        {name}…
      </button>
      <small>{hint}</small>
      {asked === what ? form : null}
    </div>
  );
  const confirm = (name: string, does: () => void): ReactNode => (
    <button type="button" className="primary" disabled={deed.isPending} onClick={does}>
      {name}
    </button>
  );
  return (
    <div className="deeds">
      {done === null ? null : (
        <p className="notice good" role="status">
          ✓ {done}
        </p>
      )}
      {code === null ? null : (
        <Once text={code.code} hint={u.codeOnce(clock.full(code.until))} onNoted={() => setCode(null)} />
      )}
      {deed.isError ? <Problems error={deed.error} /> : null}
      {of.state === "active" ? (
        deedOf(
          "block",
          u.block,
          u.blockHint,
          confirm(u.blockConfirm, () => act("POST", "/block", u.blockDone)),
        )
      ) : (
        <div>
          <button
            type="button"
            className="plain"
            disabled={deed.isPending}
            onClick={() => act("POST", "/unblock", u.unblockDone)}
          >
            {u.unblock}
          </button>
          <small>{u.unblockHint}</small>
        </div>
      )}
      {deedOf(
        "reset",
        u.resetFactors,
        u.resetHint,
        <Reasoned
          name={u.resetFactors}
          isBusy={deed.isPending}
          onDo={(reason) => act("POST", "/factors/reset", u.resetDone, { reason })}
        />,
      )}
      {deedOf(
        "password",
        u.passwordCode,
        u.passwordCodeHint,
        <Reasoned
          name={u.passwordCode}
          isBusy={deed.isPending}
          onDo={(reason) => act("POST", "/password-code", "", { reason })}
        />,
      )}
      {openId ? (
        <>
          {deedOf(
            "link",
            u.link,
            u.linkHint,
            <Reasoned
              name={u.link}
              subject={u.linkSubject}
              isBusy={deed.isPending}
              onDo={(reason, subject) => act("POST", "/identity", u.linkDone, { subject, reason })}
            />,
          )}
          {deedOf(
            "unlink",
            u.unlink,
            u.unlinkHint,
            confirm(u.unlink, () => act("DELETE", "/identity", u.unlinkDone)),
          )}
        </>
      ) : null}
    </div>
  );
}

interface ReasonedProps {
  name: string;
  /** Whom it is about, when that is asked. */
  subject?: string;
  isBusy: boolean;
  onDo: (reason: string, subject: string) => void;
}

const REASON_MIN = 10;

/** A deed with its reason, which whoever has the account is told. */
function Reasoned({ name, subject: asked, isBusy, onDo }: ReasonedProps) {
  const u = useText().users;
  const [reason, setReason] = useState("");
  const [subject, setSubject] = useState("");
  const lacks = reason.trim().length < REASON_MIN || (asked !== undefined && subject.trim() === "");
  return (
    <form
      className="form"
      aria-label={name}
      onSubmit={(event) => {
        event.preventDefault();
        onDo(reason.trim(), subject.trim());
      }}
    >
      {asked === undefined ? null : (
        <label>
          <span>{asked}</span>
          <input
            value={subject}
            required
            maxLength={255}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setSubject(event.target.value)}
          />
        </label>
      )}
      <label>
        <span>{u.reason}</span>
        <input
          value={reason}
          required
          minLength={REASON_MIN}
          maxLength={500}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      <button type="submit" className="primary" disabled={isBusy || lacks}>
        {name}
      </button>
    </form>
  );
}
