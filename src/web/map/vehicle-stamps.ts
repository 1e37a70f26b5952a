import { ROW_FLOATS, type VehicleColumns } from "./vehicle-columns.ts";
import type { VehicleLook, VehiclePass } from "./vehicle-pass.ts";

/** The pixels of a symbol that are not see-through. */
export interface Stamp {
  /** Where each lies, counted in pixels of the picture from the symbol's middle. */
  at: Int32Array;
  /** Premultiplied, `0xAABBGGRR`. */
  colors: Uint32Array;
}

/** State, heading (degrees), lost (0 or 1), since when it pulses (s; much for no pulse): all that a symbol looks like. */
type Appearance = readonly [state: number, headingDeg: number, lost: number, pulsesForS: number];

/** A symbol turns in steps of 5.6°: in an arrow of 14 pixels less is not seen. */
const HEADINGS = 64;
const PULSE_S = 1.2;
const PULSES_S = 2.4;
const PULSE_STEPS = 16;
const NO_PULSE_S = 1000;
const [ORDINARY, EXPOSED, LOCKED, RELEASED] = [0, 1, 2, 3];
/** How far the mark of the chosen one reaches from its middle, and how far a pulse does, pixels. */
const REACH = { ordinary: 16, special: 37 };

const EXPOSED_AT = 2 * HEADINGS;
const LOCKED_AT = EXPOSED_AT + 2 * HEADINGS;
const RELEASED_AT = LOCKED_AT + 2 * (PULSE_STEPS + 1);
const POINT_AT = RELEASED_AT + 1;
const CHOSEN_AT = POINT_AT + 1;

/**
 * Every symbol as the shaders draw it, read back once. Where a processor draws, to lay them into a picture costs it a tenth of shading them anew for each vehicle in
 * each picture, and what is seen is the same.
 */
export class VehicleStamps {
  /** By what `numberOf` says. */
  all: Stamp[] = [];
  readonly #gl: WebGL2RenderingContext;
  readonly #passes: { ordinary: VehiclePass; special: VehiclePass };
  #madeFor = "";
  #chosenFor = "";

  /** @param passes with the shaders that draw vehicles; they keep their columns */
  constructor(gl: WebGL2RenderingContext, passes: { ordinary: VehiclePass; special: VehiclePass }) {
    this.#gl = gl;
    this.#passes = passes;
  }

