import { useState } from "react";
import { usePreferences } from "../preferences.tsx";
import type { CityMap } from "./city-map.ts";
import { hiddenLayers } from "./hidden-layers.ts";
import { replay } from "./replay.ts";
import { withViewAddress } from "./view-address.ts";

const SAID_MS = 2500;

/** Copies a link that shows the same view to whoever opens it: place, zoom, layers, what is chosen, replayed time, day or night. */
export function CopyLink({ cityMap }: { cityMap: CityMap }) {
  const { t, theme } = usePreferences();
  const [said, setSaid] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    const search = withViewAddress(location.search, {
      view: cityMap.view(),
      hidden: hiddenLayers.get(),
      thenMs: replay.get().atMs,
      theme,
    });
    setSaid(
      (await isCopied(`${location.origin}${location.pathname}${search}`)) ? t.map.linkCopied : t.map.linkNotCopied,
    );
    setTimeout(() => setSaid(null), SAID_MS);
  };
  return (
    <>
      <button type="button" className="map-link" title={t.map.linkHint} onClick={() => void copy()}>
        {said ?? t.map.link}
      </button>
      <span role="status" className="heard">
        {said}
      </span>
    </>
  );
}

/** Browsers let a page write to the clipboard only over TLS or from this machine; elsewhere the old way is left. */
async function isCopied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "heard";
    document.body.append(field);
    field.select();
    // eslint-disable-next-line typescript/no-deprecated -- the only way without TLS
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}
