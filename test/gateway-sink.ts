import type { IngestSink, VehicleFacts } from "../src/gateway/ingest-sink.ts";
import type { FixBatch } from "../src/model/fix.ts";

/** A sink in memory: vehicles get numbers, fixes are kept by vehicle. */
export class MemorySink implements IngestSink {
  readonly facts: VehicleFacts[] = [];
  readonly batches: FixBatch[] = [];
  /** How long an append takes, ms: a store's group commit. */
  delayMs = 0;
  /** The next so many appends fail. */
  failures = 0;

  vehicleNumber(facts: VehicleFacts): number {
    const found = this.facts.findIndex(({ vehicle }) => vehicle === facts.vehicle);
    return found >= 0 ? found : this.facts.push(facts) - 1;
  }

  async append(batch: FixBatch): Promise<void> {
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    if (this.failures > 0) {
      this.failures--;
      throw new Error("the store cannot be written");
    }
    this.batches.push(batch);
  }

  get length(): number {
    return this.batches.reduce((sum, { length }) => sum + length, 0);
  }

  /** `[time, lonE6, latE6]` of a vehicle, by time, doubles once. */
  fixesOf(vehicle: string): number[][] {
    const number = this.facts.findIndex((facts) => facts.vehicle === vehicle);
    const fixes = new Map<string, number[]>();
    for (const batch of this.batches) {
      for (let row = 0; row < batch.length; row++) {
        if (batch.vehicle[row] !== number) continue;
        const fix = [batch.timeMs[row], batch.lonE6[row], batch.latE6[row]];
        fixes.set(fix.join(), fix);
      }
    }
    return [...fixes.values()].toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  }
}
