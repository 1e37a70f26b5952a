import { ROW_FLOATS, VEHICLE_PASSES, type VehicleColumns, type VehiclePasses } from "./vehicle-columns.ts";
import type { PassView, VehicleLook } from "./vehicle-pass.ts";
import { numberOf, stampNumbers, type Stamp, type VehicleStamps } from "./vehicle-stamps.ts";

/** Symbols may reach over the edge by so much without being cut, pixels at a ratio of 1. */
const MARGIN = 38;

/**
 * The picture of a machine without a graphics card while the ground stands: the ground as the map drew it and the vehicles' symbols laid over it by plain
 * arithmetic, in a canvas of its own that hides the map's. What a card would do in one step for every pixel a processor does only where something is.
 */
export class ProcessorPicture {
  readonly #gl: WebGL2RenderingContext;
  readonly #stamps: VehicleStamps;
  readonly #canvas = document.createElement("canvas");
  readonly #context = this.#canvas.getContext("2d", { alpha: false, willReadFrequently: true })!;
  #margin = 0;
  /** Of the picture with its margins, pixels. */
  #stride = 0;
  #ground = new Uint32Array(0);
  #picture = new Uint32Array(0);
  #image: ImageData | null = null;
  #read = new Uint32Array(0);
  #isTaken = false;
  /** What the last picture showed: where the middle of each symbol lies in the picture, and its stamp. */
  #places = new Int32Array(0);
  #numbers = new Uint16Array(0);
  #count = 0;

