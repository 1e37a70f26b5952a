import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { Link } from "react-router";
import type { Area } from "../../model/area.ts";
import type { Exposure, Lock } from "../../model/finding.ts";
import { get, send, type Page } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { overlayRoom } from "../look.tsx";
import { useText } from "../preferences.tsx";
import { count } from "../show/measure.ts";
import { Plate } from "../show/plate.tsx";
import { Problems } from "../show/problems.tsx";
import { Loading } from "../show/states.tsx";

const LIST_LIMIT = 1000;
const NAMED_MAX = 8;

/** The commands of an area in force; withdrawing says first what it ends. */
export function AreaCommands({ area }: { area: Area }) {
  const t = useText();
  const { modal, message } = App.useApp();
  const queries = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () => send<Area>("POST", `/areas/${encodeURIComponent(area.id)}/withdraw`, {}),
    onSuccess: (withdrawn) => {
      queries.setQueryData(keys.area(area.id), withdrawn);
      void queries.invalidateQueries({ queryKey: keys.areas });
      void message.success(t.area.withdrawDone);
    },
  });
  const ask = (): void =>
    void modal.confirm({
      getContainer: overlayRoom,
      title: t.area.withdrawTitle,
      content: <Ends area={area.id} />,
      okText: t.area.withdrawConfirm,
      cancelText: t.area.cancel,
      width: 480,
      onOk: () => withdraw.mutateAsync().catch(() => undefined),
    });
  return (
    <>
      <div className="commands">
        <Link className="plain" to={`/area/${encodeURIComponent(area.id)}/edit`}>
          {t.area.edit}
        </Link>
        <button type="button" className="plain" onClick={ask} disabled={withdraw.isPending}>
          {t.area.withdraw}…
        </button>
      </div>
      {withdraw.isError ? <Problems error={withdraw.error} /> : null}
    </>
  );
}

interface Consequences {
  exposures: number;
  more: boolean;
  vehicles: number;
  /** Locks whose every ground is an exposure to this area. */
  locks: Lock[];
}

async function consequencesOf(area: string): Promise<Consequences> {
  const [exposures, locks] = await Promise.all([
    get<Page<Exposure>>("/exposures", { area, limit: LIST_LIMIT }),
    get<Page<Lock>>("/locks", { state: "live", limit: LIST_LIMIT }),
  ]);
  const ids = new Set(exposures.items.map(({ id }) => id));
  return {
    exposures: exposures.items.length,
    more: exposures.next !== null,
    vehicles: new Set(exposures.items.map(({ vehicle }) => vehicle)).size,
    locks: locks.items.filter((lock) => lock.exposures.every((id) => ids.has(id))),
  };
}

/** What withdrawing an area ends: read when it is asked, since it changes by the minute. */
function Ends({ area }: { area: string }) {
  const t = useText();
  const { data, isError } = useQuery({
    queryKey: ["area-ends", area],
    queryFn: () => consequencesOf(area),
    staleTime: 0,
  });
  if (isError) return <p>{t.change.endsUnknown}</p>;
  if (data === undefined) return <Loading rows={2} />;
  const { exposures, more, vehicles, locks } = data;
  const plus = more ? "+" : "";
  return (
    <div className="ends">
      <p>{t.change.ends(count(exposures) + plus, count(vehicles) + plus)}</p>
      <p>{locks.length === 0 ? t.change.endsNoLock : t.change.endsLocks(locks.length)}</p>
      {locks.length === 0 ? null : (
        <p>
          {locks.slice(0, NAMED_MAX).map((lock) => (
            <span key={lock.id}>
              <Plate vehicle={lock.vehicle} />{" "}
            </span>
          ))}
          {locks.length > NAMED_MAX ? t.change.more(locks.length) : ""}
        </p>
      )}
    </div>
  );
}
