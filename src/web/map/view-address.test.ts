import { describe, expect, it } from "vitest";
import { readViewAddress, withViewAddress } from "./view-address.ts";

const NOTHING = { view: null, hidden: [], thenMs: null, theme: null };

describe("the address of a map's view", () => {
  it("says where the map stands, what is hidden, which instant it shows and its theme, and keeps what pages put there", () => {
    const search = withViewAddress("?hours=24&map=1,2,3", {
      view: { lon: 114.020134, lat: 35.31, zoom: 11.254 },
      hidden: ["roads", "places"],
      thenMs: Date.UTC(2026, 10, 24, 6),
      theme: "dark",
    });
    expect(search).toBe(
      "?hours=24&map=114.02013,35.31000,11.25&hide=roads,places&then=2026-11-24T06:00:00.000Z&theme=dark",
    );
    expect(readViewAddress(search)).toEqual({
      view: { lon: 114.02013, lat: 35.31, zoom: 11.25 },
      hidden: ["roads", "places"],
      thenMs: Date.UTC(2026, 10, 24, 6),
      theme: "dark",
    });
  });

  it("is empty where nothing is said", () => {
    expect(withViewAddress("", NOTHING)).toBe("");
    expect(withViewAddress("?map=1,2,3&q=%E8%B1%AB", NOTHING)).toBe("?q=%E8%B1%AB");
  });

  it.each([
    "",
    "?map=1,2",
    "?map=1,2,3,4",
    "?map=200,2,3",
    "?map=,,",
    "?map=a,b,c",
    "?then=soon",
    "?theme=pink&hide=locked",
  ])("that is not understood (%s) shows the map as it would be without it", (search) =>
    expect(readViewAddress(search)).toEqual(NOTHING),
  );
});
