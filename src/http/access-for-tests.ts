import { AccessDesk } from "../access/access-desk.ts";
import { createFieldKey, FieldCipher } from "../access/field-cipher.ts";
import { Passkeys } from "../access/passkeys.ts";
import { PersonRegister } from "../access/person-fields.ts";
import { SecondFactor } from "../access/second-factor.ts";
import { SignIn } from "../access/sign-in.ts";
import { AuditChain } from "../access/audit-chain.ts";
import type { Database } from "../store/database.ts";
import type { ServerParts } from "./parts.ts";

/** A city desk's officer, whom every request from this machine is taken for: as in the demo. */
export async function accessForTests({
  kysely,
}: Database): Promise<Pick<ServerParts, "access" | "names" | "demoAccounts">> {
  const desk = new AccessDesk({
    kysely,
    duties: {
      dutiesOf: (person) => (person === "officer" ? [{ place: "410700", slot: "desk" }] : []),
      getPath: (place) => `${place}/`,
      kindOf: () => "city",
    },
    cityNow: () => 0,
  });
  await kysely.insertInto("person").values({ id: "officer", name: "值班员", recorded_ms: 0 }).execute();
  await desk.addAccount({ id: "officer", name: "值班员", person: "officer" });
  const cipher = new FieldCipher([createFieldKey("aes-256-gcm", "k1")]);
  const factors = new SecondFactor(kysely, cipher);
  const passkeys = new Passkeys(kysely);
  return {
    access: {
      desk,
      signIn: new SignIn({ kysely, factors, passkeys }),
      factors,
      passkeys,
      openId: null,
      publicUrl: null,
      audit: new AuditChain(kysely),
      persons: new PersonRegister(kysely, cipher),
      kysely,
      demo: { account: "officer", purpose: "checkpoint" },
    },
    names: { nameOf: (place) => place, kindOf: () => "city" },
    demoAccounts: [],
  };
}
