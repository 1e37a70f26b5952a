import { Link, useSearchParams } from "react-router";
import { useDesk } from "../desk.tsx";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { ExportButton } from "../show/export-button.tsx";
import { count } from "../show/measure.ts";
import { RowList } from "../show/row-list.tsx";
import { Empty } from "../show/states.tsx";
import { AuditChain } from "./audit-chain.tsx";
import { NoRight, useRight } from "./no-right.tsx";
import { SettingsTabs } from "./settings-tabs.tsx";
import { useAudit, type AuditFilter, type AuditNote } from "./settings-queries.ts";

const FIELDS = ["account", "subject", "purpose", "kind", "from", "to"] as const;

/** Who read, searched and did what, whom it was about, what for; and whether the chain of it is whole. */
export function AuditPanel() {
  const t = useText();
  const { clock } = useDesk();
  const mayRead = useRight("audit");
  const [search] = useSearchParams();
  const asked = Object.fromEntries(FIELDS.map((name) => [name, search.get(name) ?? ""])) as AuditFilter;
  const instant = (local: string): string => (local === "" ? "" : new Date(clock.instantOf(local)).toISOString());
  const filter = { ...asked, from: instant(asked.from), to: instant(asked.to) };
  const query = useAudit(filter, mayRead === true);
  if (mayRead !== true) {
    return (
      <Panel title={t.audit.title} wide loading={mayRead === undefined}>
        <SettingsTabs />
        <NoRight right="audit" what={t.audit.title} />
      </Panel>
    );
  }
  return (
    <Panel title={t.audit.title} wide fixed aside={<ExportButton path="/audit" query={filter} />}>
      <SettingsTabs />
      <AuditChain />
      {/* Another address is another question: the fields begin with what it says. */}
      <Filter key={search.toString()} asked={asked} />
      <RowList
        query={query}
        what={t.audit.failed}
        rowHeight={58}
        keyOf={({ seq }: AuditNote) => String(seq)}
        empty={<Empty title={t.audit.empty} hint={t.audit.emptyHint} />}
      >
        {(note) => <Note note={note} />}
      </RowList>
    </Panel>
  );
}

/** Asked by a button: what is typed letter by letter would be a question each, and each is noted. */
function Filter({ asked }: { asked: AuditFilter }) {
  const t = useText();
  const a = t.audit;
  const [search, setSearch] = useSearchParams();
  const put = (form: FormData | null): void => {
    const next = new URLSearchParams(search);
    for (const name of FIELDS) {
      const value = form?.get(name);
      if (typeof value === "string" && value.trim() !== "") next.set(name, value.trim());
      else next.delete(name);
    }
    setSearch(next);
  };
  const choices = (texts: Record<string, string>) => (
    <>
      <option value="">{a.any}</option>
      {Object.entries(texts).map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </>
  );
  return (
    <form
      className="filter audit-filter"
      aria-label={a.ask}
      onSubmit={(event) => {
        event.preventDefault();
        put(new FormData(event.currentTarget));
      }}
    >
      <input
        name="account"
        defaultValue={asked.account}
        placeholder={a.account}
        aria-label={a.account}
        maxLength={100}
      />
      <input
        name="subject"
        defaultValue={asked.subject}
        placeholder={a.subject}
        aria-label={a.subject}
        maxLength={100}
      />
      <label>
        {a.purpose}
        <select name="purpose" defaultValue={asked.purpose}>
          {choices(t.settings.purpose)}
        </select>
      </label>
      <label>
        {a.kind}
        <select name="kind" defaultValue={asked.kind}>
          {choices(a.kinds)}
        </select>
      </label>
      <label>
        {a.from}
        <input type="datetime-local" name="from" defaultValue={asked.from} />
      </label>
      <label>
        {a.to}
        <input type="datetime-local" name="to" defaultValue={asked.to} />
      </label>
      <span className="push">
        <button type="button" className="plain" onClick={() => put(null)}>
          {a.clear}
        </button>{" "}
        <button type="submit" className="primary">
          {a.ask}
        </button>
      </span>
    </form>
  );
}

function Note({ note }: { note: AuditNote }) {
  const t = useText();
  const a = t.audit;
  const { clock } = useDesk();
  const isRefused = note.status >= 400;
  return (
    <div className={`row audit-row ${note.kind}${isRefused ? " refused" : ""}`}>
      <span>
        {note.account === null ? (
          a.nobody
        ) : (
          <Link to={`?account=${encodeURIComponent(note.account)}`}>{note.account}</Link>
        )}{" "}
        {a.kinds[note.kind] ?? note.kind}
        {note.subject === null ? "" : " "}
        {note.subject === null ? null : <Link to={`?subject=${encodeURIComponent(note.subject)}`}>{note.subject}</Link>}
        <br />
        <small>
          {note.purpose === null ? a.noPurpose : (t.settings.purpose[note.purpose] ?? note.purpose)} ·{" "}
          <code>{note.shape.replace("/api/v1", "")}</code>
        </small>
      </span>
      <span className="end">
        {clock.full(note.at)}
        <br />
        <small>{isRefused ? `⊘ ${a.refused(note.status)}` : a.shown(count(note.count))}</small>
      </span>
    </div>
  );
}
