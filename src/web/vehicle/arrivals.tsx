import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import type { Arrival, ArrivalSource } from "../../model/arrival.ts";
import { get, type Page } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";

const ARRIVALS_MAX = 20;

/** Where a vehicle is declared to go, the latest said first, each value with who said it and when. A declaration decides which grid looks after a lock. */
export function Arrivals({ vehicle, hidesNone = false }: { vehicle: string; hidesNone?: boolean }) {
  const t = useText();
  const a = t.arrivals;
  const { data, isError, error, refetch } = useQuery({
    queryKey: ["arrivals", vehicle],
    queryFn: () => get<Page<Arrival>>("/arrivals", { vehicle, limit: ARRIVALS_MAX }),
    refetchInterval: 30_000,
  });
  if (hidesNone && !isError && (data?.items.length ?? 0) === 0) return null;
  return (
    <Section title={a.title}>
      {data === undefined ? (
        isError ? (
          <Failed error={error} what={a.failed} retry={() => void refetch()} />
        ) : (
          <Loading rows={2} />
        )
      ) : data.items.length === 0 ? (
        <Empty title={a.empty} hint={a.emptyHint} />
      ) : (
        <ul className="arrivals">
          {data.items.map((each) => (
            <Declared key={each.id} of={each} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Declared({ of: { id, place, placeName, destination, arriveAt, cargo, contact } }: { of: Arrival }) {
  const t = useText();
  const a = t.arrivals;
  const { clock, live } = useDesk();
  const nowMs = live.cityNowMs();
  const stamp = ({ source, at }: { source: ArrivalSource; at: string }): string =>
    a.said(a.source[source.kind](source.name), clock.full(at, nowMs));
  const { address } = destination.value;
  return (
    <li>
      <dl className="facts">
        <div className="whole">
          <dt>{a.destination}</dt>
          <dd>
            {place === null ? (
              (address ?? a.outside)
            ) : (
              <>
                <Link to={`/grids?place=${encodeURIComponent(place)}`}>{placeName}</Link>
                {address === undefined ? "" : ` · ${address}`}
              </>
            )}
            {place === null ? ` (${a.outside})` : ""} <small className="muted">{stamp(destination)}</small>
          </dd>
        </div>
        <div className="whole">
          <dt>{a.arriveAt}</dt>
          <dd>
            <b>{clock.full(arriveAt.value, nowMs)}</b> <small className="muted">{stamp(arriveAt)}</small>
          </dd>
        </div>
        {cargo === null ? null : (
          <div className="whole">
            <dt>{a.cargo}</dt>
            <dd>
              {cargo.value} <small className="muted">{stamp(cargo)}</small>
            </dd>
          </div>
        )}
        {contact === null ? null : (
          <div className="whole">
            <dt>{a.contact}</dt>
            <dd>
              <Contact arrival={id} /> <small className="muted">{stamp(contact)}</small>
            </dd>
          </div>
        )}
      </dl>
    </li>
  );
}

/** The number is asked for by itself, by a button: it is noted who did. */
function Contact({ arrival }: { arrival: string }) {
  const t = useText();
  const ask = useMutation({
    mutationFn: () => get<{ contact: string | null }>(`/arrivals/${encodeURIComponent(arrival)}/contact`),
  });
  const number = ask.data?.contact;
  if (number != null) return <a href={`tel:${number}`}>{number}</a>;
  return (
    <>
      <button type="button" className="link" disabled={ask.isPending} onClick={() => ask.mutate()}>
        {t.arrivals.show}
      </button>
      {ask.isError ? <Problems error={ask.error} /> : null}
    </>
  );
}
