/**
 * Runs something that asks for a canvas that draws, and has it get one that cannot be seen through: nothing lies under the map, and a browser without a graphics
 * card spends a sixth of a picture on blending it with that. The map library asks for a see-through one and lets nobody choose.
 */
export function withOpaqueCanvas<Made>(make: () => Made): Made {
  const { prototype } = HTMLCanvasElement;
  // eslint-disable-next-line typescript/unbound-method -- called with its own canvas below
  const original = prototype.getContext;
  prototype.getContext = function (this: HTMLCanvasElement, kind: string, attributes?: object) {
    return original.call(this, kind, kind === "webgl2" ? { ...attributes, alpha: false } : attributes);
  } as typeof original;
  try {
    return make();
  } finally {
    prototype.getContext = original;
  }
}
