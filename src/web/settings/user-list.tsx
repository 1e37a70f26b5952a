import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { TableFile } from "../show/table-file.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import { NoRight, useRight } from "./no-right.tsx";
import { SettingsTabs } from "./settings-tabs.tsx";
import { useAccounts } from "./settings-queries.ts";
import { UserForm } from "./user-form.tsx";

/** The server lists so many at most. */
const ACCOUNTS_MAX = 200;

/** Accounts by the beginning of their name, and a new one. */
export function UserList() {
  const t = useText();
  const u = t.users;
  const mayKeep = useRight("accounts");
  const [search, setSearch] = useSearchParams();
  const begins = search.get("q") ?? "";
  const [isMaking, setMaking] = useState(false);
  const { data, isError, error, refetch } = useAccounts(begins, mayKeep === true);
  if (mayKeep !== true) {
    return (
      <Panel title={u.title} wide loading={mayKeep === undefined}>
        <SettingsTabs />
        <NoRight right="accounts" what={u.title} />
      </Panel>
    );
  }
  return (
    <Panel
      title={u.title}
      wide
      aside={
        <>
          <TableFile
            name={u.title}
            head={[t.session.account, u.name, u.person, u.role, `${u.active} / ${u.blocked}`]}
            rows={() =>
              (data?.items ?? []).map(({ id, name, person, roles, state }) => [
                id,
                name,
                person,
                roles.map((role) => t.settings.role[role] ?? role).join(" · "),
                u[state],
              ])
            }
          />
          <button type="button" className="plain" aria-expanded={isMaking} onClick={() => setMaking(!isMaking)}>
            {u.create}
          </button>
        </>
      }
    >
      <SettingsTabs />
      {isMaking ? <UserForm onDone={() => setMaking(false)} /> : null}
      <div className="filter">
        <input
          type="search"
          value={begins}
          placeholder={u.search}
          aria-label={u.search}
          onChange={(event) => setSearch(event.target.value === "" ? {} : { q: event.target.value }, { replace: true })}
        />
      </div>
      {data === undefined ? (
        isError ? (
          <Failed error={error} what={u.failed} retry={() => void refetch()} />
        ) : (
          <Loading rows={8} />
        )
      ) : data.items.length === 0 ? (
        <Empty title={u.empty} hint={u.emptyHint} />
      ) : (
        <ul className="user-rows">
          {data.items.map(({ id, name, person, roles, state }) => (
            <li key={id}>
              <Link className={`row user-row ${state}`} to={`/users/${encodeURIComponent(id)}`}>
                <span>
                  <b>{id}</b> {name}
                  <br />
                  <small>
                    {person === null ? u.nobody : `${u.person} ${person}`}
                    {roles.length === 0 ? "" : ` · ${roles.map((role) => t.settings.role[role] ?? role).join(" · ")}`}
                  </small>
                </span>
                <span className="end">{state === "active" ? u.active : `⊘ ${u.blocked}`}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {(data?.items.length ?? 0) >= ACCOUNTS_MAX ? <p className="section muted">{u.first(ACCOUNTS_MAX)}</p> : null}
    </Panel>
  );
}
