import { Layer, picking, project32, type LayerProps, type UpdateParameters } from "@deck.gl/core";
import { Geometry, Model } from "@luma.gl/engine";
import { fragmentShader, vehicleUniforms, vertexShader } from "./vehicle-shaders.ts";
import type { Fleet } from "./fleet.ts";

type Rgba = [number, number, number, number];

export interface VehicleColors {
  ordinary: Rgba;
  exposed: Rgba;
  locked: Rgba;
  released: Rgba;
  halo: Rgba;
}

interface VehicleLayerProps {
  data: VehicleColumns;
  colors: VehicleColors;
  /** 1 draws everything in its full size, less makes the ordinary ones smaller. */
  scale: number;
  /** Number of the vehicle that is marked, -1 for none. */
  selected: number;
  /** `ordinary` draws those, `special` all others: two layers over the same columns. */
  pass: "ordinary" | "special";
}

/** The columns of a moment, as the graphics card takes them. */
export interface VehicleColumns {
  length: number;
  attributes: Record<
    "instancePositions" | "instanceMotion" | "instanceLook",
    { value: Float64Array | Float32Array; size: number }
  >;
  /** The moment that times in the columns count from, ms of `performance.now()`. */
  writtenMs: number;
}

/** A pulse counts from the change of state; a change longer ago than this no longer matters, s. */
const LONG_AGO_S = -1000;

/** Writes the fleet into columns; once for each message of the stream, not for each picture. */
export function vehicleColumns(fleet: Fleet, nowMs: number, lostBeforeMs: number): VehicleColumns {
  const { length } = fleet;
  const places = new Float64Array(length * 3);
  const motion = new Float32Array(length * 4);
  const look = new Float32Array(length * 4);
  for (let i = 0; i < length; i++) {
    places[i * 3] = fleet.lon[i]!;
    places[i * 3 + 1] = fleet.lat[i]!;
    motion[i * 4] = fleet.deltaLon[i]!;
    motion[i * 4 + 1] = fleet.deltaLat[i]!;
    motion[i * 4 + 2] = (fleet.startMs[i]! - nowMs) / 1000;
    motion[i * 4 + 3] = fleet.durationMs[i]! / 1000;
    look[i * 4] = fleet.heading[i]!;
    look[i * 4 + 1] = fleet.state[i]!;
    look[i * 4 + 2] = fleet.fixMs[i]! < lostBeforeMs ? 1 : 0;
    look[i * 4 + 3] = Math.max(LONG_AGO_S, (fleet.changedMs[i]! - nowMs) / 1000);
  }
  return {
    length,
    attributes: {
      instancePositions: { value: places, size: 3 },
      instanceMotion: { value: motion, size: 4 },
      instanceLook: { value: look, size: 4 },
    },
    writtenMs: nowMs,
  };
}

/** Any number of moving vehicles in one draw: motion and shape are the graphics card's work. */
export class VehicleLayer extends Layer<VehicleLayerProps> {
  static override layerName = "VehicleLayer";
  declare state: { model: Model };

  override getShaders(): unknown {
    return super.getShaders({
      vs: vertexShader,
      fs: fragmentShader,
      modules: [project32, picking, vehicleUniforms],
    }) as unknown;
  }

  override initializeState(): void {
    this.getAttributeManager()!.addInstanced({
      instancePositions: { size: 3, type: "float64", fp64: true, noAlloc: true },
      instanceMotion: { size: 4, noAlloc: true },
      instanceLook: { size: 4, noAlloc: true },
    });
    this.setState({ model: this.#model() });
  }

  override updateState(parameters: UpdateParameters<this>): void {
    super.updateState(parameters);
    if (parameters.changeFlags.extensionsChanged) {
      this.state.model?.destroy();
      this.setState({ model: this.#model() });
      this.getAttributeManager()!.invalidateAll();
    }
  }

  override draw(): void {
    const { model } = this.state;
    const { colors, scale, selected, data, pass } = this.props as VehicleLayerProps & LayerProps;
    model.shaderInputs.setProps({
      vehicle: {
        ordinaryColor: colors.ordinary,
        exposedColor: colors.exposed,
        lockedColor: colors.locked,
        releasedColor: colors.released,
        haloColor: colors.halo,
        timeS: (performance.now() - data.writtenMs) / 1000,
        scale,
        selected,
        first: pass === "ordinary" ? 0 : 1,
      },
    });
    model.draw(this.context.renderPass);
  }

  #model(): Model {
    return new Model(this.context.device, {
      ...(this.getShaders() as object),
      id: this.props.id,
      bufferLayout: this.getAttributeManager()!.getBufferLayouts(),
      geometry: new Geometry({
        topology: "triangle-strip",
        attributes: { positions: { size: 2, value: new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]) } },
      }),
      isInstanced: true,
    });
  }
}

/** `#rrggbb` as shares of 1. */
export function rgba(hex: string): Rgba {
  const number = Number.parseInt(hex.slice(1), 16);
  return [((number >> 16) & 255) / 255, ((number >> 8) & 255) / 255, (number & 255) / 255, 1];
}
