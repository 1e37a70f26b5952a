import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Roster } from "../../model/duty.ts";
import { get } from "../api/client.ts";
import { useText } from "../preferences.tsx";
import { listed } from "../show/listed.ts";
import { Failed, Loading } from "../show/states.tsx";
import { usePlace } from "./grid-queries.ts";
import { useSlotName, useSlots } from "./roster-queries.ts";

interface Addressee {
  place: string;
  slot: string;
  persons: string[];
  wentUp: boolean;
}

/** Who gets work that comes in here now: from this place upwards, each with who is there, down to the one that answers. */
export function AskChain({ place }: { place: string }) {
  const t = useText();
  const slotName = useSlotName();
  const slots = useSlots();
  const { data: here } = usePlace(place, null);
  const own = slots.filter(({ kinds }) => here !== undefined && kinds.includes(here.kind));
  const [chosen, setChosen] = useState<string | null>(null);
  // Work for a grid is for its member.
  const slot = chosen ?? own.find(({ id }) => id === "member")?.id ?? own[0]?.id ?? "desk";
  const chain = here === undefined ? [] : [here, ...here.above.toReversed()];
  const answer = useQuery({
    queryKey: ["addressee", place, slot],
    queryFn: () => get<Addressee>(`/places/${encodeURIComponent(place)}/addressee`, { slot }),
    refetchInterval: 15_000,
  });
  const rosters = useQueries({
    queries: chain.map(({ id }) => ({
      queryKey: ["roster", id, null],
      queryFn: () => get<Roster>(`/places/${encodeURIComponent(id)}/duties`),
      staleTime: 15_000,
    })),
  });
  if (answer.isError) return <Failed error={answer.error} what={t.roster.failed} retry={() => void answer.refetch()} />;
  if (answer.data === undefined || here === undefined) return <Loading rows={3} />;
  const { persons, place: answering, slot: asked } = answer.data;
  const above = slots.find(({ id }) => id === slot)?.above ?? null;
  const shown = chain.slice(0, chain.findIndex(({ id }) => id === answering) + 1);
  return (
    <>
      <label className="as-of">
        {t.roster.askSlot}
        <select value={slot} onChange={(event) => setChosen(event.target.value)}>
          {slots.map(({ id }) => (
            <option key={id} value={id}>
              {slotName(id)}
            </option>
          ))}
        </select>
      </label>
      <ol className="ask-chain">
        {shown.map(({ id, name }, index) => {
          const holders = (rosters[index]?.data?.holders ?? []).filter((each) => [slot, above].includes(each.slot));
          const isAnswer = id === answering && persons.length > 0;
          const names = holders.flatMap((each) => [each, ...each.substitutes]);
          return (
            <li key={id} className={isAnswer ? "answers" : ""}>
              <span aria-hidden="true">{isAnswer ? "➜" : "○"}</span>
              <span>
                {name} ·{" "}
                {isAnswer
                  ? `${slotName(asked)} ${listed(
                      persons.map((person) => names.find((each) => each.person === person)?.name ?? person),
                      t,
                    )} · ${t.roster.answers}`
                  : `${slotName(slot)} ${holders.length === 0 ? t.roster.empty : t.roster.away}`}
              </span>
            </li>
          );
        })}
      </ol>
      {persons.length === 0 ? <p className="notice bad">{t.roster.nobodyAbove}</p> : null}
    </>
  );
}
