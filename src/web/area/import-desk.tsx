import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useEffect, useMemo, useState } from "react";
import type { Area, AreaInput, AreaLevel, Geometry } from "../../model/area.ts";
import type { AreaReading } from "../../model/area-import.ts";
import { PREVIEW_AREAS_MAX } from "../../model/area-preview.ts";
import { send } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { useDesk } from "../desk.tsx";
import { bboxOf, positionsOf } from "../map/plane.ts";
import { scene } from "../map/scene.ts";
import { overlayRoom } from "../look.tsx";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { count } from "../show/measure.ts";
import { Problems } from "../show/problems.tsx";
import {
  decided,
  inputOf,
  ITEM_STATES,
  itemsOf,
  type Decision,
  type ImportItem,
  type ItemState,
} from "./import-items.ts";
import { ImportRows } from "./import-rows.tsx";
import { PreviewBox } from "./preview-box.tsx";
import { Settle } from "./settle.tsx";

interface ImportDeskProps {
  reading: AreaReading;
  areas: readonly Area[];
  onAnother: () => void;
}

const PUBLISHABLE: ReadonlySet<ItemState> = new Set(["ready", "changed"]);
const NO_AREAS: readonly AreaInput[] = [];
/** Shapes that the map draws at once. */
const DRAWN_MAX = 500;

