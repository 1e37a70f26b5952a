import { expect, it } from "vitest";
import { trendOf } from "./trend.ts";

it("counts the last hour and the hour before it, and nothing older", () => {
  const nowMs = Date.UTC(2022, 4, 10, 8);
  const ago = (minutes: number): string => new Date(nowMs - minutes * 60_000).toISOString();
  // A clock that is shown by the minute lags behind what just came.
  expect(trendOf([ago(-0.5), ago(0), ago(59.9), ago(60), ago(119.9), ago(120), ago(3000)], nowMs)).toEqual({
    hour: 3,
    before: 2,
  });
});
