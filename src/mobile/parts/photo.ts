/** What the server takes at most, bytes. */
const PHOTO_BYTES_MAX = 5_000_000;
/** Longer side of a photo as it is sent, pixels: a plate at 5 m stays readable, and 3G carries it. */
const SIDE_MAX = 1600;
const QUALITY = 0.82;

/** A camera's picture made small enough to be sent, as JPEG. @throws RangeError when it cannot be made small enough */
export async function shrinkPhoto(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const small = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (small === null || small.size > PHOTO_BYTES_MAX) throw new RangeError(`a photo of ${small?.size ?? 0} bytes`);
  return small;
}
