import type { CustomLayerInterface, Map as MapLibreMap } from "maplibre-gl";
import { leavingNoTrace } from "./gl-state.ts";
import { GroundCopy } from "./ground-copy.ts";
import { mercatorOf, ROW_FLOATS, type Mercator, type VehicleColumns, type VehiclePasses } from "./vehicle-columns.ts";
import {
  ordinaryFragmentShader,
  ordinaryVertexShader,
  specialFragmentShader,
  specialVertexShader,
} from "./vehicle-shaders.ts";

type Rgba = readonly [number, number, number, number];

export interface VehicleColors {
  ordinary: Rgba;
  exposed: Rgba;
  locked: Rgba;
  released: Rgba;
  halo: Rgba;
}

export interface VehicleLook {
  colors: VehicleColors;
  /** 1 draws everything in its full size, less makes the ordinary ones smaller. */
  scale: number;
  /** Number of the vehicle that is marked, -1 for none. */
  selected: number;
}

const PASSES = ["ordinary", "special"] as const;
type PassName = (typeof PASSES)[number];

export const VEHICLE_LAYER = "vehicles";
const TILE_PIXELS = 512;
const FLOAT_BYTES = 4;

/**
 * Any number of moving vehicles in two draws, on the map's own canvas: motion and shape are the graphics card's work. A second canvas above the map would have
 * to be laid over it picture by picture, which costs a processor that draws more than all vehicles do. While the ground stands, a picture is a copy of it and
 * the vehicles; when the map draws the ground anew, the vehicles are its last layer.
 */
export class VehiclePainter implements CustomLayerInterface {
  readonly id = VEHICLE_LAYER;
  readonly type = "custom";
  readonly renderingMode = "2d";
  /** When the map itself has last drawn a picture, ms of `performance.now()`. */
  renderedMs = -Infinity;
  readonly #origin: Mercator;
  #look: VehicleLook;
  #map: MapLibreMap | null = null;
  #gl: WebGL2RenderingContext | null = null;
  #ground: GroundCopy | null = null;
  #passes: Record<PassName, Pass> | null = null;
  #columns: VehiclePasses | null = null;

  /** @param origin where places in the columns count from */
  constructor(origin: Mercator, look: VehicleLook) {
    this.#origin = origin;
    this.#look = look;
  }

