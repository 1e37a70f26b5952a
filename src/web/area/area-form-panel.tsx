import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import { useNavigate, useParams } from "react-router";
import type { Area, AreaInput, AreaLevel } from "../../model/area.ts";
import { send } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { useArea } from "../api/queries.ts";
import { useDesk } from "../desk.tsx";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Chips } from "../show/chips.tsx";
import { Problems } from "../show/problems.tsx";
import { Failed } from "../show/states.tsx";
import { PreviewBox } from "./preview-box.tsx";
import { ShapeField, type ShapeValue } from "./shape-field.tsx";

/** Publishes a new risk area, or a new version of one. */
export function AreaFormPanel() {
  const { id } = useParams();
  return id === undefined ? <AreaForm before={null} /> : <Editing key={id} id={id} />;
}

function Editing({ id }: { id: string }) {
  const t = useText();
  const { data: area, error } = useArea(id);
  if (area !== undefined) return <AreaForm before={area} />;
  return (
    <Panel title={t.area.edit} loading={error === null}>
      <Failed error={error} what={t.area.failed} />
    </Panel>
  );
}

interface Fields {
  id: string;
  name: string;
  level: AreaLevel;
  from: string;
  to: string;
  source: string;
}

function AreaForm({ before }: { before: Area | null }) {
  const t = useText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { message } = App.useApp();
  const { clock } = useDesk();
  const [fields, setFields] = useState<Fields>({
    id: before?.id ?? "",
    name: before?.name ?? "",
    level: before?.level ?? "high",
    from: before?.from === null || before === null ? "" : clock.local(before.from),
    to: before?.to === null || before === null ? "" : clock.local(before.to),
    source: before?.source ?? "",
  });
  const [shapes, setShapes] = useState<ShapeValue>({ datum: "wgs84", shapes: [] });
  const [tried, setTried] = useState(false);
  const [sending, setSending] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [done, setDone] = useState(0);
  const many = shapes.shapes.length > 1;
  const set = <Name extends keyof Fields>(name: Name, value: Fields[Name]): void =>
    setFields({ ...fields, [name]: value });

  const inputs = shapes.shapes.map((shape) =>
    inputOf(fields, shape, shapes.datum, many, (local) => new Date(clock.instantOf(local)).toISOString()),
  );
  const submit = async (): Promise<void> => {
    setTried(true);
    setFailure(null);
    if (shapes.shapes.length === 0) return;
    setSending(true);
    try {
      let saved: Area | null = null;
      for (const [index, input] of inputs.entries()) {
        if (many && index < done) continue;
        saved =
          before === null
            ? await send<Area>("POST", "/areas", input)
            : await send<Area>("PUT", `/areas/${encodeURIComponent(before.id)}`, input);
        queries.setQueryData(keys.area(saved.id), saved);
        setDone(index + 1);
      }
      await queries.invalidateQueries({ queryKey: keys.areas });
      void message.success(before === null ? t.area.saved : t.area.savedEdit);
      void navigate(many || saved === null ? "/areas" : `/area/${encodeURIComponent(saved.id)}`, { replace: true });
    } catch (error) {
      setFailure(error);
      void queries.invalidateQueries({ queryKey: keys.areas });
    } finally {
      setSending(false);
    }
  };

  return (
    <Panel title={before === null ? t.area.publish : `${t.area.edit} · ${before.name}`}>
      <form
        className="form section"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <ShapeField
          before={before?.geometry ?? null}
          missing={tried && shapes.shapes.length === 0}
          onChange={(value) => {
            setShapes(value);
            setDone(0);
            const only = value.shapes.length === 1 ? value.shapes[0]! : null;
            if (only === null || before !== null) return;
            setFields((now) => ({
              ...now,
              id: now.id === "" ? (only.id ?? "") : now.id,
              name: now.name === "" ? (only.name ?? "") : now.name,
              level: only.level ?? now.level,
            }));
          }}
        />
        {many ? (
          <p className="notice">{t.area.many(shapes.shapes.length)}</p>
        ) : (
          <label>
            <span>{t.area.name}</span>
            <input
              value={fields.name}
              maxLength={200}
              placeholder={t.area.nameHint}
              onChange={(event) => set("name", event.target.value)}
            />
          </label>
        )}
        <fieldset>
          <legend>{t.area.level}</legend>
          <Chips
            label={t.area.level}
            options={(["high", "medium"] as const).map((value) => ({ value, text: t.level[value] }))}
            chosen={fields.level}
            onChoose={(value) => set("level", value)}
          />
        </fieldset>
        <div className="two">
          {(["from", "to"] as const).map((name) => (
            <label key={name}>
              <span>
                {t.area.validity} · {t.area[name]} ({t.area.openEnd}: {t.area.blank})
              </span>
              <input
                type="datetime-local"
                step={1}
                value={fields[name]}
                onChange={(event) => set(name, event.target.value)}
              />
            </label>
          ))}
        </div>
        <label>
          <span>{t.area.source}</span>
          <input
            value={fields.source}
            maxLength={500}
            placeholder={t.area.sourceHint}
            onChange={(event) => set("source", event.target.value)}
          />
        </label>
        {before !== null || many ? null : (
          <label>
            <span>{t.area.id}</span>
            <input
              value={fields.id}
              maxLength={64}
              placeholder={t.area.idHint}
              onChange={(event) => set("id", event.target.value)}
            />
          </label>
        )}
        <PreviewBox
          areas={inputs}
          {...(many && {
            nameOf: (index: number) => shapes.shapes[index]?.name ?? shapes.shapes[index]?.id ?? `${index + 1}`,
          })}
        />
        {failure === null ? null : (
          <>
            {many ? (
              <p className="muted">
                {t.area.manyStopped(done, shapes.shapes[done]?.name ?? shapes.shapes[done]?.id ?? "")}
              </p>
            ) : null}
            <Problems error={failure} />
          </>
        )}
        <div className="form-foot">
          <button type="submit" className="primary" disabled={sending}>
            {before === null ? t.area.save : t.area.saveEdit}
          </button>
          <button type="button" className="plain" onClick={() => void navigate(-1)}>
            {t.area.cancel}
          </button>
        </div>
      </form>
    </Panel>
  );
}

function inputOf(
  fields: Fields,
  shape: ShapeValue["shapes"][number],
  datum: ShapeValue["datum"],
  many: boolean,
  instant: (local: string) => string,
): AreaInput {
  const id = many ? (shape.id ?? "") : fields.id.trim();
  const name = many ? (shape.name ?? "") : fields.name.trim();
  return {
    level: many ? (shape.level ?? fields.level) : fields.level,
    datum,
    geometry: shape.geometry,
    from: fields.from === "" ? null : instant(fields.from),
    to: fields.to === "" ? null : instant(fields.to),
    ...(id === "" ? {} : { id }),
    ...(name === "" ? {} : { name }),
    ...(fields.source.trim() === "" ? {} : { source: fields.source.trim() }),
  };
}
