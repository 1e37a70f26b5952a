import { useEffect, useState } from "react";
import type { Area, Geometry } from "../../model/area.ts";
import { useAreaVersions } from "../api/queries.ts";
import { useDesk } from "../desk.tsx";
import { Section } from "../frame/panel.tsx";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { Failed, Loading } from "../show/states.tsx";
import type { Text } from "../text/zh.ts";
import { hectaresOf, squareText } from "./shape-size.ts";

/** Every version of an area, newest first, with what each changed; the shape before can be laid over the map. */
export function AreaVersions({ id, version }: { id: string; version: number }) {
  const t = useText();
  const { clock } = useDesk();
  const { data, error, refetch } = useAreaVersions(id, version);
  const [compared, setCompared] = useState<number | null>(null);
  const versions = data?.items ?? [];
  const before = compared === null ? undefined : versions.find((one) => one.version === compared - 1);
  useEffect(() => {
    if (before === undefined) return;
    scene.set({ draft: { shapes: [], corners: [], before: before.geometry } });
    return () => scene.set({ draft: null });
  }, [before]);
  return (
    <Section title={t.area.versions}>
      {data === undefined ? (
        error === null ? (
          <Loading rows={2} />
        ) : (
          <Failed error={error} what={t.states.failed} retry={() => void refetch()} />
        )
      ) : (
        <ol className="versions">
          {versions.map((one, index) => {
            const previous = versions[index + 1];
            return (
              <li key={one.version}>
                <p>
                  <b>{t.area.version(one.version)}</b>
                  {index === 0 && one.state === "published" ? <span className="tag">{t.change.now}</span> : null}
                  <time>{clock.full(one.publishedAt)}</time>
                </p>
                <p className="muted">{changesOf(one, previous, t, (at) => clock.full(at)).join(" · ")}</p>
                {previous === undefined || sameShape(one.geometry, previous.geometry) ? null : (
                  <button
                    type="button"
                    className="link"
                    aria-pressed={compared === one.version}
                    onClick={() => setCompared(compared === one.version ? null : one.version)}
                  >
                    {compared === one.version
                      ? `${t.change.compared(previous.version)} · ${t.change.hide}`
                      : t.change.compare}
                  </button>
                )}
              </li>
            );
          })}
        </ol>
      )}
    </Section>
  );
}

function changesOf(one: Area, before: Area | undefined, t: Text, at: (instant: string) => string): string[] {
  if (before === undefined) return [t.change.first];
  if (one.state === "withdrawn") return [t.change.withdrawn];
  const until = ({ from, to }: Area): string =>
    `${from === null ? t.area.openEnd : at(from)} – ${to === null ? t.area.openEnd : at(to)}`;
  const size = ({ geometry }: Area): string => squareText(hectaresOf(geometry), t.language);
  const changes = [
    one.name === before.name ? null : t.change.name(before.name, one.name),
    one.level === before.level ? null : t.change.level(t.level[before.level], t.level[one.level]),
    until(one) === until(before) ? null : t.change.validity(until(before), until(one)),
    one.source === before.source ? null : t.change.source(before.source ?? "–", one.source ?? "–"),
    sameShape(one.geometry, before.geometry) ? null : t.change.shape(size(before), size(one)),
  ].filter((change) => change !== null);
  return changes.length === 0 ? [t.change.nothing] : changes;
}

function sameShape(a: Geometry, b: Geometry): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
