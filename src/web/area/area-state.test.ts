import { expect, it } from "vitest";
import { phaseOf } from "./area-state.ts";

const [from, to] = ["2026-11-24T02:00:00.000Z", "2026-11-24T04:00:00.000Z"];
const at = (time: string): number => Date.parse(time);

it("an area is in force from its start on and no longer at its end", () => {
  const area = { state: "published" as const, from, to };
  expect(phaseOf(area, at(from) - 1)).toBe("notYet");
  expect(phaseOf(area, at(from))).toBe("inForce");
  expect(phaseOf(area, at(to) - 1)).toBe("inForce");
  expect(phaseOf(area, at(to))).toBe("ended");
});

it("an area without a span is in force until it is withdrawn", () => {
  expect(phaseOf({ state: "published", from: null, to: null }, 0)).toBe("inForce");
  expect(phaseOf({ state: "withdrawn", from: null, to: null }, 0)).toBe("withdrawn");
});
