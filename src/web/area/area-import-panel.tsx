import { useState } from "react";
import type { Datum } from "../../model/area.ts";
import type { AreaReading } from "../../model/area-import.ts";
import { upload } from "../api/client.ts";
import { useAreas } from "../api/queries.ts";
import { Panel } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";
import { Failed, Loading } from "../show/states.tsx";
import { ImportDesk } from "./import-desk.tsx";

const DATUMS: readonly { value: Datum; text: string }[] = [
  { value: "wgs84", text: "WGS-84 / CGCS2000" },
  { value: "gcj02", text: "GCJ-02" },
  { value: "bd09", text: "BD-09" },
];

/** Takes risk areas over from a file or a published list: read, looked at, settled, previewed, and only then published. */
export function AreaImportPanel() {
  const t = useText();
  const { data: areas, error: areasError, refetch } = useAreas();
  const [opened, setOpened] = useState<{ name: string; reading: AreaReading } | null>(null);
  const title = opened === null ? t.import.title : `${t.import.title} · ${opened.name}`;
  return (
    <Panel title={title} wide fixed={opened !== null}>
      {opened === null ? (
        <FileChoice onRead={(name, reading) => setOpened({ name, reading })} />
      ) : areas === undefined ? (
        areasError === null ? (
          <Loading rows={8} />
        ) : (
          <Failed error={areasError} what={t.area.failed} retry={() => void refetch()} />
        )
      ) : (
        <ImportDesk reading={opened.reading} areas={areas} onAnother={() => setOpened(null)} />
      )}
    </Panel>
  );
}

function FileChoice({ onRead }: { onRead: (name: string, reading: AreaReading) => void }) {
  const t = useText();
  const [datum, setDatum] = useState<Datum>("wgs84");
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const read = async (name: string, file: Blob): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      onRead(name, await upload<AreaReading>("/areas/read", { datum }, file));
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="form section" aria-busy={busy} onSubmit={(event) => event.preventDefault()}>
      <label>
        <span>
          {t.area.datum} — {t.area.datumHint}
        </span>
        <select value={datum} onChange={(event) => setDatum(event.target.value as Datum)}>
          {DATUMS.map((one) => (
            <option key={one.value} value={one.value}>
              {one.text}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>
          {t.import.file} — {t.import.fileHint}
        </span>
        <input
          type="file"
          disabled={busy}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file !== undefined) void read(file.name, file);
            event.target.value = "";
          }}
        />
      </label>
      <label>
        <span>
          {t.import.paste} — {t.import.pasteHint}
        </span>
        <textarea className="code" spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      <div className="form-foot">
        <button
          type="button"
          className="primary"
          disabled={busy || text.trim() === ""}
          onClick={() => void read(t.import.format.list, new Blob([text]))}
        >
          {t.import.readText}
        </button>
        {busy ? <span role="status">{t.import.reading}…</span> : null}
      </div>
      {failure === null ? null : <Problems error={failure} />}
    </form>
  );
}
