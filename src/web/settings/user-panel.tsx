import { useState } from "react";
import { Link, useParams } from "react-router";
import { useDesk } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { useMe } from "../session/use-me.ts";
import { count } from "../show/measure.ts";
import { Problems } from "../show/problems.tsx";
import { Failed } from "../show/states.tsx";
import { NoRight, useRight } from "./no-right.tsx";
import { SettingsTabs } from "./settings-tabs.tsx";
import { useAccount, useDeed, type AccountView } from "./settings-queries.ts";

/** One account: what it may do at this moment, where that comes from, and what can be done about it. */
export function UserPanel() {
  const { id = "" } = useParams();
  const t = useText();
  const u = t.users;
  const { clock } = useDesk();
  const mayKeep = useRight("accounts");
  const { data: of, isError, error, refetch } = useAccount(id, mayKeep === true);
  if (of === undefined) {
    return (
      <Panel title={id} wide loading={mayKeep !== false && !isError}>
        <SettingsTabs />
        {mayKeep === false ? (
          <NoRight right="accounts" what={u.title} />
        ) : (
          <Failed error={error} what={u.failed} retry={() => void refetch()} />
        )}
      </Panel>
    );
  }
  return (
    <Panel
      title={of.id}
      wide
      aside={<span className={`tag ${of.state === "blocked" ? "review" : ""}`}>{u[of.state]}</span>}
    >
      <SettingsTabs />
      <div className="section">
        <dl className="facts">
          <div>
            <dt>{u.name}</dt>
            <dd>{of.name}</dd>
          </div>
          <div>
            <dt>{u.person}</dt>
            <dd>{of.person ?? u.nobody}</dd>
          </div>
          <div>
            <dt>{u.role}</dt>
            <dd>{of.roles.length === 0 ? u.noRole : of.roles.map((r) => t.settings.role[r] ?? r).join(" · ")}</dd>
          </div>
          <div>
            <dt>{u.created}</dt>
            <dd>{clock.full(of.createdAt)}</dd>
          </div>
          <div>
            <dt>{u.sessions}</dt>
            <dd>{count(of.sessions)}</dd>
          </div>
          <div>
            <dt>{u.keys}</dt>
            <dd>{count(of.keys)}</dd>
          </div>
        </dl>
      </div>
      <Section title={u.duties}>
        {of.duties.length === 0 ? (
          <p>{u.noDuties}</p>
        ) : (
          <ul className="plain-list">
            {of.duties.map(({ place, placeName, slot }) => (
              <li key={`${place} ${slot}`}>
                {placeName} · {t.session.slots[slot as keyof typeof t.session.slots] ?? slot}
              </li>
            ))}
          </ul>
        )}
        <p className="muted">{u.dutiesHint}</p>
      </Section>
      <Section title={u.rights}>
        <p>
          {of.rights.length === 0 ? u.noRights : of.rights.map((right) => t.settings.right[right] ?? right).join(" · ")}
        </p>
        <p className="muted">
          {u.purposes}:{" "}
          {of.purposes.length === 0
            ? u.noPurposes
            : of.purposes.map((purpose) => t.settings.purpose[purpose] ?? purpose).join(" · ")}
        </p>
      </Section>
      <Section title={u.actions}>
        <Deeds of={of} />
        <p className="muted">{u.cannot}</p>
      </Section>
      <p className="section muted">
        <Link to="/users">{u.title}</Link>
      </p>
    </Panel>
  );
}

type Asked = "block" | "unblock" | "reset" | null;

function Deeds({ of }: { of: AccountView }) {
  const t = useText();
  const u = t.users;
  const { data: me } = useMe();
  const [asked, setAsked] = useState<Asked>(null);
  const [done, setDone] = useState<string | null>(null);
  const [reason, setReason] = useState("");
  const deed = useDeed();
  if (me?.account === of.id) return <p>{u.self}</p>;
  const path = `/accounts/${encodeURIComponent(of.id)}`;
  const act = (to: string, said: string, body?: unknown): void =>
    deed.mutate(
      { method: "POST", path: `${path}${to}`, body },
      {
        onSuccess: () => {
          setDone(said);
          setAsked(null);
        },
      },
    );
  const ask = (what: Asked): void => {
    setAsked(asked === what ? null : what);
    setDone(null);
    deed.reset();
  };
  return (
    <div className="deeds">
      {done === null ? null : (
        <p className="notice good" role="status">
          ✓ {done}
        </p>
      )}
      {deed.isError ? <Problems error={deed.error} /> : null}
      {of.state === "active" ? (
        <div>
          <button type="button" className="plain" aria-expanded={asked === "block"} onClick={() => ask("block")}>
            {u.block}…
          </button>
          <small>{u.blockHint}</small>
          {asked === "block" ? (
            <button
              type="button"
              className="primary"
              disabled={deed.isPending}
              onClick={() => act("/block", u.blockDone)}
            >
              {u.blockConfirm}
            </button>
          ) : null}
        </div>
      ) : (
        <div>
          <button
            type="button"
            className="plain"
            disabled={deed.isPending}
            onClick={() => act("/unblock", u.unblockDone)}
          >
            {u.unblock}
          </button>
          <small>{u.unblockHint}</small>
        </div>
      )}
      <div>
        <button type="button" className="plain" aria-expanded={asked === "reset"} onClick={() => ask("reset")}>
          {u.resetFactors}…
        </button>
        <small>{u.resetHint}</small>
        {asked === "reset" ? (
          <form
            className="form"
            aria-label={u.resetFactors}
            onSubmit={(event) => {
              event.preventDefault();
              act("/factors/reset", u.resetDone, { reason });
            }}
          >
            <label>
              <span>{u.reason}</span>
              <input
                value={reason}
                required
                minLength={10}
                maxLength={500}
                onChange={(e) => setReason(e.target.value)}
              />
            </label>
            <button type="submit" className="primary" disabled={deed.isPending || reason.trim().length < 10}>
              {u.resetFactors}
            </button>
          </form>
        ) : null}
      </div>
    </div>
  );
}
