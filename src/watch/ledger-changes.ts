import { isDeepStrictEqual } from "node:util";
import type { Cause, Finding, Removal, Standing } from "./ledger-port.ts";

/** A vehicle's findings in `[fromMs, toMs)`, all of them: what the ledger has beside them in there is withdrawn. */
export interface Settlement {
  vehicle: string;
  fromMs: number;
  toMs: number;
  /** Ids of the areas whose exposures are settled, and nothing else; null: everything. */
  areas: ReadonlySet<string> | null;
  standing: readonly Finding[];
  /** Why a finding changes; by the area that it is about, null for one that is about none. */
  causeOf: (area: string | null) => Cause;
}

type ExposureFinding = Extract<Finding, { kind: "exposure" }>;

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
  settle({ vehicle, fromMs, toMs, areas, standing, causeOf }: Settlement, before: readonly Finding[]): void {
    const stays = new Set(standing.map(keyOf));
    const earlier = [...this.standing.values()].filter((finding) => isOf(finding, vehicle));
    const kept: ExposureFinding[] = [];
    for (const finding of [...before, ...earlier]) {
      const { kind, body } = finding;
      if (kind === "lock" || kind === "area" || lastInstantMs(finding) < fromMs) continue;
      if (firstInstantMs(finding) >= toMs) continue;
      if (areas !== null && !(kind === "exposure" && areas.has(body.area))) continue;
      // Its first fixes have been deleted: it cannot be made again, so it stays as it is.
      if (finding.kind === "exposure" && Date.parse(finding.body.start) < fromMs) kept.push(finding);
      else if (!stays.has(keyOf(finding))) {
        this.withdraw(vehicle, { kind, id: body.id, cause: causeOf(areaOfFinding(finding)) });
      }
    }
    const present = new Map(before.map((finding) => [keyOf(finding), finding]));
    for (const finding of standing) {
      if (lastInstantMs(finding) < fromMs) continue;
      const whole = wholeOf(finding, kept);
      if (whole !== undefined) {
        // Its lock may have become known since, where retention has left its fixes.
        const isSame = whole.body.id === finding.body.id && finding.kind === "exposure" && finding.lockMs !== null;
        if (!isSame || whole.lockMs !== null) continue;
        const { lockMs, enteredMs } = finding;
        this.stand({ ...whole, lockMs, enteredMs, cause: causeOf(whole.body.area) });
        continue;
      }
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

function firstInstantMs(finding: Standing | Finding): number {
  return finding.kind === "exposure" ? Date.parse(finding.body.start) : lastInstantMs(finding);
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

/** The exposure, whose first fixes may have been deleted, that a finding is what the fixes that are left make of. */
function wholeOf(finding: Finding, kept: readonly ExposureFinding[]): ExposureFinding | undefined {
  if (finding.kind !== "exposure") return undefined;
  const { area, start } = finding.body;
  return kept.find(({ body }) => body.area === area && (body.end === null || start <= body.end));
}

/** As the ledger keeps it: an exposure by its last instant, the others by when they happened. */
function lastInstantMs(finding: Standing | Finding): number {
  if (finding.kind === "exposure") return finding.lastMs;
  if (finding.kind === "passage") return Date.parse(finding.body.time);
  return finding.kind === "fence" ? Date.parse(finding.body.notBefore) : Infinity;
}
