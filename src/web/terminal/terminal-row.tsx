import { useState } from "react";
import { Link } from "react-router";
import type { TerminalStatus, TerminalView } from "../../model/terminal.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { roughSpan } from "../show/instant.ts";
import { Plate } from "../show/plate.tsx";
import { Problems } from "../show/problems.tsx";
import { plateOf } from "../show/measure.ts";
import { useTerminalDeed, type TerminalDeed } from "./terminal-queries.ts";

interface TerminalRowProps {
  terminal: TerminalView;
  onDone: (deed: TerminalDeed, terminal: TerminalView, name: string) => void;
}

/** What a terminal says it is, since when and from where, and what can be done about it. */
export function TerminalRow({ terminal, onDone }: TerminalRowProps) {
  const t = useText();
  const s = t.terminals;
  const { clock, live } = useDesk();
  const { phone, vehicle, manufacturer, model, terminalId, status, address, online } = terminal;
  const nowMs = live.cityNowMs();
  const hasPlate = !vehicle.startsWith("@");
  return (
    <div className={`row terminal-row ${status}`}>
      <span>
        {hasPlate ? (
          online ? (
            <Link to={`/vehicle/${encodeURIComponent(vehicle)}`}>
              <Plate vehicle={vehicle} />
            </Link>
          ) : (
            <Plate vehicle={vehicle} />
          )
        ) : (
          <small>{s.noPlate}</small>
        )}{" "}
        <span className="phone">{phone}</span>
        <br />
        <small title={s.makerHint}>{s.maker(manufacturer || "–", model || "–", terminalId || "–")}</small>
      </span>
      <span className="end">
        {status === "waiting" ? (
          <time dateTime={terminal.firstRegisteredAt} title={clock.full(terminal.firstRegisteredAt)}>
            {s.waited(roughSpan(Math.max(0, Date.now() - Date.parse(terminal.firstRegisteredAt)), t))}
          </time>
        ) : (
          <>
            {status === "refused" ? "⊘ " : online ? "● " : "○ "}
            {status === "refused" ? s.status.refused : online ? s.online : s.offline}
            <br />
            <small>{s.registered(clock.full(terminal.registeredAt, nowMs))}</small>
          </>
        )}
        <br />
        <small>{address === null ? s.fromUnknown : s.from(address)}</small>
      </span>
      <Deeds terminal={terminal} name={hasPlate ? `${plateOf(vehicle).text} (${phone})` : phone} onDone={onDone} />
    </div>
  );
}

/** What lets in is done at once; what ends a connection that stands is asked again, with what then happens. */
const OFFERED: Record<TerminalStatus, readonly TerminalDeed[]> = {
  waiting: ["accept", "refuse"],
  accepted: ["revoke-code", "refuse"],
  refused: ["accept"],
};

function Deeds({ terminal: { phone, status }, name, onDone }: TerminalRowProps & { name: string }) {
  const t = useText();
  const s = t.terminals;
  const [asked, setAsked] = useState<Exclude<TerminalDeed, "accept"> | null>(null);
  const deed = useTerminalDeed();
  const names: Record<TerminalDeed, string> = {
    accept: status === "refused" ? s.acceptAfterAll : s.accept,
    refuse: s.refuse,
    "revoke-code": s.revoke,
  };
  const act = (what: TerminalDeed): void =>
    deed.mutate(
      { phone, deed: what },
      {
        onSuccess: (terminal) => {
          setAsked(null);
          onDone(what, terminal, name);
        },
      },
    );
  return (
    <>
      <span className="terminal-acts">
        {OFFERED[status].map((what) => {
          const isAsked = what !== "accept" && status === "accepted";
          return (
            <button
              key={what}
              type="button"
              className={what === "accept" ? "primary" : "plain"}
              aria-label={`${names[what]} ${name}`}
              aria-expanded={isAsked ? asked === what : undefined}
              disabled={deed.isPending}
              onClick={() => (isAsked ? setAsked(asked === what ? null : what) : act(what))}
            >
              {names[what]}
              {isAsked ? "…" : ""}
            </button>
          );
        })}
      </span>
      {asked === null ? null : (
        <div className="notice terminal-ask" role="group" aria-label={`${names[asked]} ${name}`}>
          {s.effect[asked]}
          <div className="terminal-acts">
            <button type="button" className="plain" onClick={() => setAsked(null)}>
              {s.cancel}
            </button>
            <button type="button" className="primary" disabled={deed.isPending} onClick={() => act(asked)}>
              {s.confirm[asked]}
            </button>
          </div>
        </div>
      )}
      {deed.isError ? (
        <div className="terminal-ask">
          <Problems error={deed.error} />
        </div>
      ) : null}
    </>
  );
}
