/**
 * A copy of the ground as the map drew it, on the graphics card: a picture in which only vehicles move begins with it instead of
 * drawing all boundaries, roads and names again.
 */
export class GroundCopy {
  readonly #gl: WebGL2RenderingContext;
  readonly #buffer: WebGLFramebuffer;
  readonly #texture: WebGLTexture;
  #width = 0;
  #height = 0;
  #isTaken = false;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#buffer = gl.createFramebuffer();
    this.#texture = gl.createTexture();
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
    this.#blit();
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.#isTaken = true;
  }

  /** Puts the copy onto the canvas. */
  put(): void {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.#buffer);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    this.#blit();
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  release(): void {
    this.#gl.deleteFramebuffer(this.#buffer);
    this.#gl.deleteTexture(this.#texture);
  }

  #blit(): void {
    const [gl, width, height] = [this.#gl, this.#width, this.#height];
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
  }

  #resize(): void {
    const gl = this.#gl;
    this.#width = gl.drawingBufferWidth;
    this.#height = gl.drawingBufferHeight;
    gl.bindTexture(gl.TEXTURE_2D, this.#texture);
    // Alpha has to be as the canvas has it, or the copy is refused.
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, this.#width, this.#height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#buffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.#texture, 0);
    gl.bindTexture(gl.TEXTURE_2D, null);
  }
}
