import { useState } from "react";
import type { DutyStory, Roster as RosterOf } from "../../model/duty.ts";
import { useDesk } from "../desk.tsx";
import { Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { useMe } from "../session/use-me.ts";
import { ExportButton } from "../show/export-button.tsx";
import { listed } from "../show/listed.ts";
import { Empty, Failed, Loading } from "../show/states.tsx";
import { AskChain } from "./ask-chain.tsx";
import { DutyForm, EndLeave, type DutyWish } from "./duty-form.tsx";
import { RosterImport } from "./roster-import.tsx";
import { useDutyStory, useRoster, useSlotName } from "./roster-queries.ts";

/** Who serves at a place as of a date: appointed, ended, on leave, stood in for; what nobody holds; and who would be asked now. */
export function Roster({ place, at }: { place: string; at: string | null }) {
  const t = useText();
  const { data: me } = useMe();
  const { data, isError, error, refetch } = useRoster(place, at);
  const [wish, setWish] = useState<DutyWish | null>(null);
  const mayChange = at === null && me?.rights.includes("places") === true;
  return (
    <div className="roster">
      <Section title={t.roster.title} aside={<ExportButton path="/duties" query={{ place, at }} />}>
        {isError ? (
          <Failed error={error} what={t.roster.failed} retry={() => void refetch()} />
        ) : data === undefined ? (
          <Loading />
        ) : data.holders.length === 0 && data.vacant.length === 0 ? (
          <Empty title={t.roster.none} hint={t.roster.noneHint} />
        ) : (
          <Holders of={data} mayChange={mayChange} onWish={setWish} />
        )}
        {wish === null ? null : (
          <DutyForm key={JSON.stringify(wish)} place={place} wish={wish} onDone={() => setWish(null)} />
        )}
        {mayChange && wish === null ? (
          <p>
            <button type="button" className="plain" onClick={() => setWish({ kind: "appoint", slot: null })}>
              {t.roster.appoint}…
            </button>
          </p>
        ) : null}
        {me !== undefined && !mayChange && at === null ? <p className="muted">{t.roster.noRight}</p> : null}
      </Section>
      {at === null ? (
        <Section title={t.roster.ask}>
          <AskChain place={place} />
        </Section>
      ) : null}
      <Section title={t.roster.story}>
        <Story place={place} mayChange={mayChange} />
      </Section>
      {mayChange ? (
        <Section title={t.roster.importTitle}>
          <RosterImport />
        </Section>
      ) : null}
    </div>
  );
}

interface HoldersProps {
  of: RosterOf;
  mayChange: boolean;
  onWish: (wish: DutyWish) => void;
}

/** Slots in the city's order; one that nobody holds in red, with a hollow circle. */
function Holders({ of: { holders, vacant }, mayChange, onWish }: HoldersProps) {
  const t = useText();
  const slotName = useSlotName();
  return (
    <table>
      <tbody>
        {vacant.map((slot) => (
          <tr key={slot}>
            <td className="vacant">○ {slotName(slot)}</td>
            <td className="vacant">{t.roster.nobody}</td>
            <td>
              {mayChange ? (
                <button type="button" className="link" onClick={() => onWish({ kind: "appoint", slot })}>
                  {t.roster.appoint}
                </button>
              ) : null}
            </td>
          </tr>
        ))}
        {holders.map(({ duty, slot, person, name, onLeave, substitutes }) => {
          const wishOf = (kind: "end" | "leave" | "substitute") => () => onWish({ kind, duty, person, name });
          return (
            <tr key={duty}>
              <td>{slotName(slot)}</td>
              <td>
                {name} <small className="muted">{person}</small>
                {onLeave ? (
                  <div className="muted">
                    {t.roster.onLeave} ·{" "}
                    {substitutes.length === 0
                      ? t.roster.noSubstitute
                      : t.roster.stoodInBy(
                          listed(
                            substitutes.map((each) => each.name),
                            t,
                          ),
                        )}
                  </div>
                ) : null}
              </td>
              <td>
                {mayChange ? (
                  <>
                    <button type="button" className="link" onClick={wishOf("leave")}>
                      {t.roster.leave}
                    </button>
                    <button type="button" className="link" onClick={wishOf("substitute")}>
                      {t.roster.substitute}
                    </button>
                    <button type="button" className="link" onClick={wishOf("end")}>
                      {t.roster.end}
                    </button>
                  </>
                ) : null}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

/** Every duty of the place through time, with leaves that can still be ended. */
function Story({ place, mayChange }: { place: string; mayChange: boolean }) {
  const t = useText();
  const { clock, live } = useDesk();
  const slotName = useSlotName();
  const { data, isError, error, refetch } = useDutyStory(place);
  if (isError) return <Failed error={error} what={t.roster.failed} retry={() => void refetch()} />;
  if (data === undefined) return <Loading rows={3} />;
  if (data.length === 0) return <p className="muted">{t.roster.noStory}</p>;
  const nowMs = live.cityNowMs();
  const period = ({ from, to }: { from: string; to: string | null }): string =>
    `${t.roster.since(clock.day(from))}${to === null ? "" : ` ${t.roster.until(clock.day(to))}`}`;
  const stateOf = ({ from, to }: DutyStory): string =>
    Date.parse(from) > nowMs
      ? t.roster.planned
      : to !== null && Date.parse(to) <= nowMs
        ? t.roster.past
        : t.roster.current;
  return (
    <table>
      <tbody>
        {data.map((each) => (
          <tr key={each.duty}>
            <td>{slotName(each.slot)}</td>
            <td>
              {each.name} · {period(each)}
              {each.leaves.map((leave) => (
                <div key={leave.id} className="muted">
                  {t.roster.onLeave} {period(leave)}
                  {mayChange && Date.parse(leave.to) > nowMs ? <EndLeave leave={leave.id} /> : null}
                </div>
              ))}
              {each.substitutes.map((substitute) => (
                <div key={`${substitute.person}${substitute.from}`} className="muted">
                  {t.roster.stoodInBy(substitute.name)} {period(substitute)}
                </div>
              ))}
            </td>
            <td className="muted">{stateOf(each)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
