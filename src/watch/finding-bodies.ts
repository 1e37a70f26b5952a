import type { Crossing, KernelExposure, KernelFenceEvent, KernelPassage, TrackPoint } from "../kernel/findings.ts";
import type { EvidenceFix, Exposure, FenceEvent, Passage } from "../model/finding.ts";
import type { Rule } from "../model/rule.ts";
import { findingId } from "./finding-id.ts";
import type { Finding } from "./ledger-port.ts";

/** An exposure as it is published: times rounded to ms, lengths to mm, places to 1e-6 degree. */
export function exposureFinding(vehicle: string, found: KernelExposure, rule: Rule): Finding {
  const startMs = Math.round(found.startMs);
  const lastMs = Math.round(found.lastMs);
  const exposedMs = Math.round(found.exposedMs);
  const body: Exposure = {
    id: findingId("exposure", vehicle, found.area, found.anchorMs),
    vehicle,
    area: found.area,
    areaVersion: found.areaVersion,
    rule: rule.id,
    ruleVersion: rule.version,
    certainty: found.certainty,
    start: instant(startMs),
    end: found.endMs === null ? null : instant(found.endMs),
    exposedAt: instant(exposedMs),
    durationS: (lastMs - startMs) / 1000,
    minDistanceM: Math.round(found.leastMeters * 1000) / 1000,
    nearest: evidence(found.nearest),
    unknownShare: Math.round(found.unknownShare * 1e6) / 1e6,
    entered: crossing(found.entered),
    left: found.left === null ? null : crossing(found.left),
  };
  return {
    kind: "exposure",
    body,
    lastMs,
    lockMs: found.lockMs === null ? null : Math.round(found.lockMs),
    enteredMs: found.enteredMs === null ? null : Math.round(found.enteredMs),
  };
}

/** A passage as it is published; its identity is the gate, the direction and the second. */
export function passageFinding(vehicle: string, found: KernelPassage): Finding {
  const direction = found.inbound ? "inbound" : "outbound";
  const { time, lon, lat } = evidence(found);
  const id = findingId("passage", vehicle, found.gate, Math.round(found.timeMs / 1000), direction);
  const body: Passage = { id, vehicle, gate: found.gate, direction, time, lon, lat };
  return { kind: "passage", body };
}

/** An entry or exit as it is published; its identity is the seconds between which it happened. */
export function fenceFinding(vehicle: string, found: KernelFenceEvent): Finding {
  const between = [Math.round(found.notBeforeMs / 1000), Math.round(found.notAfterMs / 1000)];
  const body: FenceEvent = {
    id: findingId("fence", vehicle, found.kind, ...between),
    vehicle,
    kind: found.kind,
    time: found.timeMs === null ? null : instant(found.timeMs),
    notBefore: instant(found.notBeforeMs),
    notAfter: instant(found.notAfterMs),
  };
  return { kind: "fence", body };
}

function crossing(at: Crossing): Exposure["entered"] {
  return {
    ...evidence(at),
    before: at.before === null ? null : evidence(at.before),
    after: at.after === null ? null : evidence(at.after),
  };
}

function evidence({ timeMs, lon, lat }: TrackPoint): EvidenceFix {
  return { time: instant(timeMs), lon: Math.round(lon * 1e6) / 1e6, lat: Math.round(lat * 1e6) / 1e6 };
}

function instant(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}
