import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, get, send } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { Problems } from "../show/problems.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";
import type { Text } from "../text/zh.ts";

/** What was told to a terminal, as the API gives it. */
interface TerminalCommand {
  id: number | string;
  message: string;
  state: keyof Text["command"]["state"];
  givenAt: string;
  validUntil: string;
  attempts: number;
  result: number | null;
}

const KINDS = ["position", "tracking", "text"] as const;
type Kind = (typeof KINDS)[number];
/** Unfinished commands change by the second, others do not. */
const POLL_BUSY_MS = 2000;
const POLL_IDLE_MS = 20_000;
const TEXT_MAX = 500;

/** Tells the vehicle's terminal something, and shows what became of it. */
export function TerminalCommands({ vehicle, hasTerminal }: { vehicle: string; hasTerminal: boolean }) {
  const t = useText();
  const path = `/vehicles/${encodeURIComponent(vehicle)}/commands`;
  const queryKey = ["commands", vehicle];
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: async () => (await get<{ items: TerminalCommand[] }>(path)).items,
    retry: false,
    refetchInterval: ({ state }) => (state.data?.some(isUnderWay) === true ? POLL_BUSY_MS : POLL_IDLE_MS),
  });
  const unknown = !hasTerminal || (error instanceof ApiError && error.status === 404);
  return (
    <Section title={t.command.title}>
      {unknown ? (
        <Empty title={t.command.noTerminal} />
      ) : (
        <>
          <Order path={path} queryKey={queryKey} />
          {data === undefined ? (
            error === null ? (
              <Loading rows={2} />
            ) : (
              <Failed error={error} what={t.command.listFailed} retry={() => void refetch()} />
            )
          ) : data.length === 0 ? (
            <p className="muted">{t.command.none}</p>
          ) : (
            <ol className="orders">
              {data.map((command) => (
                <Told key={command.id} command={command} />
              ))}
            </ol>
          )}
        </>
      )}
    </Section>
  );
}

function isUnderWay({ state }: TerminalCommand): boolean {
  return state === "waiting" || state === "sent";
}

function Order({ path, queryKey }: { path: string; queryKey: readonly string[] }) {
  const t = useText();
  const queries = useQueryClient();
  const [kind, setKind] = useState<Kind>("position");
  const [text, setText] = useState("");
  const [urgent, setUrgent] = useState(false);
  const [everyS, setEveryS] = useState(5);
  const [minutes, setMinutes] = useState(30);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const give = async (body: object): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await send("POST", path, body);
      setText("");
      await queries.invalidateQueries({ queryKey });
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  const body = (): object => {
    if (kind === "text") return { kind, text: text.trim(), urgent };
    return kind === "tracking" ? { kind, intervalSec: everyS, validitySec: minutes * 60 } : { kind };
  };
  const ready = kind !== "text" || text.trim() !== "";
  return (
    <form
      className="form order"
      aria-label={t.command.title}
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void give(body());
      }}
    >
      <Chips
        label={t.command.title}
        options={KINDS.map((value) => ({ value, text: t.command.kinds[value] }))}
        chosen={kind}
        onChoose={setKind}
      />
      <small>
        {t.command.kindHints[kind]} · {t.command.hint}
      </small>
      {kind === "tracking" ? (
        <div className="two">
          <label>
            <span>{t.command.every}</span>
            <input
              type="number"
              min={1}
              max={600}
              value={everyS}
              onChange={(event) => setEveryS(Number(event.target.value))}
            />
          </label>
          <label>
            <span>{t.command.during}</span>
            <input
              type="number"
              min={1}
              max={1440}
              value={minutes}
              onChange={(event) => setMinutes(Number(event.target.value))}
            />
          </label>
        </div>
      ) : null}
      {kind === "text" ? (
        <label>
          <span>{t.command.text}</span>
          <textarea
            value={text}
            maxLength={TEXT_MAX}
            placeholder={t.command.textHint}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
      ) : null}
      <div className="order-foot">
        <button type="submit" className="primary" disabled={busy || !ready}>
          {t.command.send}
        </button>
        {kind === "text" ? (
          <label className="check">
            <input type="checkbox" checked={urgent} onChange={(event) => setUrgent(event.target.checked)} />{" "}
            {t.command.urgent}
          </label>
        ) : null}
        {kind === "tracking" ? (
          <button type="button" className="plain" disabled={busy} onClick={() => void give({ kind, intervalSec: 0 })}>
            {t.command.stop}
          </button>
        ) : null}
      </div>
      {failure === null ? null : <Problems error={failure} />}
    </form>
  );
}

const SIGN: Record<TerminalCommand["state"], string> = {
  waiting: "…",
  sent: "→",
  done: "✓",
  refused: "✕",
  unanswered: "?",
  expired: "–",
  cancelled: "–",
};

function Told({ command }: { command: TerminalCommand }) {
  const t = useText();
  const { clock, live } = useDesk();
  const { message, state, givenAt, validUntil, attempts, result } = command;
  const why = result === null ? undefined : t.command.result[result];
  return (
    <li className={state}>
      <time>{clock.short(givenAt, live.cityNowMs())}</time>
      <span>{t.command.what[message] ?? message}</span>
      <b>
        <span aria-hidden="true">{SIGN[state]}</span> {t.command.state[state]}
        {why === undefined ? "" : ` (${why})`}
      </b>
      <small>
        {attempts > 1 ? t.command.tries(attempts) : ""}
        {state === "waiting" ? t.command.until(clock.minute(validUntil)) : ""}
      </small>
    </li>
  );
}