  onAdd(map: MapLibreMap, gl: WebGL2RenderingContext | WebGLRenderingContext): void {
    this.#map = map;
    this.#gl = gl as WebGL2RenderingContext;
    this.#ground = new GroundCopy(this.#gl);
    this.#passes = {
      ordinary: new Pass(this.#gl, ordinaryVertexShader, ordinaryFragmentShader),
      special: new Pass(this.#gl, specialVertexShader, specialFragmentShader),
    };
    if (this.#columns !== null) this.setColumns(this.#columns);
  }

  onRemove(): void {
    this.#ground?.release();
    for (const name of PASSES) this.#passes?.[name].release();
    this.#ground = this.#passes = this.#gl = null;
  }

  setColumns(columns: VehiclePasses): void {
    this.#columns = columns;
    for (const name of PASSES) this.#passes?.[name].setColumns(columns[name]);
  }

  setLook(look: VehicleLook): void {
    this.#look = look;
  }

  /** Called by the map when it has drawn everything else. */
  render(): void {
    this.renderedMs = performance.now();
    this.#ground?.take();
    this.#draw();
  }

  /** Draws the next picture over the ground as it stands; false when the map has to draw it first. */
  paint(): boolean {
    const gl = this.#gl;
    if (gl === null || this.#ground?.isFresh !== true || gl.isContextLost()) return false;
    leavingNoTrace(gl, () => {
      gl.disable(gl.SCISSOR_TEST);
      gl.colorMask(true, true, true, true);
      // After a picture was shown the browser empties the canvas before the next draw, and does not take a copy for one.
      gl.clear(gl.COLOR_BUFFER_BIT);
      this.#ground!.put();
      this.#draw();
    });
    return true;
  }

  #draw(): void {
    const [gl, map, passes] = [this.#gl, this.#map, this.#passes];
    if (gl === null || map === null || passes === null) return;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    for (const name of [gl.DEPTH_TEST, gl.STENCIL_TEST, gl.CULL_FACE, gl.SCISSOR_TEST]) gl.disable(name);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const { lng, lat } = map.getCenter();
    const centre = mercatorOf(lng, lat);
    const { clientWidth, clientHeight } = map.getCanvas();
    const worldPixels = TILE_PIXELS * 2 ** map.getZoom();
    const toClip = [(2 * worldPixels) / clientWidth, (-2 * worldPixels) / clientHeight] as const;
    const view = {
      toClip,
      shift: [(this.#origin[0] - centre[0]) * toClip[0], (this.#origin[1] - centre[1]) * toClip[1]] as const,
      pixelRatio: gl.drawingBufferWidth / clientWidth,
    };
    for (const name of PASSES) passes[name].draw(view, this.#look);
    gl.bindVertexArray(null);
  }
}

interface View {
  toClip: readonly [number, number];
  shift: readonly [number, number];
  pixelRatio: number;
}

/** One program and its rows. */
class Pass {
  readonly #gl: WebGL2RenderingContext;
  readonly #program: WebGLProgram;
  readonly #buffer: WebGLBuffer;
  readonly #array: WebGLVertexArrayObject;
  readonly #places = new Map<string, WebGLUniformLocation | null>();
  #columns: VehicleColumns | null = null;

  constructor(gl: WebGL2RenderingContext, vertexShader: string, fragmentShader: string) {
    this.#gl = gl;
    this.#program = linked(gl, vertexShader, fragmentShader);
    this.#buffer = gl.createBuffer();
    this.#array = gl.createVertexArray();
    gl.bindVertexArray(this.#array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    let at = 0;
    for (const [name, size] of [
      ["course", 4],
      ["span", 2],
      ["look", 4],
    ] as const) {
      const place = gl.getAttribLocation(this.#program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, ROW_FLOATS * FLOAT_BYTES, at * FLOAT_BYTES);
      at += size;
    }
    gl.bindVertexArray(null);
  }

  setColumns(columns: VehicleColumns): void {
    const gl = this.#gl;
    this.#columns = columns;
    const before = gl.getParameter(gl.ARRAY_BUFFER_BINDING) as WebGLBuffer | null;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    gl.bufferData(gl.ARRAY_BUFFER, columns.rows, gl.DYNAMIC_DRAW);
    gl.bindBuffer(gl.ARRAY_BUFFER, before);
  }

  draw({ toClip, shift, pixelRatio }: View, { colors, scale, selected }: VehicleLook): void {
    const [gl, columns] = [this.#gl, this.#columns];
    if (columns === null || columns.length === 0) return;
    gl.useProgram(this.#program);
    gl.uniform2f(this.#place("toClip"), toClip[0], toClip[1]);
    gl.uniform2f(this.#place("shift"), shift[0], shift[1]);
    gl.uniform1f(this.#place("pixelRatio"), pixelRatio);
    gl.uniform1f(this.#place("timeS"), (performance.now() - columns.writtenMs) / 1000);
    gl.uniform1f(this.#place("scale"), scale);
    gl.uniform1f(this.#place("selected"), selected < 0 ? -1 : columns.numbers.indexOf(selected));
    for (const name of ["ordinary", "exposed", "locked", "released", "halo"] as const) {
      const place = this.#place(`${name}Color`);
      if (place !== null) gl.uniform4f(place, ...colors[name]);
    }
    gl.bindVertexArray(this.#array);
    gl.drawArrays(gl.POINTS, 0, columns.length);
  }

  release(): void {
    this.#gl.deleteProgram(this.#program);
    this.#gl.deleteBuffer(this.#buffer);
    this.#gl.deleteVertexArray(this.#array);
  }

  /** Null for a uniform that this pass does not use. */
  #place(name: string): WebGLUniformLocation | null {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#gl.getUniformLocation(this.#program, name);
      this.#places.set(name, place);
    }
    return place;
  }
}

function linked(gl: WebGL2RenderingContext, vertexShader: string, fragmentShader: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertexShader],
    [gl.FRAGMENT_SHADER, fragmentShader],
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) {
      throw new Error(gl.getShaderInfoLog(shader) ?? "a shader does not compile");
    }
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  return program;
}

/** `#rrggbb` as shares of 1. */
export function rgba(hex: string): Rgba {
  const number = Number.parseInt(hex.slice(1), 16);
  return [((number >> 16) & 255) / 255, ((number >> 8) & 255) / 255, (number & 255) / 255, 1];
}
