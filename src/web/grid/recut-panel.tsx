import { useMutation, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useEffect, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import type { PlaceOperationInput, PlacePreview } from "../../model/place.ts";
import { ApiError, send } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { overlayRoom } from "../look.tsx";
import { usePen } from "../map/use-pen.ts";
import { useText } from "../preferences.tsx";
import { useMe } from "../session/use-me.ts";
import { Chips } from "../show/chips.tsx";
import { Problems } from "../show/problems.tsx";
import { Empty, Loading } from "../show/states.tsx";
import { freeIds, usePlaces } from "./grid-queries.ts";
import { PlannedOperations } from "./planned-operations.tsx";
import { RecutChoice } from "./recut-choice.tsx";
import { changesOf, faultPlaces, TOOLS, type ImportedGrid, type NewGrid, type Tool } from "./recut-changes.ts";
import { NewGridFields, OutlineFile } from "./recut-fields.tsx";
import { RecutPreview } from "./recut-preview.tsx";
import { useRecutOnMap } from "./recut-map.ts";
import "./grid.css";

const DAY_MS = 86_400_000;
/** How many grids a tool takes; a merge takes any number. */
const TAKES: Record<Tool, number> = { split: 1, merge: 50, border: 2, rename: 1, import: 0 };

/** Grids are split, merged, given another border or outline: previewed whole, confirmed with a reason, taken back before their date. */
export function RecutPanel() {
  const t = useText();
  const { awaitsTime } = useDesk();
  const { data: me } = useMe();
  if (me !== undefined && me?.rights.includes("places") !== true)
    return (
      <Panel title={t.recut.title}>
        <Empty title={t.recut.noRight} hint={t.recut.noRightHint} />
      </Panel>
    );
  return (
    <Panel title={t.recut.title} wide>
      {/* The day it is to be from is proposed by the city's clock. */}
      {awaitsTime ? <Loading rows={6} /> : <Recut />}
      <Section title={t.recut.planned}>
        <PlannedOperations />
      </Section>
    </Panel>
  );
}

function Recut() {
  const t = useText();
  const { clock, live } = useDesk();
  const queries = useQueryClient();
  const { modal, message } = App.useApp();
  const [search, setSearch] = useSearchParams();
  const tool = TOOLS.find((one) => one === search.get("tool")) ?? "split";
  const ids = useMemo(() => (search.get("places") ?? "").split(",").filter(Boolean), [search]);
  const { places: chosen, error: unread } = usePlaces(ids);
  const draws = (tool === "split" || tool === "border") && chosen.length === TAKES[tool];
  const pen = usePen(draws ? "line" : null, `${tool} ${ids.join(",")}`);
  const line = pen.corners;
  const [grids, setGrids] = useState<NewGrid[]>([]);
  const [carryOf, setCarryOf] = useState<string[]>([]);
  const [imported, setImported] = useState<ImportedGrid[]>([]);
  const [reason, setReason] = useState("");
  const [effective, setEffective] = useState(() =>
    clock.local(clock.startOfDay(live.cityNowMs()) + DAY_MS).slice(0, 16),
  );
  const draft = useMemo(
    () => ({ tool, chosen, line, grids, carryOf, imported }),
    [tool, chosen, line, grids, carryOf, imported],
  );
  const changes = useMemo(() => changesOf(draft), [draft]);
  const input: PlaceOperationInput | null =
    changes === null || effective === "" || reason.trim() === ""
      ? null
      : { effectiveAt: new Date(clock.instantOf(effective)).toISOString(), reason: reason.trim(), changes };
  const question = JSON.stringify(input);

  const preview = useMutation({
    mutationFn: (asked: { input: PlaceOperationInput; question: string }) =>
      send<PlacePreview>("POST", "/place-operations/preview", asked.input),
  });
  const act = useMutation({
    mutationFn: (asked: PlaceOperationInput) => send("POST", "/place-operations", asked),
    onSuccess: () => {
      void message.success(t.recut.done);
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "city" });
      preview.reset();
      setGrids([]);
      setCarryOf([]);
      setImported([]);
      setReason("");
      show({ places: null });
    },
  });
  const refused = act.error ?? preview.error;
  const faults = refused instanceof ApiError ? faultPlaces(refused.problems) : [];
  const isCurrent = preview.data !== undefined && preview.variables?.question === question;

  function show(change: Record<string, string | null>): void {
    const next = new URLSearchParams(search);
    for (const [name, value] of Object.entries(change))
      if (value === null) next.delete(name);
      else next.set(name, value);
    setSearch(next, { replace: true });
  }
  const choose = (next: readonly string[]): void => {
    preview.reset();
    show({ places: next.length === 0 ? null : next.slice(-TAKES[tool]).join(",") });
  };

  // Names and identities are proposed once what is to be made is known; they can be written over.
  const chosenKey = `${tool} ${chosen.map(({ id }) => id).join(",")}`;
  useEffect(() => {
    setGrids([]);
    setCarryOf(tool === "merge" ? chosen.slice(0, 1).map(({ id }) => id) : []);
    const [first] = chosen;
    if (first === undefined || tool === "import" || tool === "border") return undefined;
    if (tool === "rename") {
      setGrids([{ id: first.id, name: first.name, carryDuties: true }]);
      return undefined;
    }
    let isOld = false;
    const propose = async (): Promise<void> => {
      const free = await freeIds(first.parent ?? first.id, tool === "split" ? 2 : 1).catch((): string[] => []);
      const names = tool === "split" ? ["A", "B"].map((part) => `${first.name}${part}`) : [first.name];
      if (!isOld) setGrids(names.map((name, index) => ({ id: free[index] ?? "", name, carryDuties: index === 0 })));
    };
    void propose();
    return () => {
      isOld = true;
    };
  }, [chosenKey]);

  useRecutOnMap({
    draft,
    faults,
    onToggle: (id) => choose(ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id]),
    draws,
  });

  const ask = (): void => {
    if (input === null || preview.data === undefined) return;
    const { closed, created } = preview.data;
    void modal.confirm({
      getContainer: overlayRoom,
      title: t.recut.confirmTitle,
      content: (
        <>
          <p>{t.recut.confirmText(clock.day(input.effectiveAt), closed.length, created.length)}</p>
          <p>
            {t.recut.reason}: {input.reason}
          </p>
        </>
      ),
      okText: t.recut.do,
      cancelText: t.roster.cancel,
      onOk: () => act.mutateAsync(input).catch(() => undefined),
    });
  };

  return (
    <div className="section form">
      <Chips
        label={t.recut.tool}
        options={TOOLS.map((value) => ({ value, text: t.recut.tools[value] }))}
        chosen={tool}
        onChoose={(value) => {
          preview.reset();
          act.reset();
          setImported([]);
          show({ tool: value, places: TAKES[value] === 0 ? null : ids.slice(0, TAKES[value]).join(",") || null });
        }}
      />
      <small>{t.recut.hints[tool]}</small>
      {tool === "import" ? (
        <OutlineFile imported={imported} onRead={setImported} />
      ) : (
        <RecutChoice draft={draft} unread={unread} onChoose={choose} ids={ids} pen={draws ? pen : null} />
      )}
      <NewGridFields draft={draft} onGrids={setGrids} onCarryOf={setCarryOf} />
      <div className="two">
        <label>
          <span>{t.recut.effective}</span>
          <input
            type="datetime-local"
            required
            value={effective}
            onChange={(event) => setEffective(event.target.value)}
          />
        </label>
        <label>
          <span>{t.recut.reason}</span>
          <input value={reason} maxLength={1000} onChange={(event) => setReason(event.target.value)} />
        </label>
      </div>
      {refused === null ? null : (
        <>
          {faults.length === 0 ? null : <p className="notice bad">{t.recut.faults}</p>}
          <Problems error={refused} />
        </>
      )}
      {preview.data === undefined || refused !== null ? null : <RecutPreview of={preview.data} />}
      <div className="form-foot">
        <button
          type="button"
          className={isCurrent ? "plain" : "primary"}
          disabled={input === null || preview.isPending}
          onClick={() => {
            act.reset();
            if (input !== null) preview.mutate({ input, question });
          }}
        >
          {t.recut.preview}
        </button>
        {preview.data === undefined ? null : (
          <button type="button" className="primary" disabled={!isCurrent || act.isPending} onClick={ask}>
            {t.recut.do}…
          </button>
        )}
        {preview.data !== undefined && !isCurrent ? <small>{t.recut.stale}</small> : null}
        {preview.data === undefined && changes !== null && reason.trim() === "" ? (
          <small>
            {t.recut.reason} — {t.recut.needed}
          </small>
        ) : null}
      </div>
    </div>
  );
}
