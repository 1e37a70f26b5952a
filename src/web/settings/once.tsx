import { useState } from "react";
import { useText } from "../preferences.tsx";

/** A secret that is shown once: to be selected, or copied by a click. */
export function Once({ text, hint, onNoted }: { text: string; hint: string; onNoted: () => void }) {
  const t = useText();
  const [isCopied, setCopied] = useState(false);
  return (
    <div className="notice good once" role="status">
      <p>{hint}</p>
      <code>{text}</code>
      <div className="acts">
        <button
          type="button"
          className="plain"
          onClick={() =>
            void navigator.clipboard.writeText(text).then(
              () => setCopied(true),
              () => setCopied(false),
            )
          }
        >
          {isCopied ? t.settings.copied : t.settings.copy}
        </button>
        <button type="button" className="plain" onClick={onNoted}>
          {t.users.noted}
        </button>
      </div>
    </div>
  );
}
