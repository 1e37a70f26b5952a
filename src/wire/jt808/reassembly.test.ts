import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { Reassembler, REASSEMBLY_LIMITS, type PartOutcome } from "./reassembly.ts";

function reassembler(
  limits = {},
  maxBytes = 1_000_000,
): { parts: Reassembler; budget: { usedBytes: number; maxBytes: number } } {
  const budget = { usedBytes: 0, maxBytes };
  return { parts: new Reassembler({ ...REASSEMBLY_LIMITS, ...limits }, budget), budget };
}

function add(parts: Reassembler, serial: number, total: number, index: number, text: string, nowMs = 0): PartOutcome {
  return parts.add({ messageId: 0x0801, serial, total, index, body: Buffer.from(text) }, nowMs);
}

describe("reassembly", () => {
  it("joins parts in any order and answers with the first part's serial", () => {
    const { parts, budget } = reassembler();
    expect(add(parts, 12, 3, 3, "c").state).toBe("waiting");
    expect(add(parts, 10, 3, 1, "a").state).toBe("waiting");
    expect(add(parts, 11, 3, 2, "b")).toEqual({
      state: "complete",
      body: Buffer.from("abc"),
      firstSerial: 10,
      serials: [10, 11, 12],
    });
    expect(budget.usedBytes).toBe(0);
    expect(parts.unfinished).toBe(0);
  });

  it("joins parts whose serials have gaps, as a camera sends them between other messages", () => {
    const { parts } = reassembler();
    const serials = [0x2031, 0x2032, 0x2033, 0x2035, 0x2036, 0x2037, 0x2039, 0x203a, 0x203b, 0x203c];
    const outcomes = serials.map((serial, at) => add(parts, serial, 10, at + 1, String(at)));
    expect(outcomes.at(-1)).toMatchObject({ state: "complete", body: Buffer.from("0123456789"), firstSerial: 0x2031 });
  });

  it("keeps two photos of the same size apart that are sent at once", () => {
    const { parts } = reassembler();
    add(parts, 100, 3, 1, "A");
    add(parts, 500, 3, 1, "X");
    add(parts, 101, 3, 2, "B");
    add(parts, 501, 3, 2, "Y");
    expect(add(parts, 502, 3, 3, "Z")).toMatchObject({ state: "complete", body: Buffer.from("XYZ") });
    expect(add(parts, 102, 3, 3, "C")).toMatchObject({ state: "complete", body: Buffer.from("ABC") });
  });

  it("takes a retransmitted part once", () => {
    const { parts } = reassembler();
    add(parts, 1, 2, 1, "a");
    expect(add(parts, 1, 2, 1, "a").state).toBe("duplicate");
    expect(add(parts, 2, 2, 2, "b")).toMatchObject({ state: "complete", body: Buffer.from("ab") });
  });

  it("refuses impossible indexes, too many parts, too many bytes", () => {
    const { parts, budget } = reassembler({ maxParts: 10, maxBytes: 4 }, 800);
    expect(add(parts, 1, 3, 0, "a")).toEqual({ state: "refused", fault: "partIndex" });
    expect(add(parts, 1, 3, 4, "a")).toEqual({ state: "refused", fault: "partIndex" });
    expect(add(parts, 1, 11, 1, "a")).toEqual({ state: "refused", fault: "partCount" });
    add(parts, 1, 3, 1, "aaa");
    expect(add(parts, 2, 3, 2, "bb")).toEqual({ state: "refused", fault: "partBytes" });
    expect(budget.usedBytes).toBe(0);
    add(parts, 1, 3, 1, "aaaa");
    expect(add(parts, 900, 4, 1, "ccc")).toEqual({ state: "refused", fault: "partBudget" });
  });

  it("names the missing parts once, gives up after its time, and gives the bytes back", () => {
    const { parts, budget } = reassembler({ expireMs: 60_000 });
    add(parts, 8, 4, 2, "b", 1000);
    add(parts, 10, 4, 4, "d", 2000);
    expect(parts.stalled(5000, 5000)).toEqual([]);
    expect(parts.stalled(7000, 5000)).toEqual([{ messageId: 0x0801, firstSerial: 7, missing: [1, 3] }]);
    expect(parts.stalled(9000, 5000)).toEqual([]);
    expect(parts.expire(61_000)).toEqual([]);
    expect(parts.expire(62_000)).toEqual([{ messageId: 0x0801, firstSerial: 7, missing: [1, 3] }]);
    expect(budget.usedBytes).toBe(0);
  });

  it("charges empty parts for the memory that they cost", () => {
    const { parts } = reassembler({}, 10_000);
    const states = Array.from({ length: 200 }, (_, at) => add(parts, at, 300, at + 1, "").state);
    expect(states.filter((state) => state === "waiting")).toHaveLength(57);
    expect(states.at(-1)).toBe("refused");
  });

  it("lets the oldest give way when a session begins too many", () => {
    const { parts, budget } = reassembler({ maxAssemblies: 2 });
    for (let message = 0; message < 100; message++) add(parts, message * 100, 2 + message, 1, "x");
    expect(parts.unfinished).toBe(2);
    // Each of the two: its bookkeeping, its parts to come, its one byte.
    expect(budget.usedBytes).toBe(2 * (256 + 128 + 1) + 8 * (100 + 101));
    parts.clear();
    expect(budget.usedBytes).toBe(0);
  });
});
