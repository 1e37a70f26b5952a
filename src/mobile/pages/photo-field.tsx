import { useEffect, useMemo } from "react";
import { Toast } from "antd-mobile";
import { useText } from "../language.tsx";
import { shrinkPhoto } from "../parts/photo.ts";

interface PhotoFieldProps {
  photos: Blob[];
  isMissing: boolean;
  onChange: (photos: Blob[]) => void;
}

/** Photos from the phone's own camera, made small before they are kept. */
export function PhotoField({ photos, isMissing, onChange }: PhotoFieldProps) {
  const t = useText();
  const addresses = useMemo(() => photos.map((photo) => URL.createObjectURL(photo)), [photos]);
  useEffect(() => () => addresses.forEach((address) => URL.revokeObjectURL(address)), [addresses]);
  const take = async (files: FileList | null): Promise<void> => {
    try {
      const taken = await Promise.all([...(files ?? [])].map(shrinkPhoto));
      onChange([...photos, ...taken]);
    } catch {
      Toast.show({ content: t.form.photoLarge });
    }
  };
  return (
    <fieldset>
      <legend>
        {t.form.photo}{" "}
        {isMissing && photos.length === 0 ? <span className="field-missing">▲ {t.form.required}</span> : null}
      </legend>
      <div className="photos">
        {addresses.map((address, i) => (
          <button
            key={address}
            type="button"
            aria-label={t.form.remove}
            onClick={() => onChange(photos.toSpliced(i, 1))}
          >
            <img src={address} alt={`${t.form.photo} ${i + 1}`} />
          </button>
        ))}
        <label>
          <span>＋ {t.form.takePhoto}</span>
          <input
            type="file"
            accept="image/*"
            capture="environment"
            onChange={(event) => {
              void take(event.target.files);
              event.target.value = "";
            }}
          />
        </label>
      </div>
    </fieldset>
  );
}
