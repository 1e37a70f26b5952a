import { createHash } from "node:crypto";

/** 80 bits as 16 digits of base 32: among 10^9 findings two alike are less likely than one in a million. */
const HEX_DIGITS = 20;
const ID_DIGITS = 16;

/**
 * The id of a finding, from what it IS: its kind, its vehicle, the area or gate and the instant that holds it in place.
 * The same finding has the same id on every machine and in every replay.
 *
 * @param anchor ms UTC for exposures and locks; for a passage the second and the direction
 */
export function findingId(
  kind: "exposure" | "passage" | "fence" | "lock" | "gate",
  vehicle: string,
  ...rest: readonly (string | number)[]
): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([kind, vehicle, ...rest]))
    .digest("hex");
  return BigInt(`0x${digest.slice(0, HEX_DIGITS)}`)
    .toString(32)
    .padStart(ID_DIGITS, "0");
}
