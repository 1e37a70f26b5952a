import { ROW_FLOATS, type VehicleColumns } from "./vehicle-columns.ts";

/** Red, green, blue and how opaque, 0 to 1. */
export type Rgba = readonly [number, number, number, number];

interface VehicleColors {
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

/** From the columns' places to the picture. */
export interface PassView {
  toClip: readonly [number, number];
  shift: readonly [number, number];
  pixelRatio: number;
}

const FLOAT_BYTES = 4;
/** Left wing, tip, notch; notch, tip, right wing: two triangles. */
const ARROW = [0, 1, 2, 2, 1, 3];

/** One program and its rows. */
export class VehiclePass {
  readonly #gl: WebGL2RenderingContext;
  readonly #isMesh: boolean;
  readonly #program: WebGLProgram;
  readonly #buffer: WebGLBuffer;
  readonly #indices: WebGLBuffer;
  readonly #array: WebGLVertexArrayObject;
  #indexed = 0;
  readonly #places = new Map<string, WebGLUniformLocation | null>();
  #columns: VehicleColumns | null = null;
  #isUploaded = false;

  /** @param isMesh a row is a shape of corners and opaque, not a square point with a shape drawn into it */
  constructor(gl: WebGL2RenderingContext, vertexShader: string, fragmentShader: string, isMesh: boolean) {
    this.#gl = gl;
    this.#isMesh = isMesh;
    this.#program = linkedProgram(gl, vertexShader, fragmentShader);
    this.#buffer = gl.createBuffer();
    this.#indices = gl.createBuffer();
    this.#array = this.#vertexArray();
  }

  get columns(): VehicleColumns | null {
    return this.#columns;
  }

  set columns(columns: VehicleColumns | null) {
    this.#columns = columns;
    this.#isUploaded = false;
  }

  draw({ toClip, shift, pixelRatio }: PassView, { colors, scale, selected }: VehicleLook): void {
    const [gl, columns] = [this.#gl, this.#columns];
    if (columns === null || columns.length === 0) return;
    if (!this.#isUploaded) this.#upload(columns);
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
    // What is opaque needs nothing that is under it.
    if (this.#isMesh) gl.disable(gl.BLEND);
    else gl.enable(gl.BLEND);
    const isPoint = columns.corners === 1;
    if (this.#isMesh) {
      gl.uniform1f(this.#place("isPoint"), isPoint ? 1 : 0);
      gl.uniform2f(this.#place("perPixel"), 2 / gl.drawingBufferWidth, 2 / gl.drawingBufferHeight);
    }
    gl.bindVertexArray(this.#array);
    if (isPoint) gl.drawArrays(gl.POINTS, 0, columns.length);
    else gl.drawElements(gl.TRIANGLES, columns.length * ARROW.length, gl.UNSIGNED_INT, 0);
  }

  release(): void {
    this.#gl.deleteProgram(this.#program);
    this.#gl.deleteBuffer(this.#buffer);
    this.#gl.deleteBuffer(this.#indices);
    this.#gl.deleteVertexArray(this.#array);
  }

  #upload(columns: VehicleColumns): void {
    const gl = this.#gl;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    gl.bufferData(gl.ARRAY_BUFFER, columns.rows, gl.DYNAMIC_DRAW);
    if (columns.corners > 1 && columns.length > this.#indexed) this.#index(Math.ceil(columns.length * 1.25));
    this.#isUploaded = true;
  }

  #index(rows: number): void {
    const gl = this.#gl;
    const indices = new Uint32Array(rows * ARROW.length);
    for (let i = 0; i < indices.length; i++) indices[i] = Math.floor(i / ARROW.length) * 4 + ARROW[i % ARROW.length]!;
    this.#indexed = rows;
    gl.bindVertexArray(this.#array);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.#indices);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
  }

  #vertexArray(): WebGLVertexArrayObject {
    const gl = this.#gl;
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
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
    return array;
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

/** @throws Error with the compiler's words */
export function linkedProgram(gl: WebGL2RenderingContext, vertexShader: string, fragmentShader: string): WebGLProgram {
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
