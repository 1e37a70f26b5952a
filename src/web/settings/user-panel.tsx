import { Link, useParams } from "react-router";
import { useDesk } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { count } from "../show/measure.ts";
import { Failed } from "../show/states.tsx";
import { NoRight, useRight } from "./no-right.tsx";
import { SettingsTabs } from "./settings-tabs.tsx";
import { UserDeeds } from "./user-deeds.tsx";
import { useAccount } from "./settings-queries.ts";

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
        <UserDeeds of={of} />
        <p className="muted">{u.cannot}</p>
      </Section>
      <p className="section muted">
        <Link to="/users">{u.title}</Link>
      </p>
    </Panel>
  );
}
