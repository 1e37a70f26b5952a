import { useState, type ReactNode } from "react";
import { useSearchParams } from "react-router";
import { terminalStatusSchema, type TerminalStatus, type TerminalView } from "../../model/terminal.ts";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { useMe } from "../session/use-me.ts";
import { useReads } from "../session/use-reads.ts";
import { NoRight, useRight } from "../settings/no-right.tsx";
import { SettingsTabs } from "../settings/settings-tabs.tsx";
import { Chips } from "../show/chips.tsx";
import { ExportButton } from "../show/export-button.tsx";
import { count } from "../show/measure.ts";
import { PurposeChoice } from "../show/purpose-choice.tsx";
import { RowList } from "../show/row-list.tsx";
import { Empty } from "../show/states.tsx";
import { TerminalRow } from "./terminal-row.tsx";
import { useNewcomers, useTerminals, useWaitingTerminals, type TerminalDeed } from "./terminal-queries.ts";
import "./terminal.css";

const STATUSES = terminalStatusSchema.options;

/** Who waits to be let in, who was, and who stays out. */
export function TerminalList() {
  const t = useText();
  const mayAdmit = useRight("terminals");
  // Nobody decides on what they may not read, for any purpose.
  const mayRead = useMe().data?.purposes.some(({ classes }) => classes.includes("identity"));
  const reads = useReads("identity");
  const [search, setSearch] = useSearchParams();
  const status = STATUSES.find((one) => one === search.get("status")) ?? "waiting";
  const q = search.get("q") ?? "";
  const waiting = useWaitingTerminals();
  if (mayAdmit !== true || reads !== true) {
    return (
      <Panel title={t.terminals.title} wide loading={mayAdmit === undefined || reads === undefined}>
        <SettingsTabs />
        {mayAdmit === false || mayRead === false ? (
          <NoRight right="terminals" what={t.settings.right["terminals"]!} />
        ) : (
          <div className="section failed needs">
            <strong>{t.settings.purposeTitle}</strong>
            <PurposeChoice />
          </div>
        )}
      </Panel>
    );
  }
  const change = (name: string, value: string): void =>
    setSearch(
      (before) => {
        const next = new URLSearchParams(before);
        if (value === "") next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  return (
    <Panel title={t.terminals.title} wide fixed aside={<ExportButton path="/terminals" query={{ status, q }} />}>
      <SettingsTabs />
      <div className="filter">
        <input
          type="search"
          value={q}
          placeholder={t.terminals.search}
          aria-label={t.terminals.search}
          maxLength={64}
          onChange={(event) => change("q", event.target.value)}
        />
        <Chips
          label={t.terminals.title}
          options={STATUSES.map((value) => ({
            value,
            text: `${t.terminals.status[value]}${value === "waiting" && waiting !== null ? ` ${count(waiting)}` : ""}`,
          }))}
          chosen={status}
          onChoose={(value) => change("status", value)}
        />
        <small className="muted">{t.terminals.says}</small>
      </div>
      <Listed key={`${status} ${q}`} status={status} q={q} waiting={waiting} />
    </Panel>
  );
}

interface ListedProps {
  status: TerminalStatus;
  q: string;
  waiting: number | null;
}

/** The list of one state. What was decided stays in its place, as it is now, until the list is let go. */
function Listed({ status, q, waiting }: ListedProps) {
  const t = useText();
  const query = useTerminals(status, q);
  useNewcomers(waiting);
  const [decided, setDecided] = useState<ReadonlyMap<string, TerminalView>>(new Map());
  const [said, setSaid] = useState<ReactNode>(null);
  const onDone = (deed: TerminalDeed, terminal: TerminalView, name: string): void => {
    setDecided(new Map(decided).set(terminal.phone, terminal));
    setSaid(
      // The button that had the focus is gone; from here the next key goes on into the list.
      <p key={Date.now()} className="notice good terminal-said" role="status" tabIndex={-1} ref={(p) => p?.focus()}>
        ✓ {t.terminals.done[deed](name)}
      </p>,
    );
  };
  return (
    <>
      {said}
      <RowList
        query={query}
        what={t.terminals.failed}
        rowHeight={75}
        keyOf={({ phone }: TerminalView) => phone}
        empty={
          q === "" ? (
            <Empty title={t.terminals.none[status]} hint={t.terminals.noneHint[status]} />
          ) : (
            <Empty title={t.terminals.noMatch} hint={t.terminals.noMatchHint} />
          )
        }
      >
        {(terminal) => <TerminalRow terminal={asDecided(terminal, decided)} onDone={onDone} />}
      </RowList>
    </>
  );
}

/** A list of one state holds it as it was before the decision. */
function asDecided(terminal: TerminalView, decided: ReadonlyMap<string, TerminalView>): TerminalView {
  const now = decided.get(terminal.phone);
  return now === undefined || now.status === terminal.status ? terminal : now;
}
