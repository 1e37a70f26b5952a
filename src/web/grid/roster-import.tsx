import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";
import { readRoster, type RosterFile } from "./roster-file.ts";
import { useDutiesChanged } from "./roster-queries.ts";

/** Reads a roster's file and appoints everybody in it, or nobody. */
export function RosterImport() {
  const t = useText();
  const { clock, live } = useDesk();
  const changed = useDutiesChanged();
  const [file, setFile] = useState<RosterFile | null>(null);
  const [from, setFrom] = useState(() => clock.local(live.cityNowMs()).slice(0, 16));
  const take = useMutation({
    mutationFn: () => {
      const since = new Date(clock.instantOf(from)).toISOString();
      return send<{ given: number; held: number }>("POST", "/duties/import", {
        duties: file!.rows.map((row) => ({ ...row, from: since })),
      });
    },
    onSuccess: changed,
  });
  return (
    <form
      className="form"
      aria-label={t.roster.importTitle}
      onSubmit={(event) => {
        event.preventDefault();
        take.mutate();
      }}
    >
      <small>{t.roster.importHint}</small>
      <div className="two">
        <label>
          <span>{t.roster.importFile}</span>
          <input
            type="file"
            accept=".csv,text/csv"
            onChange={(event) => {
              take.reset();
              void event.target.files?.[0]?.text().then((text) => setFile(readRoster(text)));
            }}
          />
        </label>
        <label>
          <span>{t.roster.importFrom}</span>
          <input type="datetime-local" required value={from} onChange={(event) => setFrom(event.target.value)} />
        </label>
      </div>
      {file === null ? null : file.missing.length > 0 ? (
        <p className="notice bad" role="alert">
          {t.roster.importColumns}
          {file.missing.join(", ")}
        </p>
      ) : (
        <p className="notice">{t.roster.importReady(file.rows.length, file.empty)}</p>
      )}
      {take.isError ? <Problems error={take.error} /> : null}
      {take.data === undefined ? null : (
        <p className="notice good" role="status">
          {t.roster.imported(take.data.given, take.data.held)}
        </p>
      )}
      <div>
        <button
          type="submit"
          className="plain"
          disabled={take.isPending || from === "" || (file?.rows.length ?? 0) === 0}
        >
          {t.roster.importDo(file?.rows.length ?? 0)}
        </button>
      </div>
    </form>
  );
}
