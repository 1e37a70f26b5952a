import { expect, it } from "vitest";
import { wuxing } from "../../test/end-to-end/program.ts";

/** A location report of 2013 and a login of 2011, written by hand from the tables of the standards. */
const REPORT =
  "7e 0200 0028 013912345678 007d02 00000001 00000003 02197b37 06c99d8c 004b 0258 010e 260513102030 0104000003e8 300114 310109 33 7e";
const LOGIN_2011 =
  "5b000000480000008510010133efb8010000000000270f0133efb832303138303932303132372e302e302e31000000000000000000000000000000000000000000000003296a915d";

it("wuxing decode jt808 answers each line of hexadecimal with one line of JSON, whatever is wrong with it", async () => {
  const { code, stdout, stderr } = await wuxing(
    ["decode", "jt808"],
    `${REPORT}\r\n\nnonsense\n${REPORT.replace("33 7e", "00 7e")}`,
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { valid: true, messageIdHex: "0x0200", phone: "13912345678", latitude: 35.224375, extras: { mileageKm: 100 } },
    { valid: false, reason: "not hexadecimal" },
    { valid: false, reason: "checksum: frame says 00, computed 33", phone: "13912345678" },
  ]);
}, 120_000);

it("wuxing decode jt809 does so too, and says which keys it wants", async () => {
  const { code, stdout } = await wuxing(["decode", "jt809", "--keys", "1,2,3"], LOGIN_2011);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    valid: true,
    messageIdHex: "0x1001",
    userId: 20180920,
    password: "20180920",
  });
  const refused = await wuxing(["decode", "jt809", "--keys", "1,2"], "");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain("three whole numbers");
}, 120_000);
