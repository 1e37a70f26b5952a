import type { CustomLayerInterface, Map as MapLibreMap } from "maplibre-gl";
import { GroundCopy } from "./ground-copy.ts";
import { ProcessorPicture } from "./processor-picture.ts";
import { mercatorOf, VEHICLE_PASSES, type Mercator, type PassName, type VehiclePasses } from "./vehicle-columns.ts";
import { VehiclePass, type PassView, type Rgba, type VehicleLook } from "./vehicle-pass.ts";
import {
  ordinaryFragmentShader,
  ordinaryVertexShader,
  plainFragmentShader,
  plainVertexShader,
  specialFragmentShader,
  specialVertexShader,
} from "./vehicle-shaders.ts";
import { VehicleStamps } from "./vehicle-stamps.ts";

export const VEHICLE_LAYER = "vehicles";
const TILE_PIXELS = 512;
/** Renderers that draw with the processor. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/**
 * Any number of moving vehicles in three draws, on the map's own canvas: motion and shape are the graphics card's work. A second canvas above the map would have
 * to be laid over it picture by picture, which costs a processor that draws more than all vehicles do. While the ground stands, a picture is a copy of it and
 * the vehicles; when the map draws the ground anew, the vehicles are its last layer.
 */
export class VehiclePainter implements CustomLayerInterface {
  readonly id = VEHICLE_LAYER;
  readonly type = "custom";
  readonly renderingMode = "2d";
  /** When the map itself has last drawn a picture, ms of `performance.now()`. */
  renderedMs = -Infinity;
  /** Pictures drawn so far in which something had moved, for measuring. */
  pictures = 0;
  readonly #origin: Mercator;
  #look: VehicleLook;
  #map: MapLibreMap | null = null;
  #gl: WebGL2RenderingContext | null = null;
  #ground: GroundCopy | null = null;
  #passes: Record<PassName, VehiclePass> | null = null;
  #columns: VehiclePasses | null = null;
  /** Where there is no graphics card. */
  #picture: ProcessorPicture | null = null;

  /** @param origin where places in the columns count from */
  constructor(origin: Mercator, look: VehicleLook) {
    this.#origin = origin;
    this.#look = look;
  }

  onAdd(map: MapLibreMap, gl: WebGL2RenderingContext | WebGLRenderingContext): void {
    this.#map = map;
    this.#gl = gl as WebGL2RenderingContext;
    this.#passes = {
      plain: new VehiclePass(this.#gl, plainVertexShader, plainFragmentShader, true),
      ordinary: new VehiclePass(this.#gl, ordinaryVertexShader, ordinaryFragmentShader, false),
      special: new VehiclePass(this.#gl, specialVertexShader, specialFragmentShader, false),
    };
    const stamps = new VehicleStamps(this.#gl, this.#passes);
    if (SOFTWARE.test(rendererOf(this.#gl))) this.#picture = new ProcessorPicture(this.#gl, map.getCanvas(), stamps);
    else this.#ground = new GroundCopy(this.#gl);
    if (this.#columns !== null) this.setColumns(this.#columns);
  }

  onRemove(): void {
    this.#ground?.release();
    this.#picture?.release();
    for (const name of VEHICLE_PASSES) this.#passes?.[name].release();
    this.#ground = this.#picture = this.#passes = this.#gl = null;
  }

  setColumns(columns: VehiclePasses): void {
    this.#columns = columns;
    for (const name of VEHICLE_PASSES) if (this.#passes !== null) this.#passes[name].columns = columns[name];
  }

  /** No graphics card: a processor draws every pixel. */
  get isSoftware(): boolean {
    return this.#picture !== null;
  }

  setLook(look: VehicleLook): void {
    this.#look = look;
  }

  /** Called by the map when it has drawn everything else. */
  render(): void {
    this.renderedMs = performance.now();
    this.#ground?.take();
    if (this.#picture !== null && this.#map?.isMoving() === false) {
      this.#picture.take();
      this.paint();
      return;
    }
    // A map that moves has a new ground in every picture: to read each back would take longer than to draw on it.
    this.#picture?.leave();
    this.#draw();
    this.pictures++;
  }

  /** Draws the next picture over the ground as it stands; false when the map has to draw it first. */
  paint(): boolean {
    const gl = this.#gl;
    if (gl === null || gl.isContextLost()) return false;
    if (!(this.#picture === null ? this.#paintOnCard(gl) : this.#paintByProcessor(this.#picture))) return false;
    // The map remembers what it has set; it must not believe that it is still so. To ask the card instead waits for it.
    this.#map?.painter.context.setDirty();
    return true;
  }

  #paintByProcessor(picture: ProcessorPicture): boolean {
    const [view, columns] = [this.#view(), this.#columns];
    if (!picture.isFresh || view === null) return false;
    if (columns !== null && picture.paint(columns, view, this.#look)) this.pictures++;
    return true;
  }

  #paintOnCard(gl: WebGL2RenderingContext): boolean {
    if (this.#ground?.isFresh !== true) return false;
    gl.disable(gl.SCISSOR_TEST);
    gl.colorMask(true, true, true, true);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    // Without it the browser empties the canvas before the first draw, in more steps.
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.#ground.put();
    this.#draw();
    this.pictures++;
    return true;
  }

  #draw(): void {
    const [gl, view, passes] = [this.#gl, this.#view(), this.#passes];
    if (gl === null || view === null || passes === null) return;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    for (const name of [gl.DEPTH_TEST, gl.STENCIL_TEST, gl.CULL_FACE, gl.SCISSOR_TEST]) gl.disable(name);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    for (const name of VEHICLE_PASSES) passes[name].draw(view, this.#look);
    gl.bindVertexArray(null);
  }

  #view(): PassView | null {
    const [gl, map] = [this.#gl, this.#map];
    if (gl === null || map === null) return null;
    const { lng, lat } = map.getCenter();
    const centre = mercatorOf(lng, lat);
    const { clientWidth, clientHeight } = map.getCanvas();
    const worldPixels = TILE_PIXELS * 2 ** map.getZoom();
    const toClip = [(2 * worldPixels) / clientWidth, (-2 * worldPixels) / clientHeight] as const;
    return {
      toClip,
      shift: [(this.#origin[0] - centre[0]) * toClip[0], (this.#origin[1] - centre[1]) * toClip[1]],
      pixelRatio: gl.drawingBufferWidth / clientWidth,
    };
  }
}

/** What draws, by its own name; browsers that hide it say so in the first. */
function rendererOf(gl: WebGL2RenderingContext): string {
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  return String(gl.getParameter(info === null ? gl.RENDERER : info.UNMASKED_RENDERER_WEBGL));
}

/** `#rrggbb` as shares of 1. */
export function rgba(hex: string): Rgba {
  const number = Number.parseInt(hex.slice(1), 16);
  return [((number >> 16) & 255) / 255, ((number >> 8) & 255) / 255, (number & 255) / 255, 1];
}
