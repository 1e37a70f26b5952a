import { useState } from "react";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";
import { Once } from "./once.tsx";
import { useDeed } from "./settings-queries.ts";

const ROLES = ["administrator", "auditor"] as const;

/** Makes an account; its password is shown once. */
export function UserForm({ onDone }: { onDone: () => void }) {
  const t = useText();
  const u = t.users;
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const [person, setPerson] = useState("");
  const [roles, setRoles] = useState<readonly string[]>([]);
  const make = useDeed<{ id: string; password: string }>();
  if (make.data !== undefined) {
    return (
      <div className="section">
        <strong>{u.made(make.data.id)}</strong>
        <Once text={make.data.password} hint={u.passwordOnce} onNoted={onDone} />
      </div>
    );
  }
  return (
    <form
      className="form section"
      aria-label={u.createTitle}
      onSubmit={(event) => {
        event.preventDefault();
        const body = { id: id.trim(), name: name.trim(), person: person.trim() === "" ? null : person.trim(), roles };
        make.mutate({ method: "POST", path: "/accounts", body });
      }}
    >
      <label>
        <span>{u.id}</span>
        <input
          value={id}
          required
          pattern="[\w.@\-]{1,64}"
          autoComplete="off"
          onChange={(e) => setId(e.target.value)}
        />
        <small>{u.idHint}</small>
      </label>
      <label>
        <span>{u.name}</span>
        <input value={name} required maxLength={100} autoComplete="off" onChange={(e) => setName(e.target.value)} />
      </label>
      <label>
        <span>{u.person}</span>
        <input value={person} maxLength={64} autoComplete="off" onChange={(e) => setPerson(e.target.value)} />
        <small>{u.personHint}</small>
      </label>
      <fieldset className="boxes">
        <legend>{u.role}</legend>
        {ROLES.map((role) => (
          <label key={role}>
            <input
              type="checkbox"
              checked={roles.includes(role)}
              onChange={(event) => setRoles(event.target.checked ? [...roles, role] : roles.filter((r) => r !== role))}
            />
            {t.settings.role[role]}
          </label>
        ))}
      </fieldset>
      {make.isError ? <Problems error={make.error} /> : null}
      <div className="acts">
        <button type="submit" className="primary" disabled={make.isPending}>
          {u.create}
        </button>
        <button type="button" className="plain" onClick={onDone}>
          {u.cancel}
        </button>
      </div>
    </form>
  );
}
