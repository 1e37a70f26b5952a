import type { AreaPreview, AreaPreviewInput } from "../model/area-preview.ts";
import { WuxingError } from "../model/errors.ts";
import { previewAreas, type AreaPreviewOptions } from "./area-preview.ts";

/** Previews at a time: what they read and match is taken from live matching's time. */
const PREVIEWS_MAX = 2;

type PreviewDeskOptions = Omit<AreaPreviewOptions, "nowMs" | "signal"> & { now: () => number };

/** Answers previews of areas, two at a time. */
export class PreviewDesk {
  readonly #options: PreviewDeskOptions;
  #running = 0;

  constructor(options: PreviewDeskOptions) {
    this.#options = options;
  }

  /** @throws OVERLOADED when two are being answered, AREA_INVALID with every problem of every area */
  async preview(input: AreaPreviewInput, signal: AbortSignal): Promise<AreaPreview> {
    if (this.#running >= PREVIEWS_MAX) throw new WuxingError("OVERLOADED", `${PREVIEWS_MAX} previews at a time`);
    this.#running++;
    try {
      return await previewAreas(input, { ...this.#options, nowMs: this.#options.now(), signal });
    } finally {
      this.#running--;
    }
  }
}