  /** Has them ready for pictures that are so many pixels wide. True when they had to be made. */
  prepare(look: VehicleLook, pixelRatio: number, width: number): boolean {
    const made = `${width} ${pixelRatio} ${look.scale} ${Object.values(look.colors).join(" ")}`;
    if (made === this.#madeFor) return false;
    this.#madeFor = made;
    this.#chosenFor = "";
    const sheet = appearances();
    const ordinary = sheet.filter(([state]) => state === ORDINARY);
    const special = sheet.filter(([state]) => state !== ORDINARY);
    this.all = [
      ...this.#drawn("ordinary", ordinary, look, pixelRatio, width, false),
      ...this.#drawn("special", special, look, pixelRatio, width, false),
      pointStamp(look, pixelRatio, width),
    ];
    return true;
  }

  /** Has the marked symbol of the chosen one ready. True when it had to be made. */
  prepareChosen(appearance: Appearance, look: VehicleLook, pixelRatio: number, width: number): boolean {
    const number = numberOf(...appearance);
    if (`${this.#madeFor} ${number}` === this.#chosenFor) return false;
    this.#chosenFor = `${this.#madeFor} ${number}`;
    const pass = appearance[0] === ORDINARY ? "ordinary" : "special";
    const [stamp] = this.#drawn(pass, [appearances()[number]!], look, pixelRatio, width, true);
    this.all[CHOSEN_AT] = stamp!;
    return true;
  }

  /** Draws each appearance into a cell of its own and reads the cells back. */
  #drawn(
    name: "ordinary" | "special",
    rows: readonly Appearance[],
    look: VehicleLook,
    pixelRatio: number,
    width: number,
    isChosen: boolean,
  ): Stamp[] {
    const gl = this.#gl;
    const reach = Math.ceil(REACH[name] * pixelRatio);
    const across = Math.ceil(Math.sqrt(rows.length));
    const size = across * 2 * reach;
    const middles = rows.map(
      (_, i) => [((i % across) * 2 + 1) * reach, (Math.floor(i / across) * 2 + 1) * reach] as const,
    );
    const [texture, buffer] = [gl.createTexture(), gl.createFramebuffer()];
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, size, size);
    gl.bindFramebuffer(gl.FRAMEBUFFER, buffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    gl.viewport(0, 0, size, size);
    for (const state of [gl.DEPTH_TEST, gl.STENCIL_TEST, gl.CULL_FACE, gl.SCISSOR_TEST]) gl.disable(state);
    gl.colorMask(true, true, true, true);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const pass = this.#passes[name];
    const view = { toClip: [2 / size, 2 / size], shift: [-1, -1], pixelRatio } as const;
    const before = pass.columns;
    pass.columns = columnsOf(rows, middles);
    pass.draw(view, { ...look, selected: isChosen ? 0 : -1 });
    pass.columns = before;
    const pixels = new Uint32Array(size * size);
    gl.readPixels(0, 0, size, size, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(pixels.buffer));
    gl.bindVertexArray(null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.deleteFramebuffer(buffer);
    gl.deleteTexture(texture);
    return middles.map(([x, y]) => stampAt(pixels, size, x, y, reach, width));
  }
}

/** Which stamp shows a vehicle. */
export function numberOf(state: number, headingDeg: number, lost: number, pulsesForS: number): number {
  if (state === RELEASED) return RELEASED_AT;
  if (state === LOCKED) {
    const isPulsing = pulsesForS >= 0 && pulsesForS < PULSES_S;
    const step = isPulsing ? 1 + Math.floor(((pulsesForS % PULSE_S) / PULSE_S) * PULSE_STEPS) : 0;
    return LOCKED_AT + lost * (PULSE_STEPS + 1) + step;
  }
  return (
    (state === EXPOSED ? EXPOSED_AT : 0) + lost * HEADINGS + (Math.round((headingDeg / 360) * HEADINGS) % HEADINGS)
  );
}

export const stampNumbers = { point: POINT_AT, chosen: CHOSEN_AT };

/** What each number looks like, in their order. */
function appearances(): Appearance[] {
  const found: Appearance[] = [];
  for (const state of [ORDINARY, EXPOSED] as const)
    for (const lost of [0, 1])
      for (let step = 0; step < HEADINGS; step++) found.push([state, (step * 360) / HEADINGS, lost, NO_PULSE_S]);
  for (const lost of [0, 1]) {
    found.push([LOCKED, 0, lost, NO_PULSE_S]);
    for (let step = 0; step < PULSE_STEPS; step++)
      found.push([LOCKED, 0, lost, ((step + 0.5) / PULSE_STEPS) * PULSE_S]);
  }
  found.push([RELEASED, 0, 0, NO_PULSE_S]);
  return found;
}

function columnsOf(rows: readonly Appearance[], middles: readonly (readonly [number, number])[]): VehicleColumns {
  const floats = new Float32Array(rows.length * ROW_FLOATS);
  for (const [i, [state, headingDeg, lost, pulsesForS]] of rows.entries()) {
    floats.set([...middles[i]!, 0, 0, 0, 1, headingDeg, state, lost, -pulsesForS], i * ROW_FLOATS);
  }
  const numbers = Uint32Array.from(rows, (_, i) => i);
  return { length: rows.length, numbers, rows: floats, corners: 1, writtenMs: performance.now() };
}

/** @param x of the middle, from the left; @param y from the bottom, as a card counts */
function stampAt(pixels: Uint32Array, size: number, x: number, y: number, reach: number, width: number): Stamp {
  const at: number[] = [];
  const colors: number[] = [];
  for (let down = -reach; down < reach; down++)
    for (let right = -reach; right < reach; right++) {
      const color = pixels[(y - 1 - down) * size + x + right]!;
      if (color >>> 24 === 0) continue;
      at.push(down * width + right);
      colors.push(color);
    }
  return { at: Int32Array.from(at), colors: Uint32Array.from(colors) };
}

function pointStamp(look: VehicleLook, pixelRatio: number, width: number): Stamp {
  const side = Math.max(1, Math.round(2 * pixelRatio));
  const [red, green, blue] = look.colors.ordinary.map((share) => Math.round(share * 255));
  const color = ((255 << 24) | (blue! << 16) | (green! << 8) | red!) >>> 0;
  const at = Int32Array.from(
    { length: side * side },
    (_, i) => (Math.floor(i / side) - (side >> 1)) * width + (i % side) - (side >> 1),
  );
  return { at, colors: new Uint32Array(at.length).fill(color) };
}
