import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { get, send } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { overlayRoom } from "../look.tsx";
import { useText } from "../preferences.tsx";
import { listed } from "../show/listed.ts";
import { Problems } from "../show/problems.tsx";
import { Empty, Failed, Loading } from "../show/states.tsx";

interface Operation {
  id: string;
  effectiveAt: string;
  recordedAt: string;
  account: string | null;
  reason: string;
  changes: number;
  ops: string[];
  closed: string[];
  created: string[];
  undoneAt: string | null;
}

/** What was recorded, the latest first; what has not come yet can be taken back. */
export function PlannedOperations() {
  const t = useText();
  const { clock, live } = useDesk();
  const { modal } = App.useApp();
  const queries = useQueryClient();
  const { data, isError, error, refetch } = useQuery({
    queryKey: ["place-operations"],
    queryFn: async () => (await get<{ items: Operation[] }>("/place-operations", { limit: 30 })).items,
    refetchInterval: 30_000,
  });
  const undo = useMutation({
    mutationFn: (id: string) => send("POST", `/place-operations/${encodeURIComponent(id)}/undo`, {}),
    onSettled: () => queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "city" }),
  });
  if (isError) return <Failed error={error} what={t.grids.failed} retry={() => void refetch()} />;
  if (data === undefined) return <Loading rows={3} />;
  if (data.length === 0) return <Empty title={t.recut.nonePlanned} />;
  const ask = ({ id, reason }: Operation): void =>
    void modal.confirm({
      getContainer: overlayRoom,
      title: t.recut.undoTitle,
      content: (
        <>
          <p>{t.recut.undoText}</p>
          <p>{reason}</p>
        </>
      ),
      okText: t.recut.undo,
      cancelText: t.roster.cancel,
      onOk: () => undo.mutateAsync(id).catch(() => undefined),
    });
  return (
    <>
      {undo.isError ? <Problems error={undo.error} /> : null}
      <ul className="operations">
        {data.map((each) => {
          const isPlanned = each.undoneAt === null && Date.parse(each.effectiveAt) > live.cityNowMs();
          const state = each.undoneAt !== null ? t.recut.undone : isPlanned ? t.recut.waiting : t.recut.inForce;
          const what = listed(
            each.ops.map((op) => t.recut.ops[op as keyof typeof t.recut.ops] ?? op),
            t,
          );
          return (
            <li key={each.id} className={each.undoneAt === null ? "" : "undone"}>
              <b>
                {clock.day(each.effectiveAt)} {what} · {t.recut.count(each.changes)}
              </b>
              {isPlanned ? (
                <button type="button" className="link" disabled={undo.isPending} onClick={() => ask(each)}>
                  {t.recut.undo}
                </button>
              ) : (
                <span className="muted">{state}</span>
              )}
              <small>
                {each.closed.length + each.created.length === 0
                  ? ""
                  : `${listed(each.closed, t)}${each.closed.length > 0 ? " → " : ""}${listed(each.created, t)} · `}
                {each.reason}
                {each.account === null ? "" : ` · ${each.account}`}
                {isPlanned ? ` · ${state}` : ""}
              </small>
            </li>
          );
        })}
      </ul>
    </>
  );
}
