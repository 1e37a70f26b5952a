import { describe, expect, it } from "vitest";
import { lay } from "./processor-picture.ts";
import { numberOf, stampNumbers } from "./vehicle-stamps.ts";

const [ORDINARY, EXPOSED, LOCKED, RELEASED] = [0, 1, 2, 3] as const;
const NEVER_S = 1000;

describe("the stamp of a vehicle", () => {
  it("is another one for each state, and for a vehicle that has lost its signal", () => {
    const looks = [ORDINARY, EXPOSED, LOCKED].flatMap((state) => [
      numberOf(state, 0, 0, NEVER_S),
      numberOf(state, 0, 1, NEVER_S),
    ]);
    const all = [...looks, numberOf(RELEASED, 0, 0, NEVER_S), stampNumbers.point, stampNumbers.chosen];
    expect(new Set(all).size).toBe(all.length);
  });

  it("turns with an arrow, all the way round; a padlock stays upright", () => {
    const headings = Array.from({ length: 360 }, (_, deg) => deg);
    for (const state of [ORDINARY, EXPOSED]) {
      expect(new Set(headings.map((deg) => numberOf(state, deg, 0, NEVER_S))).size).toBe(64);
      expect(numberOf(state, 359.9, 0, NEVER_S)).toBe(numberOf(state, 0, 0, NEVER_S));
    }
    expect(new Set(headings.map((deg) => numberOf(LOCKED, deg, 0, NEVER_S))).size).toBe(1);
  });

  it("pulses twice after a lock, then stays", () => {
    const resting = numberOf(LOCKED, 0, 0, NEVER_S);
    expect(numberOf(LOCKED, 0, 0, -0.1)).toBe(resting);
    expect(numberOf(LOCKED, 0, 0, 2.41)).toBe(resting);
    for (const sinceS of [0, 0.6, 1.19, 1.21, 2.39]) expect(numberOf(LOCKED, 0, 0, sinceS)).not.toBe(resting);
    expect(numberOf(LOCKED, 0, 0, 0.3)).toBe(numberOf(LOCKED, 0, 0, 1.5));
    expect(numberOf(LOCKED, 0, 0, 0.3)).not.toBe(numberOf(LOCKED, 0, 0, 0.9));
  });
});

describe("laid into a picture", () => {
  const one = (color: number) => ({ at: Int32Array.of(0), colors: Uint32Array.of(color) });
  const over = (under: number, color: number): string => {
    const picture = Uint32Array.of(under);
    lay(picture, 0, one(color));
    return picture[0].toString(16);
  };

  it("what is opaque replaces, what is see-through mixes, and the picture stays opaque", () => {
    expect(over(0xff102030, 0xff405060)).toBe("ff405060");
    // Half of black over white, and a quarter of pure red (premultiplied) over it.
    expect(over(0xffffffff, 0x80000000)).toBe("ff7f7f7f");
    expect(over(0xffffffff, 0x40000040)).toBe("ffbfbfff");
  });

  it("never carries from one colour into the next", () => {
    for (let alpha = 1; alpha < 255; alpha++) {
      const full = alpha * 0x010101;
      expect(over(0xffffffff, ((alpha << 24) | full) >>> 0)).toBe("ffffffff");
    }
  });

  it("touches only the pixels of the symbol", () => {
    const picture = new Uint32Array(25).fill(0xff000000);
    lay(picture, 12, { at: Int32Array.of(-5, 1), colors: Uint32Array.of(0xff0000ff, 0xff00ff00) });
    const touched = [...picture].flatMap((color, at) => (color === 0xff000000 ? [] : [at]));
    expect(touched).toEqual([7, 13]);
  });
});
