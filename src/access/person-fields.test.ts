import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "../store/database.ts";
import { openTestDatabase } from "../store/database-for-tests.ts";
import { createFieldKey, FieldCipher, type FieldAlgorithm } from "./field-cipher.ts";
import { PersonRegister } from "./person-fields.ts";

const WANG = { identity: "410702199001011234", phone: "13800138000", mail: "wang@example.org" };
let database: Database;

beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  await sql`truncate person cascade`.execute(database.kysely);
  for (const id of ["wang", "li"])
    await database.kysely.insertInto("person").values({ id, name: id, recorded_ms: 0 }).execute();
});
afterAll(() => database.close());

describe.each<FieldAlgorithm>(["aes-256-gcm", "sm4-gcm"])(
  "9. Identity and contact are encrypted at rest: %s",
  (algorithm) => {
    const key = createFieldKey(algorithm, "k1");

    test("are not in the database, and are found by exactly what is searched for", async () => {
      const register = new PersonRegister(database.kysely, new FieldCipher([key]));
      await register.put("wang", WANG);
      const rows = JSON.stringify(await database.kysely.selectFrom("person_field").selectAll().execute());
      for (const value of Object.values(WANG)) expect(rows).not.toContain(value);
      expect(await register.get("wang")).toEqual(WANG);
      expect(await register.find("13800138000")).toEqual(["wang"]);
      expect(await register.find(" 410702199001011234 ")).toEqual(["wang"]);
      expect(await register.find("1380013800")).toEqual([]);
      expect(await register.get("li")).toEqual({ identity: null, phone: null, mail: null });
    });

    test("that were changed, or moved to another person, are refused", async () => {
      const register = new PersonRegister(database.kysely, new FieldCipher([key]));
      await register.put("wang", WANG);
      await register.put("li", { identity: null, phone: "13900139000", mail: null });
      await sql`update person_field set phone = (select phone from person_field where person = 'wang') where person = 'li'`.execute(
        database.kysely,
      );
      await expect(register.get("li")).rejects.toMatchObject({ code: "DATA_UNREADABLE" });
      const stranger = new PersonRegister(database.kysely, new FieldCipher([createFieldKey(algorithm, "k1")]));
      await expect(stranger.get("wang")).rejects.toMatchObject({ code: "DATA_UNREADABLE" });
    });

    test("go over to a new key, and until then both are read and searched", async () => {
      await new PersonRegister(database.kysely, new FieldCipher([key])).put("wang", WANG);
      const newer = createFieldKey("aes-256-gcm", "k2");
      const both = new PersonRegister(database.kysely, new FieldCipher([key, newer]));
      expect(await both.find(WANG.phone)).toEqual(["wang"]);
      expect(await both.rotate()).toBe(1);
      expect(await both.rotate()).toBe(0);
      const onlyNewer = new PersonRegister(database.kysely, new FieldCipher([newer]));
      expect(await onlyNewer.get("wang")).toEqual(WANG);
      expect(await onlyNewer.find(WANG.identity)).toEqual(["wang"]);
    });
  },
);
