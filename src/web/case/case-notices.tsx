import { useInfiniteQuery } from "@tanstack/react-query";
import type { CaseNotice } from "../../model/case.ts";
import { get, type Page } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Failed, Loading } from "../show/states.tsx";

const PAGE = 20;
const REFRESH_MS = 15_000;

/** Who was told of the case, by which way, and what became of it: read, sent, tried again, given up. */
export function CaseNotices({ id }: { id: string }) {
  const t = useText();
  const n = t.notices;
  const { data, isError, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["case", id, "notices"],
    queryFn: ({ pageParam }) =>
      get<Page<CaseNotice>>(`/cases/${encodeURIComponent(id)}/notices`, { limit: PAGE, cursor: pageParam }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: REFRESH_MS,
  });
  const items = data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={n.title}>
      {data === undefined ? (
        isError ? (
          <Failed error={error} what={n.failed} retry={() => void refetch()} />
        ) : (
          <Loading rows={3} />
        )
      ) : items.length === 0 ? (
        <p className="muted">{n.none}</p>
      ) : (
        <ol className="notices">
          {items.map((each) => (
            <Told key={each.id} of={each} />
          ))}
        </ol>
      )}
      {hasNextPage ? (
        <button type="button" className="plain" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {n.more}
        </button>
      ) : null}
    </Section>
  );
}

function Told({ of: { at, person, personName, text, readAt, deliveries } }: { of: CaseNotice }) {
  const t = useText();
  const n = t.notices;
  const { clock, live } = useDesk();
  const nowMs = live.cityNowMs();
  return (
    <li>
      <time dateTime={at}>{clock.full(at, nowMs)}</time>
      <div>
        <b>{personName ?? person ?? n.outside}</b>
        <ul>
          <li className={readAt === null ? "waits" : "good"}>
            {n.inbox} · {readAt === null ? `○ ${n.unread}` : `✓ ${n.read(clock.full(readAt, nowMs))}`}
          </li>
          {deliveries.map((each) => (
            <li key={each.channel} className={{ dead: "bad", sent: "good", waiting: "waits" }[each.state]}>
              {n.channels[each.channel] ?? each.channel} · <Outcome of={each} />
            </li>
          ))}
        </ul>
        <small>{text[t.language]}</small>
      </div>
    </li>
  );
}

/** Deliveries run by the clock on the wall, which in a replay is not the city's. */
function Outcome({
  of: { state, attempts, triedAt, sentAt, failedAt, nextAt },
}: {
  of: CaseNotice["deliveries"][number];
}) {
  const n = useText().notices;
  const { clock } = useDesk();
  const at = (instant: string | null): string => (instant === null ? "" : clock.full(instant));
  if (state === "sent") return `✓ ${n.sent(at(sentAt ?? triedAt))}`;
  if (state === "dead") return `△ ${n.dead(attempts, at(failedAt ?? triedAt))}`;
  return attempts === 0 ? `… ${n.waiting}` : `… ${n.again(attempts, at(nextAt))}`;
}
