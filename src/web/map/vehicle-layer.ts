import { Layer, project32, type LayerProps, type UpdateParameters } from "@deck.gl/core";
import { Model } from "@luma.gl/engine";
import {
  ordinaryFragmentShader,
  ordinaryVertexShader,
  specialFragmentShader,
  specialVertexShader,
  vehicleUniforms,
} from "./vehicle-shaders.ts";
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
  pass: keyof VehiclePasses;
}

/** The columns of a moment, as the graphics card takes them; one row a vehicle. */
export interface VehicleColumns {
  length: number;
  /** Number of the vehicle in each row. */
  numbers: Uint32Array;
  attributes: Record<"places" | "motion" | "look", { value: Float64Array | Float32Array; size: number }>;
  /** The moment that times in the columns count from, ms of `performance.now()`. */
  writtenMs: number;
}

/** The ordinary ones lie under those that matter, so the two are drawn one after the other. */
export interface VehiclePasses {
  ordinary: VehicleColumns;
  special: VehicleColumns;
}

/** A pulse counts from the change of state; a change longer ago than this no longer matters, s. */
const LONG_AGO_S = -1000;
const ORDINARY = 0;
const NONE = 255;

/** Writes the fleet into columns; once for each message of the stream, not for each picture. */
export function vehicleColumns(fleet: Fleet, nowMs: number, lostBeforeMs: number): VehiclePasses {
  const ordinary: number[] = [];
  const special: number[] = [];
  for (let number = 0; number < fleet.length; number++) {
    const state = fleet.state[number]!;
    if (state !== NONE) (state === ORDINARY ? ordinary : special).push(number);
  }
  return {
    ordinary: columnsOf(fleet, ordinary, nowMs, lostBeforeMs),
    special: columnsOf(fleet, special, nowMs, lostBeforeMs),
  };
}

function columnsOf(fleet: Fleet, numbers: readonly number[], nowMs: number, lostBeforeMs: number): VehicleColumns {
  const { length } = numbers;
  const places = new Float64Array(length * 3);
  const motion = new Float32Array(length * 4);
  const look = new Float32Array(length * 4);
  for (let row = 0; row < length; row++) {
    const i = numbers[row]!;
    places[row * 3] = fleet.lon[i]!;
    places[row * 3 + 1] = fleet.lat[i]!;
    motion[row * 4] = fleet.deltaLon[i]!;
    motion[row * 4 + 1] = fleet.deltaLat[i]!;
    motion[row * 4 + 2] = (fleet.startMs[i]! - nowMs) / 1000;
    motion[row * 4 + 3] = fleet.durationMs[i]! / 1000;
    look[row * 4] = fleet.heading[i]!;
    look[row * 4 + 1] = fleet.state[i]!;
    look[row * 4 + 2] = fleet.fixMs[i]! < lostBeforeMs ? 1 : 0;
    look[row * 4 + 3] = Math.max(LONG_AGO_S, (fleet.changedMs[i]! - nowMs) / 1000);
  }
  return {
    length,
    numbers: Uint32Array.from(numbers),
    attributes: {
      places: { value: places, size: 3 },
      motion: { value: motion, size: 4 },
      look: { value: look, size: 4 },
    },
    writtenMs: nowMs,
  };
}

/**
 * Any number of moving vehicles in one draw: motion and shape are the graphics card's work. Each is one point, a fourth of the
 * vertices of a quad, which counts where a processor has to draw.
 */
export class VehicleLayer extends Layer<VehicleLayerProps> {
  static override layerName = "VehicleLayer";
  declare state: { model: Model };

  override getShaders(): unknown {
    const ordinary = (this.props as unknown as VehicleLayerProps).pass === "ordinary";
    return super.getShaders({
      vs: ordinary ? ordinaryVertexShader : specialVertexShader,
      fs: ordinary ? ordinaryFragmentShader : specialFragmentShader,
      modules: [project32, vehicleUniforms],
    }) as unknown;
  }

  override initializeState(): void {
    this.getAttributeManager()!.add({
      places: { size: 3, type: "float64", fp64: true, noAlloc: true },
      motion: { size: 4, noAlloc: true },
      look: { size: 4, noAlloc: true },
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
    const { colors, scale, selected, data } = this.props as VehicleLayerProps & LayerProps;
    model.shaderInputs.setProps({
      vehicle: {
        ordinaryColor: colors.ordinary,
        exposedColor: colors.exposed,
        lockedColor: colors.locked,
        releasedColor: colors.released,
        haloColor: colors.halo,
        timeS: (performance.now() - data.writtenMs) / 1000,
        scale,
        selected: selected < 0 ? -1 : data.numbers.indexOf(selected),
      },
    });
    model.setVertexCount(data.length);
    model.draw(this.context.renderPass);
  }

  #model(): Model {
    return new Model(this.context.device, {
      ...(this.getShaders() as object),
      id: this.props.id,
      bufferLayout: this.getAttributeManager()!.getBufferLayouts(),
      topology: "point-list",
      vertexCount: 0,
      isInstanced: false,
    });
  }
}

/** `#rrggbb` as shares of 1. */
export function rgba(hex: string): Rgba {
  const number = Number.parseInt(hex.slice(1), 16);
  return [((number >> 16) & 255) / 255, ((number >> 8) & 255) / 255, (number & 255) / 255, 1];
}
