import { AreaIndex } from "./area-index.ts";
import type { KernelRule } from "./rule.ts";
import { compileShape, type KernelGeometry, type Shape } from "./shape.ts";

/** A risk area as matching knows it. */
export interface KernelArea {
  readonly id: string;
  readonly version: number;
  readonly shape: Shape;
  /** Validity `[fromMs, toMs)`, ms UTC; -Infinity and Infinity where it is open. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** A gate: who crosses its line from the left side to the right goes inbound. */
export interface KernelGate {
  readonly id: string;
  readonly shape: Shape;
}

/** Slot of the fence's boundary in the index; gates follow, then areas. */
export const FENCE_SLOT = 0;

/** What vehicles are matched against: the rule, the fence, the gates, and the areas, which may change while matching goes on. */
export class World {
  readonly rule: KernelRule;
  readonly fence: Shape | null;
  /** The fence's boundary without its inside. */
  readonly fenceLine: Shape | null;
  readonly gates: readonly KernelGate[];
  readonly index = new AreaIndex();
  /** By slot; empty below `firstAreaSlot` and where an area was removed. */
  readonly areas: (KernelArea | undefined)[] = [];
  readonly firstAreaSlot: number;
  /** Another number after every change of the areas. */
  version = 0;
  readonly #free: number[] = [];

  /** Geometries in WGS-84 degrees; a gate's line needs two positions. */
  constructor(
    rule: KernelRule,
    fence: KernelGeometry | null = null,
    gates: readonly { id: string; line: readonly (readonly number[])[] }[] = [],
  ) {
    this.rule = rule;
    this.fence = fence === null ? null : compileShape(fence);
    this.gates = gates.map(({ id, line }) => ({ id, shape: compileShape({ type: "LineString", coordinates: line }) }));
    this.firstAreaSlot = 1 + this.gates.length;
    // The index has its boundary only: being deep inside the fence is no reason to look at it.
    this.fenceLine = this.fence?.withoutSurface() ?? null;
    if (this.fenceLine !== null) this.index.add(FENCE_SLOT, this.fenceLine, 0);
    this.gates.forEach((gate, i) => this.index.add(1 + i, gate.shape, 0));
  }

  /** Most slots that `index.candidates` can write. */
  get slotsMax(): number {
    return Math.max(this.areas.length, this.firstAreaSlot);
  }

  /** Adds an area and returns its slot. */
  addArea(area: KernelArea): number {
    const slot = this.#free.pop() ?? Math.max(this.areas.length, this.firstAreaSlot);
    this.version++;
    this.areas[slot] = area;
    this.index.add(slot, area.shape, this.rule.radiusMeters + this.rule.slackMeters);
    return slot;
  }

  /** Removes the area in a slot, which may be given out again; false when none is there. */
  removeArea(slot: number): boolean {
    if (this.areas[slot] === undefined) return false;
    this.version++;
    this.areas[slot] = undefined;
    this.index.remove(slot);
    this.#free.push(slot);
    return true;
  }
}
