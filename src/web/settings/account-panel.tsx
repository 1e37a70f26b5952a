import { useState } from "react";
import { useDesk } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { useMe, type Me } from "../session/use-me.ts";
import { Problems } from "../show/problems.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import { Once } from "./once.tsx";
import { SettingsTabs } from "./settings-tabs.tsx";
import { useDeed, useKeysOfMine, useSessions } from "./settings-queries.ts";

const DAYS = 90;
const DAYS_MAX = 366;

/** One's own sessions and keys. */
export function AccountPanel() {
  const t = useText();
  const a = t.account;
  const { clock } = useDesk();
  const { data: me } = useMe();
  const sessions = useSessions();
  const keys = useKeysOfMine();
  const deed = useDeed();
  const [isMaking, setMaking] = useState(false);
  const end = (path: string): void => deed.mutate({ method: "DELETE", path });
  return (
    <Panel title={a.title} wide loading={me === undefined}>
      <SettingsTabs />
      {deed.isError ? (
        <div className="section">
          <Problems error={deed.error} />
        </div>
      ) : null}
      <Section title={a.sessions}>
        {sessions.data === undefined ? (
          sessions.isError ? (
            <Failed error={sessions.error} what={a.sessionsFailed} retry={() => void sessions.refetch()} />
          ) : (
            <Loading />
          )
        ) : sessions.data.items.length === 0 ? (
          <Empty title={a.sessionsNone} hint={a.sessionsNoneHint} />
        ) : (
          <table className="lines">
            <thead>
              <tr>
                <th scope="col">{a.begun}</th>
                <th scope="col">{a.seen}</th>
                <th scope="col">{a.address}</th>
                <th scope="col">{a.end}</th>
              </tr>
            </thead>
            <tbody>
              {sessions.data.items.map(({ id, address, createdAt, seenAt }) => (
                <tr key={id}>
                  <td>{clock.full(createdAt)}</td>
                  <td>{clock.full(seenAt)}</td>
                  <td>{address}</td>
                  <td>
                    <button type="button" className="link" onClick={() => end(`/sessions/${encodeURIComponent(id)}`)}>
                      {a.end}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Section>
      <Section
        title={a.keys}
        aside={
          <button type="button" className="link" aria-expanded={isMaking} onClick={() => setMaking(!isMaking)}>
            {a.create}
          </button>
        }
      >
        {!isMaking || me === undefined || me === null ? null : me.isDemo ? (
          <p className="notice">{a.demo}</p>
        ) : (
          <KeyForm me={me} onDone={() => setMaking(false)} />
        )}
        {keys.data === undefined ? (
          keys.isError ? (
            <Failed error={keys.error} what={a.keysFailed} retry={() => void keys.refetch()} />
          ) : (
            <Loading />
          )
        ) : keys.data.items.length === 0 ? (
          <Empty title={a.keysNone} hint={a.keysNoneHint} />
        ) : (
          <ul className="key-rows">
            {keys.data.items.map(({ id, label, purpose, rights, expiresAt }) => (
              <li key={id}>
                <b>{label}</b> <span className="muted">{a.expires(clock.full(expiresAt))}</span>
                <button type="button" className="link" onClick={() => end(`/keys/${encodeURIComponent(id)}`)}>
                  {a.revoke}
                </button>
                <br />
                <small>
                  {rights.map((right) => t.settings.right[right] ?? right).join(" · ")} ·{" "}
                  {purpose === null ? a.noPurpose : (t.settings.purpose[purpose] ?? purpose)}
                </small>
              </li>
            ))}
          </ul>
        )}
      </Section>
    </Panel>
  );
}

/** A key with some of one's own rights; others are said to be none of one's own. */
function KeyForm({ me, onDone }: { me: Me; onDone: () => void }) {
  const t = useText();
  const a = t.account;
  const [label, setLabel] = useState("");
  const [purpose, setPurpose] = useState("");
  const [days, setDays] = useState(DAYS);
  const [rights, setRights] = useState<readonly string[]>([]);
  const make = useDeed<{ id: string; key: string }>();
  if (make.data !== undefined) return <Once text={make.data.key} hint={a.once} onNoted={onDone} />;
  return (
    <form
      className="form"
      aria-label={a.create}
      onSubmit={(event) => {
        event.preventDefault();
        const body = { label: label.trim(), purpose: purpose === "" ? null : purpose, rights, days };
        make.mutate({ method: "POST", path: "/keys", body });
      }}
    >
      <label>
        <span>{a.label}</span>
        <input
          value={label}
          required
          maxLength={100}
          placeholder={a.labelHint}
          onChange={(event) => setLabel(event.target.value)}
        />
      </label>
      <fieldset className="boxes">
        <legend>{a.rights}</legend>
        {Object.entries(t.settings.right).map(([right, text]) => {
          const isMine = me.rights.includes(right);
          return (
            <label key={right} className={isMine ? "" : "off"} title={isMine ? undefined : a.notYours}>
              <input
                type="checkbox"
                disabled={!isMine}
                checked={rights.includes(right)}
                onChange={(event) =>
                  setRights(event.target.checked ? [...rights, right] : rights.filter((one) => one !== right))
                }
              />
              {text}
              {isMine ? null : <small> ({a.notYours})</small>}
            </label>
          );
        })}
      </fieldset>
      <label>
        <span>{a.purpose}</span>
        <select value={purpose} onChange={(event) => setPurpose(event.target.value)}>
          <option value="">{a.noPurpose}</option>
          {me.purposes.map((each) => (
            <option key={each.id} value={each.id}>
              {each[t.language]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{a.days}</span>
        <input
          type="number"
          min={1}
          max={DAYS_MAX}
          value={days}
          required
          onChange={(event) => setDays(Number(event.target.value))}
        />
      </label>
      {make.isError ? <Problems error={make.error} /> : null}
      <div className="acts">
        <button type="submit" className="primary" disabled={make.isPending || rights.length === 0}>
          {a.create}
        </button>
        <button type="button" className="plain" onClick={onDone}>
          {t.users.cancel}
        </button>
        {rights.length === 0 ? <small className="muted">{a.chooseRight}</small> : null}
      </div>
    </form>
  );
}
