import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { send } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";
import { useDutiesChanged, useSlotName, useSlots } from "./roster-queries.ts";

/** What somebody is about to change in a roster. */
export type DutyWish =
  | { kind: "appoint"; slot: string | null }
  | { kind: "end" | "leave" | "substitute"; duty: string; person: string; name: string };

type Field = "person" | "name" | "from" | "to" | "substitute";

/** One form for each change; what it needs and nothing else. */
export function DutyForm({ place, wish, onDone }: { place: string; wish: DutyWish; onDone: () => void }) {
  const t = useText();
  const { clock, live } = useDesk();
  const slotName = useSlotName();
  const slots = useSlots();
  const changed = useDutiesChanged();
  const [slot, setSlot] = useState(wish.kind === "appoint" ? (wish.slot ?? "") : "");
  const [values, setValues] = useState<Record<Field, string>>(() => ({
    person: "",
    name: "",
    from: clock.local(live.cityNowMs()).slice(0, 16),
    to: "",
    substitute: "",
  }));
  const [tried, setTried] = useState(false);
  const iso = (local: string): string | undefined =>
    local === "" ? undefined : new Date(clock.instantOf(local)).toISOString();
  const act = useMutation({
    mutationFn: () => {
      const { person, name, from, to, substitute } = values;
      switch (wish.kind) {
        case "appoint":
          return send("POST", "/duties", {
            place,
            slot,
            person: person.trim(),
            ...(name.trim() === "" ? {} : { name: name.trim() }),
            from: iso(from),
            to: iso(to),
          });
        case "end":
          return send("POST", `/duties/${encodeURIComponent(wish.duty)}/end`, { at: iso(from) });
        case "substitute":
          return send("POST", `/duties/${encodeURIComponent(wish.duty)}/substitutes`, {
            person: person.trim(),
            from: iso(from),
            to: iso(to),
          });
        case "leave":
          return send("POST", "/leave", {
            person: wish.person,
            from: iso(from),
            to: iso(to),
            ...(substitute.trim() === "" ? {} : { substitute: substitute.trim() }),
          });
      }
    },
    onSuccess: () => {
      changed();
      onDone();
    },
  });
  const fields: Record<DutyWish["kind"], Field[]> = {
    appoint: ["person", "name", "from", "to"],
    end: ["from"],
    substitute: ["person", "from", "to"],
    leave: ["from", "to", "substitute"],
  };
  const needed = new Set<Field>(["person", "from", ...(wish.kind === "leave" ? ["to" as const] : [])]);
  const isMissing = (field: Field): boolean => needed.has(field) && values[field].trim() === "";
  const labelOf = (field: Field): string =>
    field === "to" && wish.kind === "leave"
      ? t.roster.leaveTo
      : field === "substitute"
        ? t.roster.leaveSubstitute
        : t.roster[field];
  const title = wish.kind === "appoint" ? t.roster.appoint : `${t.roster[wish.kind]} · ${wish.name}`;
  return (
    <form
      className="form"
      noValidate
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!fields[wish.kind].some(isMissing) && (wish.kind !== "appoint" || slot !== "")) act.mutate();
      }}
    >
      <b>{title}</b>
      {wish.kind === "appoint" ? (
        <label>
          <span>
            {t.roster.slot} {tried && slot === "" ? <b>— {t.roster.needed}</b> : null}
          </span>
          <select value={slot} aria-invalid={tried && slot === ""} onChange={(event) => setSlot(event.target.value)}>
            <option value="" aria-label="—">
              —
            </option>
            {slots.map(({ id }) => (
              <option key={id} value={id}>
                {slotName(id)}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      <div className="two">
        {fields[wish.kind].map((field) => (
          <label key={field}>
            <span>
              {labelOf(field)} {tried && isMissing(field) ? <b>— {t.roster.needed}</b> : null}
            </span>
            <input
              type={field === "from" || field === "to" ? "datetime-local" : "text"}
              value={values[field]}
              aria-invalid={tried && isMissing(field)}
              onChange={(event) => setValues({ ...values, [field]: event.target.value })}
            />
          </label>
        ))}
      </div>
      {wish.kind === "appoint" ? <small>{t.roster.personHint}</small> : null}
      {act.isError ? <Problems error={act.error} /> : null}
      <div>
        <button type="submit" className="primary" disabled={act.isPending}>
          {t.roster[wish.kind]}
        </button>{" "}
        <button type="button" className="link" onClick={onDone}>
          {t.roster.cancel}
        </button>
      </div>
    </form>
  );
}

/** Ends a leave now. */
export function EndLeave({ leave }: { leave: string }) {
  const t = useText();
  const changed = useDutiesChanged();
  const end = useMutation({
    mutationFn: () => send("POST", `/leave/${encodeURIComponent(leave)}/end`, {}),
    onSuccess: changed,
  });
  return (
    <>
      <button type="button" className="link" disabled={end.isPending} onClick={() => end.mutate()}>
        {t.roster.endLeave}
      </button>
      {end.isError ? <Problems error={end.error} /> : null}
    </>
  );
}
