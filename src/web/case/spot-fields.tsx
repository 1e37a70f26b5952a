import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Spot } from "../../model/case.ts";
import { answerOf, ApiError } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { scene } from "../map/scene.ts";
import { useText } from "../preferences.tsx";
import { Problems } from "../show/problems.tsx";

const PHOTOS_MAX = 10;
/** How well a place is known that was clicked on the map, metres. */
const CLICKED_METERS = 30;
const PATIENCE_MS = 20_000;

/** Sends a photo as it is. @returns its id @throws ApiError with the server's code and sentence */
async function uploadPhoto(photo: File): Promise<string> {
  const init = { method: "POST", headers: { "content-type": photo.type }, body: photo };
  const response = await fetch("/api/v1/attachments", { ...init, signal: AbortSignal.timeout(PATIENCE_MS) }).catch(
    () => null,
  );
  if (response === null) throw new ApiError(0, {});
  return (await answerOf<{ id: string }>(response)).id;
}

/** Photos of a step, sent when they are chosen and shown as the server has them. */
export function PhotoField({ photos, onChange }: { photos: readonly string[]; onChange: (photos: string[]) => void }) {
  const t = useText();
  const send = useMutation({
    mutationFn: (files: readonly File[]) => Promise.all(files.map(uploadPhoto)),
    onSuccess: (ids) => onChange([...new Set([...photos, ...ids])].slice(0, PHOTOS_MAX)),
  });
  return (
    <>
      <label>
        <span>{t.cases.photoNeeded}</span>
        <input
          type="file"
          multiple
          accept="image/jpeg,image/png,image/webp"
          disabled={send.isPending}
          onChange={(event) => send.mutate([...(event.target.files ?? [])])}
        />
      </label>
      {send.isError ? <Problems error={send.error} /> : null}
      {photos.length === 0 ? null : (
        <p className="photos">
          {photos.map((id) => (
            <img key={id} src={`/api/v1/attachments/${id}`} alt={t.cases.photo} />
          ))}
        </p>
      )}
    </>
  );
}

/** Where a step is done: clicked on the map, or as this machine knows it. */
export function SpotField({ spot, onChange }: { spot: Spot | null; onChange: (spot: Spot) => void }) {
  const t = useText();
  const { live } = useDesk();
  const [failed, setFailed] = useState(false);
  const spotOf = (lon: number, lat: number, accuracyM: number): Spot => ({
    lon: Math.round(lon * 1e6) / 1e6,
    lat: Math.round(lat * 1e6) / 1e6,
    accuracyM,
    time: new Date(live.cityNowMs()).toISOString(),
  });
  useEffect(() => {
    scene.onPlace = ([lon, lat]) => onChange(spotOf(lon, lat, CLICKED_METERS));
    return () => {
      scene.onPlace = null;
      scene.set({ draft: null });
    };
  }, [onChange]);
  useEffect(() => {
    if (spot !== null) scene.set({ draft: { shapes: [], corners: [[spot.lon, spot.lat]] } });
  }, [spot]);
  return (
    <fieldset>
      <legend>{t.cases.positionNeeded}</legend>
      <small>{t.cases.positionHint}</small>
      <div>
        <button
          type="button"
          className="link"
          onClick={() =>
            navigator.geolocation.getCurrentPosition(
              ({ coords }) => onChange(spotOf(coords.longitude, coords.latitude, Math.round(coords.accuracy))),
              () => setFailed(true),
              { timeout: PATIENCE_MS },
            )
          }
        >
          {t.cases.locate}
        </button>
      </div>
      {failed && spot === null ? <small className="bad">{t.cases.noLocation}</small> : null}
      {spot === null ? null : (
        <b role="status">{t.cases.positionAt(`${spot.lon.toFixed(5)}, ${spot.lat.toFixed(5)}`)}</b>
      )}
    </fieldset>
  );
}