  constructor(gl: WebGL2RenderingContext, mapCanvas: HTMLCanvasElement, stamps: VehicleStamps) {
    this.#gl = gl;
    this.#stamps = stamps;
    this.#canvas.className = "map-picture";
    this.#canvas.hidden = true;
    mapCanvas.after(this.#canvas);
  }

  /** Whether the ground is there in the canvas's present size. */
  get isFresh(): boolean {
    const { drawingBufferWidth, drawingBufferHeight } = this.#gl;
    return this.#isTaken && this.#canvas.width === drawingBufferWidth && this.#canvas.height === drawingBufferHeight;
  }

  /** The map's own canvas is seen until the next picture: it moves. */
  leave(): void {
    this.#isTaken = false;
    this.#canvas.hidden = true;
  }

  /** Reads the ground from the map's canvas, which the map has just drawn. */
  take(): void {
    const gl = this.#gl;
    const [width, height] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
    if (this.#canvas.width !== width || this.#canvas.height !== height || this.#image === null)
      this.#resize(width, height);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(this.#read.buffer));
    // A card counts rows from below.
    for (let row = 0; row < height; row++) {
      const from = (height - 1 - row) * width;
      this.#ground.set(this.#read.subarray(from, from + width), (row + this.#margin) * this.#stride + this.#margin);
    }
    this.#isTaken = true;
    this.#count = -1;
  }

  /** Draws the next picture; false when nothing in it has moved by a pixel. */
  paint(columns: VehiclePasses, view: PassView, look: VehicleLook): boolean {
    const isNew = this.#stamps.prepare(look, view.pixelRatio, this.#stride);
    if (!this.#place(columns, view, look) && !isNew && !this.#canvas.hidden) return false;
    this.#picture.set(this.#ground);
    for (let i = 0; i < this.#count; i++) lay(this.#picture, this.#places[i]!, this.#stamps.all[this.#numbers[i]!]!);
    const { width, height } = this.#canvas;
    const margin = this.#margin;
    this.#context.putImageData(this.#image!, -margin, -margin, margin, margin, width, height);
    this.#canvas.hidden = false;
    return true;
  }

  release(): void {
    this.#canvas.remove();
  }

  /** Finds where everything lies now; false when all of it lay there in the last picture. */
  #place(columns: VehiclePasses, view: PassView, look: VehicleLook): boolean {
    const most = VEHICLE_PASSES.reduce((sum, name) => sum + columns[name].length, 0);
    if (most > this.#places.length) {
      this.#places = new Int32Array(Math.ceil(most * 1.25));
      this.#numbers = new Uint16Array(this.#places.length);
      this.#count = -1;
    }
    let count = 0;
    let isMoved = false;
    for (const name of VEHICLE_PASSES) {
      const isPoint = name === "plain" && columns.plain.corners === 1;
      const moved = this.#placeRows(columns[name], isPoint, view, look, count);
      isMoved = moved.isMoved || isMoved;
      count = moved.count;
    }
    if (count !== this.#count) isMoved = true;
    this.#count = count;
    return isMoved;
  }

  #placeRows(
    { rows, length, corners, numbers, writtenMs }: VehicleColumns,
    isPoint: boolean,
    { toClip, shift, pixelRatio }: PassView,
    look: VehicleLook,
    from: number,
  ): { count: number; isMoved: boolean } {
    const { width, height } = this.#canvas;
    const [margin, stride, places, stamps] = [this.#margin, this.#stride, this.#places, this.#numbers];
    const chosenRow = look.selected < 0 ? -1 : numbers.indexOf(look.selected);
    const timeS = (performance.now() - writtenMs) / 1000;
    const [scaleX, scaleY] = [(toClip[0] * width) / 2, (-toClip[1] * height) / 2];
    const [x0, y0] = [((shift[0] + 1) * width) / 2, ((1 - shift[1]) * height) / 2];
    // What has its middle outside may still be seen in part; a margin further it would come in again on the other side.
    const near = margin >> 1;
    let count = from;
    let isMoved = false;
    for (let row = 0; row < length; row++) {
      const at = row * corners * ROW_FLOATS;
      const share = Math.min(1, Math.max(0, (timeS - rows[at + 4]!) / rows[at + 5]!));
      const x = Math.round((rows[at]! + rows[at + 2]! * share) * scaleX + x0);
      const y = Math.round((rows[at + 1]! + rows[at + 3]! * share) * scaleY + y0);
      if (x < -near || y < -near || x > width + near || y > height + near) continue;
      let stamp: number = stampNumbers.point;
      if (!isPoint) {
        const [heading, state, lost, since] = [rows[at + 6]!, rows[at + 7]!, rows[at + 8]!, timeS - rows[at + 9]!];
        stamp = numberOf(state, heading, lost, since);
        if (row === chosenRow) {
          if (this.#stamps.prepareChosen([state, heading, lost, since], look, pixelRatio, stride)) isMoved = true;
          stamp = stampNumbers.chosen;
        }
      }
      const place = (y + margin) * stride + x + margin;
      if (places[count] !== place || stamps[count] !== stamp) {
        places[count] = place;
        stamps[count] = stamp;
        isMoved = true;
      }
      count++;
    }
    return { count, isMoved };
  }

  #resize(width: number, height: number): void {
    this.#canvas.width = width;
    this.#canvas.height = height;
    const { width: cssWidth, height: cssHeight } = (this.#gl.canvas as HTMLCanvasElement).style;
    Object.assign(this.#canvas.style, { width: cssWidth, height: cssHeight });
    this.#margin = Math.ceil(MARGIN * Math.max(1, window.devicePixelRatio));
    this.#stride = width + 2 * this.#margin;
    const rows = height + 2 * this.#margin;
    this.#read = new Uint32Array(width * height);
    this.#ground = new Uint32Array(this.#stride * rows);
    this.#picture = new Uint32Array(this.#stride * rows);
    this.#image = new ImageData(new Uint8ClampedArray(this.#picture.buffer), this.#stride, rows);
  }
}

/** Puts a symbol over an opaque picture. */
export function lay(picture: Uint32Array, place: number, { at, colors }: Stamp): void {
  for (let i = 0; i < at.length; i++) {
    const color = colors[i]!;
    const to = place + at[i]!;
    const seeThrough = 256 - (color >>> 24);
    if (seeThrough === 1) picture[to] = color;
    else {
      // Red and blue in one product, green in the other.
      const under = picture[to]!;
      const redBlue = (Math.imul(under & 0xff00ff, seeThrough) >>> 8) & 0xff00ff;
      const green = (Math.imul(under & 0x00ff00, seeThrough) >>> 8) & 0x00ff00;
      picture[to] = ((color & 0xffffff) + (redBlue | green)) | 0xff000000;
    }
  }
}
