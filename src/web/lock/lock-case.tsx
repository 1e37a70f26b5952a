import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import type { CaseSummary } from "../../model/case.ts";
import type { Lock } from "../../model/finding.ts";
import { get, type Page } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { CaseLimit } from "../case/case-row.tsx";
import { CaseSteps } from "../case/case-steps.tsx";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { Failed, Loading } from "../show/states.tsx";

const REFRESH_MS = 5000;

/** The case of a lock: whose it is, until when, and the steps that the one at this desk may do. The lock ends by them only. */
export function LockCase({ lock }: { lock: Lock }) {
  const t = useText();
  const queries = useQueryClient();
  const { clock, live } = useDesk();
  const { data, error, refetch } = useQuery({
    queryKey: ["case-of-lock", lock.id],
    queryFn: async () => (await get<Page<CaseSummary>>("/cases", { lock: lock.id, limit: 1 })).items[0] ?? null,
    refetchInterval: REFRESH_MS,
  });
  if (error !== null) return <Failed error={error} what={t.states.failed} retry={() => void refetch()} />;
  if (data === undefined || data === null) return <Loading />;
  const due = data.dueAt === null ? "" : clock.full(data.dueAt, live.cityNowMs());
  return (
    <>
      <dl className="facts">
        <div>
          <dt>{data.stateLabel[t.language]}</dt>
          <dd>{data.takenByName ?? data.placeName}</dd>
        </div>
        {data.dueAt === null ? null : (
          <div>
            <dt>{t.cases.limit}</dt>
            <dd>
              <CaseLimit of={data} /> <small className="muted">{due}</small>
              {data.level > 0 ? <b> {t.cases.raised(data.level)}</b> : null}
            </dd>
          </div>
        )}
      </dl>
      <CaseSteps
        of={data}
        onChanged={() => {
          void queries.invalidateQueries({ queryKey: ["case-of-lock", lock.id] });
          void queries.invalidateQueries({ queryKey: keys.lock(lock.id) });
        }}
      />
      <p className="muted">
        <Link to={`/case/${encodeURIComponent(data.id)}`}>{t.cases.wholeStory}</Link> · {t.lock.why}
      </p>
    </>
  );
}
