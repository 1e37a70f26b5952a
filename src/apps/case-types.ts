import type { CaseTypeDefinition } from "../cases/case-type.ts";
import { lockedVehicle } from "./checkpoints/locked-vehicle.ts";
import { lockObjection } from "./checkpoints/lock-objection.ts";

/** Every kind of case that the program knows. A kind that is not here is not loaded, and the year of the ladder's test is not its. */
export const CASE_TYPES: readonly CaseTypeDefinition[] = [lockedVehicle, lockObjection];
