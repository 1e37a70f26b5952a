import { linkedProgram } from "./vehicle-pass.ts";

const vertexShader = /* glsl */ `\
#version 300 es
void main(void) {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}
`;

const fragmentShader = /* glsl */ `\
#version 300 es
precision mediump float;
uniform highp sampler2D ground;
out vec4 fragColor;
void main(void) {
  fragColor = texelFetch(ground, ivec2(gl_FragCoord.xy), 0);
}
`;

/**
 * A copy of the ground as the map drew it, on the graphics card: a picture in which only vehicles move begins with it instead of
 * drawing all boundaries, roads and names again.
 */
export class GroundCopy {
  readonly #gl: WebGL2RenderingContext;
  readonly #buffer: WebGLFramebuffer;
  readonly #texture: WebGLTexture;
  readonly #program: WebGLProgram;
  readonly #nothing: WebGLVertexArrayObject;
  #width = 0;
  #height = 0;
  #isTaken = false;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#buffer = gl.createFramebuffer();
    this.#texture = gl.createTexture();
    this.#program = linkedProgram(gl, vertexShader, fragmentShader);
    this.#nothing = gl.createVertexArray();
  }

  /** Whether there is a copy of the canvas in its present size. */
  get isFresh(): boolean {
    const { drawingBufferWidth, drawingBufferHeight } = this.#gl;
    return this.#isTaken && this.#width === drawingBufferWidth && this.#height === drawingBufferHeight;
  }

  /** Copies what is on the canvas now. */
  take(): void {
    const gl = this.#gl;
    if (this.#width !== gl.drawingBufferWidth || this.#height !== gl.drawingBufferHeight) this.#resize();
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, this.#buffer);
    const [width, height] = [this.#width, this.#height];
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.#isTaken = true;
  }

  /** Draws the copy over the whole canvas: without a graphics card three times as fast as copying it back. */
  put(): void {
    const gl = this.#gl;
    for (const name of [gl.BLEND, gl.DEPTH_TEST, gl.STENCIL_TEST, gl.CULL_FACE]) gl.disable(name);
    gl.useProgram(this.#program);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    gl.bindVertexArray(this.#nothing);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  release(): void {
    this.#gl.deleteFramebuffer(this.#buffer);
    this.#gl.deleteTexture(this.#texture);
    this.#gl.deleteProgram(this.#program);
    this.#gl.deleteVertexArray(this.#nothing);
  }

  #resize(): void {
    const gl = this.#gl;
    this.#width = gl.drawingBufferWidth;
    this.#height = gl.drawingBufferHeight;
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    // With or without alpha as the canvas has it, or the copy is refused.
    const [kept, given] = gl.getContextAttributes()?.alpha === false ? [gl.RGB8, gl.RGB] : [gl.RGBA8, gl.RGBA];
    gl.texImage2D(gl.TEXTURE_2D, 0, kept, this.#width, this.#height, 0, given, gl.UNSIGNED_BYTE, null);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#buffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.#texture, 0);
    gl.bindTexture(gl.TEXTURE_2D, null);
  }
}
