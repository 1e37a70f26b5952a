import { isDeepStrictEqual } from "node:util";
import type { Exposure } from "../model/finding.ts";
import type { Cause, Finding, Removal, Standing } from "./ledger-port.ts";

/** A vehicle's findings from `fromMs` on, all of them: what the ledger has beside them is withdrawn. */
export interface Settlement {
  vehicle: string;
  fromMs: number;
  /** Ids of the areas whose exposures are settled, and nothing else; null: everything. */
  areas: ReadonlySet<string> | null;
  standing: readonly Finding[];
  /** Why a finding changes; by the area that it is about, null for one that is about none. */
  causeOf: (area: string | null) => Cause;
}

/** The changes of one batch, folded: of one finding the last word counts. */
export class LedgerChanges {
  private readonly standing = new Map<string, Standing>();
  private readonly removals = new Map<string, Removal>();
  /** Vehicles whose locks have to be looked at, with the cause. */
  readonly toChain = new Map<string, Cause>();

  stand(finding: Standing): void {
    const key = keyOf(finding);
    this.standing.set(key, finding);
    this.removals.delete(key);
    if (finding.kind === "exposure") this.chain(finding.body.vehicle, finding.cause);
  }

  withdraw(vehicle: string, removal: Removal): void {
    const key = `${removal.kind} ${removal.id}`;
    this.removals.set(key, removal);
    this.standing.delete(key);
    if (removal.kind === "exposure") this.chain(vehicle, removal.cause);
  }

  chain(vehicle: string, cause: Cause): void {
    this.toChain.set(vehicle, cause);
  }

  /** `before`: what the ledger has of the vehicle. */
  settle({ vehicle, fromMs, areas, standing, causeOf }: Settlement, before: readonly Finding[]): void {
    const stays = new Set(standing.map(keyOf));
    const earlier = [...this.standing.values()].filter((finding) => isOf(finding, vehicle));
    const kept: Exposure[] = [];
    for (const finding of [...before, ...earlier]) {
      const { kind, body } = finding;
      if (kind === "lock" || kind === "area" || lastInstantMs(finding) < fromMs) continue;
      if (areas !== null && !(kind === "exposure" && areas.has(body.area))) continue;
      // Its first fixes have been deleted: it cannot be made again, so it stays as it is.
      if (kind === "exposure" && Date.parse(body.start) < fromMs) kept.push(body);
      else if (!stays.has(keyOf(finding))) {
        this.withdraw(vehicle, { kind, id: body.id, cause: causeOf(areaOfFinding(finding)) });
      }
    }
    const present = new Map(before.map((finding) => [keyOf(finding), finding]));
    for (const finding of standing) {
      if (lastInstantMs(finding) < fromMs || isRestOf(finding, kept)) continue;
      const key = keyOf(finding);
      const isTouched = this.standing.has(key) || this.removals.has(key);
      if (!isTouched && isDeepStrictEqual(present.get(key), finding)) continue;
      this.stand({ ...finding, cause: causeOf(areaOfFinding(finding)) });
    }
  }

  recording(): { standing: Standing[]; removals: Removal[] } {
    return { standing: [...this.standing.values()], removals: [...this.removals.values()] };
  }
}

function keyOf({ kind, body }: Standing | Finding): string {
  return `${kind} ${body.id}`;
}

function isOf(finding: Standing, vehicle: string): boolean {
  return "vehicle" in finding.body && finding.body.vehicle === vehicle;
}

function areaOfFinding(finding: Standing | Finding): string | null {
  return finding.kind === "exposure" ? finding.body.area : null;
}

/** True for what the fixes that are left make of an exposure whose first fixes have been deleted. */
function isRestOf(finding: Finding, kept: readonly Exposure[]): boolean {
  if (finding.kind !== "exposure") return false;
  const { area, start } = finding.body;
  return kept.some((exposure) => exposure.area === area && (exposure.end === null || start <= exposure.end));
}

/** As the ledger keeps it: an exposure by its last instant, the others by when they happened. */
function lastInstantMs(finding: Standing | Finding): number {
  if (finding.kind === "exposure") return finding.lastMs;
  if (finding.kind === "passage") return Date.parse(finding.body.time);
  return finding.kind === "fence" ? Date.parse(finding.body.notBefore) : Infinity;
}
