import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { get } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { count } from "../show/measure.ts";
import { TableFile } from "../show/table-file.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";

interface Viewer {
  account: string | null;
  purpose: string | null;
  times: number;
  firstAt: string;
  lastAt: string;
}

/** Who looked at a vehicle, how often and what for; asked only when somebody wants to know, since asking is noted too. */
export function Viewers({ vehicle }: { vehicle: string }) {
  const t = useText();
  const a = t.audit;
  const { clock } = useDesk();
  const [isOpen, setOpen] = useState(false);
  const { data, isError, error, refetch } = useQuery({
    queryKey: ["viewers", vehicle],
    queryFn: () => get<{ items: Viewer[] }>(`/vehicles/${encodeURIComponent(vehicle)}/viewers`),
    enabled: isOpen,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
  return (
    <Section
      title={a.viewers}
      aside={
        isOpen ? null : (
          <button type="button" className="link" onClick={() => setOpen(true)}>
            {a.viewersShow}
          </button>
        )
      }
    >
      {!isOpen ? null : data === undefined ? (
        isError ? (
          <Failed error={error} what={a.viewersFailed} retry={() => void refetch()} />
        ) : (
          <Loading />
        )
      ) : data.items.length === 0 ? (
        <Empty title={a.viewersNone} />
      ) : (
        <>
          <TableFile
            name={`${a.viewers} ${vehicle}`}
            head={[a.who, a.purpose, a.times, a.last]}
            rows={() =>
              data.items.map(({ account, purpose, times, lastAt }) => [
                account ?? a.nobody,
                purpose === null ? a.noPurpose : (t.settings.purpose[purpose] ?? purpose),
                times,
                clock.full(lastAt),
              ])
            }
          />
          <table className="lines viewers">
            <thead>
              <tr>
                <th scope="col">{a.who}</th>
                <th scope="col">{a.purpose}</th>
                <th scope="col">{a.times}</th>
                <th scope="col">{a.last}</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map(({ account, purpose, times, lastAt }) => (
                <tr key={`${account} ${purpose}`}>
                  <td>{account ?? a.nobody}</td>
                  <td>{purpose === null ? a.noPurpose : (t.settings.purpose[purpose] ?? purpose)}</td>
                  <td>{count(times)}</td>
                  <td>{clock.full(lastAt)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Section>
  );
}