/** The lines of a file: what would be published, what waits for a place, what is no longer listed; then all of it at once. */
export function ImportDesk({ reading, areas, onAnother }: ImportDeskProps) {
  const t = useText();
  const { clock } = useDesk();
  const { modal, message } = App.useApp();
  const queries = useQueryClient();
  // Against the areas as they stood when the file was opened: what is published here moves to "done", not away.
  const [base] = useState(() => itemsOf(reading, areas));
  const [decisions, setDecisions] = useState<ReadonlyMap<string, Decision>>(new Map());
  const [province, setProvince] = useState("");
  const [shown, setShown] = useState<ItemState>(
    () => ITEM_STATES.find((state) => base.some((item) => item.state === state)) ?? "ready",
  );
  const [settling, setSettling] = useState<string | null>(null);
  const [previewing, setPreviewing] = useState(false);
  const [level, setLevel] = useState<AreaLevel>("high");
  const [validity, setValidity] = useState({ from: "", to: "" });
  const [source, setSource] = useState(() =>
    reading.asOf === null ? "" : `${t.import.format.list} ${t.import.asOf(minuteOf(reading.asOf))}`,
  );
  const [progress, setProgress] = useState<{ done: number; all: number } | null>(null);
  const [failure, setFailure] = useState<{ name: string; error: unknown } | null>(null);

  const items = useMemo(
    () =>
      base
        .filter((item) => province === "" || item.province === province)
        .map((item) => decided(item, decisions.get(item.key))),
    [base, decisions, province],
  );
  const provinces = useMemo(() => provincesOf(base), [base]);
  const byState = useMemo(() => grouped(items), [items]);
  const toPublish = ITEM_STATES.flatMap((state) => (PUBLISHABLE.has(state) ? (byState.get(state) ?? []) : []));
  const tooMany = toPublish.length > PREVIEW_AREAS_MAX;
  const common = {
    level,
    from: instantOrNull(validity.from, (local) => clock.instantOf(local)),
    to: instantOrNull(validity.to, (local) => clock.instantOf(local)),
    source,
  };
  const inputs = tooMany ? NO_AREAS : toPublish.map((item) => inputOf(item, common)).filter((input) => input !== null);
  const gone = byState.get("gone") ?? [];
  const open = byState.get("open") ?? [];
  const settled = settling === null ? undefined : items.find(({ key }) => key === settling);

  const decide = (key: string, decision: Decision | undefined): void =>
    setDecisions((now) => {
      const next = new Map(now);
      if (decision === undefined) next.delete(key);
      else next.set(key, decision);
      return next;
    });

  useEffect(() => {
    if (settling !== null) return;
    const shapes = toPublish.slice(0, DRAWN_MAX).map(({ geometry }) => geometry!);
    scene.set({ draft: { shapes, corners: [] } });
  }, [items, settling]);
  useEffect(() => () => scene.set({ draft: null }), []);

  /** One after the other; what is done stays done when one is refused. */
  const run = async (list: readonly ImportItem[], act: (item: ImportItem) => Promise<Area>): Promise<number> => {
    setFailure(null);
    let done = 0;
    for (const item of list) {
      setProgress({ done, all: list.length });
      try {
        queries.setQueryData(keys.area(item.key), await act(item));
      } catch (error) {
        setFailure({ name: item.title, error });
        break;
      }
      done++;
      decide(item.key, "done");
    }
    setProgress(null);
    await queries.invalidateQueries({ queryKey: keys.areas });
    return done;
  };
  const publish = async (): Promise<void> => {
    const done = await run(toPublish, (item) => {
      const input = inputOf(item, common);
      return item.before?.state === "published"
        ? send<Area>("PUT", `/areas/${encodeURIComponent(item.before.id)}`, input)
        : send<Area>("POST", "/areas", input);
    });
    if (done > 0) void message.success(t.import.finished(done));
  };
  const withdraw = (): void =>
    void modal.confirm({
      getContainer: overlayRoom,
      title: t.import.withdrawTitle(gone.length),
      content: t.area.withdrawHint,
      okText: t.area.withdrawConfirm,
      cancelText: t.area.cancel,
      onOk: async () => {
        const done = await run(gone, (item) =>
          send<Area>("POST", `/areas/${encodeURIComponent(item.before!.id)}/withdraw`, {}),
        );
        if (done > 0) void message.success(t.import.withdrawDone(done));
      },
    });

  if (settled !== undefined) {
    return (
      <Settle
        item={settled}
        onTake={(shape: Geometry) => {
          decide(settled.key, { shape });
          const after = open[open.findIndex(({ key }) => key === settled.key) + 1];
          setSettling(after?.key ?? null);
        }}
        onLeave={() => setSettling(null)}
        onStep={(by) => {
          const next = open[open.findIndex(({ key }) => key === settled.key) + by];
          if (next !== undefined) setSettling(next.key);
        }}
      />
    );
  }
  return (
    <>
      <div className="filter import-head">
        <span className="tag">{t.import.format[reading.format]}</span>
        {reading.asOf === null ? null : <span>{t.import.asOf(minuteOf(reading.asOf))}</span>}
        {reading.lowEntries === 0 ? null : <small>{t.import.low(count(reading.lowEntries))}</small>}
        <button type="button" className="link push" onClick={onAnother} disabled={progress !== null}>
          {t.import.another}
        </button>
        {provinces.length < 2 ? null : (
          <select
            aria-label={t.import.provinces}
            value={province}
            onChange={(event) => setProvince(event.target.value)}
          >
            <option value="">{t.import.allProvinces(count(base.length))}</option>
            {provinces.map(({ name, items: number }) => (
              <option key={name} value={name}>
                {name} {count(number)}
              </option>
            ))}
          </select>
        )}
        <Chips
          label={t.import.title}
          options={ITEM_STATES.filter((state) => state === shown || byState.has(state)).map((value) => ({
            value,
            text: `${t.import.state[value]} ${count(byState.get(value)?.length ?? 0)}`,
          }))}
          chosen={shown}
          onChoose={setShown}
        />
        <small className="whole">{t.import.stateHint[shown]}</small>
      </div>
      {reading.problems.length === 0 ? null : (
        <details className="section">
          <summary>△ {t.import.problems(reading.problems.length)}</summary>
          <ul className="problems">
            {reading.problems.map(({ where, value, expected }) => (
              <li key={`${where}${value}`}>
                <code>{where}</code> {value ?? ""} · {t.area.expected} {expected}
              </li>
            ))}
          </ul>
        </details>
      )}
      <ImportRows
        items={byState.get(shown) ?? []}
        empty={base.length === 0 ? t.import.none : t.import.noneIn}
        onSettle={setSettling}
        onDecide={decide}
        onShow={showOnMap}
      />
      <form
        className="form section import-foot"
        onSubmit={(event) => {
          event.preventDefault();
          void publish();
        }}
      >
        {previewing && inputs.length > 0 ? (
          <PreviewBox areas={inputs} nameOf={(index) => toPublish[index]?.title ?? ""} />
        ) : null}
        <div className="two">
          {(["from", "to"] as const).map((name) => (
            <label key={name}>
              <span>
                {t.area.validity} · {t.area[name]} ({t.area.openEnd}: {t.area.blank})
              </span>
              <input
                type="datetime-local"
                step={1}
                value={validity[name]}
                onChange={(event) => setValidity({ ...validity, [name]: event.target.value })}
              />
            </label>
          ))}
        </div>
        <label>
          <span>{t.area.source}</span>
          <input value={source} maxLength={500} onChange={(event) => setSource(event.target.value)} />
        </label>
        {toPublish.some((item) => item.level === null) ? (
          <fieldset>
            <legend>{t.import.level}</legend>
            <Chips
              label={t.import.level}
              options={(["high", "medium"] as const).map((value) => ({ value, text: t.level[value] }))}
              chosen={level}
              onChoose={setLevel}
            />
          </fieldset>
        ) : null}
        {failure === null ? null : (
          <>
            <p className="notice bad">{t.import.stopped(failure.name)}</p>
            <Problems error={failure.error} />
          </>
        )}
        <div className="form-foot">
          <button type="submit" className="primary" disabled={inputs.length === 0 || progress !== null}>
            {progress === null ? t.import.publish(toPublish.length) : t.import.publishing(progress.done, progress.all)}
          </button>
          <button
            type="button"
            className="plain"
            aria-pressed={previewing}
            disabled={inputs.length === 0}
            onClick={() => setPreviewing(!previewing)}
          >
            {t.import.previewAll(toPublish.length)}
          </button>
          {gone.length === 0 ? null : (
            <button type="button" className="plain" onClick={withdraw} disabled={progress !== null}>
              {t.import.withdraw(gone.length)}
            </button>
          )}
        </div>
        {tooMany || open.length > 0 ? (
          <small>{tooMany ? t.import.limit(PREVIEW_AREAS_MAX) : t.import.publishHint(open.length)}</small>
        ) : null}
      </form>
    </>
  );
}

/** A list says its time in China's own clock; so it is said again. */
function minuteOf(asOf: string): string {
  return `${asOf.slice(0, 10)} ${asOf.slice(11, 16)}`;
}

function showOnMap({ geometry }: ImportItem): void {
  if (geometry === null) return;
  const [west, south, east, north] = bboxOf(positionsOf(geometry));
  scene.focus({ bbox: [west - 0.011, south - 0.011, east + 0.011, north + 0.011] });
}

function provincesOf(items: readonly ImportItem[]): { name: string; items: number }[] {
  const counts = new Map<string, number>();
  for (const { province } of items) if (province !== "") counts.set(province, (counts.get(province) ?? 0) + 1);
  return [...counts].map(([name, number]) => ({ name, items: number }));
}

function grouped(items: readonly ImportItem[]): Map<ItemState, ImportItem[]> {
  const groups = new Map<ItemState, ImportItem[]>();
  for (const item of items) {
    const group = groups.get(item.state);
    if (group === undefined) groups.set(item.state, [item]);
    else group.push(item);
  }
  return groups;
}

function instantOrNull(local: string, instantOf: (local: string) => number): string | null {
  return local === "" ? null : new Date(instantOf(local)).toISOString();
}
