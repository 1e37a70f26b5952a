/**
 * Runs something that draws on the map's own canvas between two of its pictures, and puts everything back that it touches: the map
 * remembers what it has set and would not set it again.
 */
export function leavingNoTrace(gl: WebGL2RenderingContext, draw: () => void): void {
  const program = gl.getParameter(gl.CURRENT_PROGRAM) as WebGLProgram | null;
  const vertexArray = gl.getParameter(gl.VERTEX_ARRAY_BINDING) as WebGLVertexArrayObject | null;
  const arrayBuffer = gl.getParameter(gl.ARRAY_BUFFER_BINDING) as WebGLBuffer | null;
  const texture = gl.getParameter(gl.TEXTURE_BINDING_2D) as WebGLTexture | null;
  const [readBuffer, drawBuffer] = [gl.READ_FRAMEBUFFER_BINDING, gl.DRAW_FRAMEBUFFER_BINDING].map(
    (name) => gl.getParameter(name) as WebGLFramebuffer | null,
  );
  const viewport = gl.getParameter(gl.VIEWPORT) as Int32Array;
  const mask = gl.getParameter(gl.COLOR_WRITEMASK) as [boolean, boolean, boolean, boolean];
  const switches = [gl.BLEND, gl.DEPTH_TEST, gl.STENCIL_TEST, gl.CULL_FACE, gl.SCISSOR_TEST];
  const wereOn = switches.map((name) => gl.isEnabled(name));
  const [sourceRgb, targetRgb, sourceAlpha, targetAlpha] = [
    gl.BLEND_SRC_RGB,
    gl.BLEND_DST_RGB,
    gl.BLEND_SRC_ALPHA,
    gl.BLEND_DST_ALPHA,
  ].map((name) => gl.getParameter(name) as number) as [number, number, number, number];
  draw();
  gl.useProgram(program);
  gl.bindVertexArray(vertexArray);
  gl.bindBuffer(gl.ARRAY_BUFFER, arrayBuffer);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.bindFramebuffer(gl.READ_FRAMEBUFFER, readBuffer ?? null);
  gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, drawBuffer ?? null);
  gl.viewport(viewport[0]!, viewport[1]!, viewport[2]!, viewport[3]!);
  gl.colorMask(...mask);
  for (const [index, name] of switches.entries()) {
    if (wereOn[index] === true) gl.enable(name);
    else gl.disable(name);
  }
  gl.blendFuncSeparate(sourceRgb, targetRgb, sourceAlpha, targetAlpha);
}
