import type { Kysely } from "kysely";
import { WuxingError } from "../model/errors.ts";
import type { Tables } from "../store/tables.ts";
import type { FieldCipher } from "./field-cipher.ts";

/** What identifies a person, and how to reach one. */
export interface PersonFields {
  /** Number of the identity card (GB 11643). */
  identity: string | null;
  phone: string | null;
  mail: string | null;
}

const COLUMNS = ["identity", "phone", "mail"] as const;

/** Keeps identity and contact of persons encrypted; whoever may see them asks here. */
export class PersonRegister {
  readonly #kysely: Kysely<Tables>;
  readonly #cipher: FieldCipher;

  constructor(kysely: Kysely<Tables>, cipher: FieldCipher) {
    this.#kysely = kysely;
    this.#cipher = cipher;
  }

  /** @throws WuxingError PERSON_NOT_FOUND */
  async put(person: string, fields: PersonFields): Promise<void> {
    const known = await this.#kysely.selectFrom("person").select("id").where("id", "=", person).executeTakeFirst();
    if (known === undefined) throw new WuxingError("PERSON_NOT_FOUND", person);
    const row = {
      person,
      key: this.#cipher.keyId,
      identity: this.#sealed(person, "identity", fields.identity),
      phone: this.#sealed(person, "phone", fields.phone),
      mail: this.#sealed(person, "mail", fields.mail),
      identity_hash: this.#hash(fields.identity),
      phone_hash: this.#hash(fields.phone),
    };
    await this.#kysely
      .insertInto("person_field")
      .values(row)
      .onConflict((conflict) => conflict.column("person").doUpdateSet(row))
      .execute();
  }

  /** @throws WuxingError DATA_UNREADABLE when the key is gone or the row was tampered with */
  async get(person: string): Promise<PersonFields> {
    const row = await this.#kysely
      .selectFrom("person_field")
      .select(COLUMNS)
      .where("person", "=", person)
      .executeTakeFirst();
    const open = (column: (typeof COLUMNS)[number]): string | null =>
      row?.[column] == null ? null : this.#cipher.decrypt(row[column], `person ${person} ${column}`);
    return { identity: open("identity"), phone: open("phone"), mail: open("mail") };
  }

  /** Persons with exactly this identity number or telephone number; nothing is decrypted to find them. */
  async find(value: string): Promise<string[]> {
    const hashes = this.#cipher.hashes(value);
    const rows = await this.#kysely
      .selectFrom("person_field")
      .select("person")
      .where((either) => either.or([either("identity_hash", "in", hashes), either("phone_hash", "in", hashes)]))
      .execute();
    return rows.map(({ person }) => person);
  }

  /** Encrypts everything of older keys with the newest one. @returns how many rows were */
  async rotate(): Promise<number> {
    const old = await this.#kysely
      .selectFrom("person_field")
      .select("person")
      .where("key", "!=", this.#cipher.keyId)
      .execute();
    for (const { person } of old) await this.put(person, await this.get(person));
    return old.length;
  }

  #sealed(person: string, column: string, value: string | null): string | null {
    return value === null ? null : this.#cipher.encrypt(value, `person ${person} ${column}`);
  }

  #hash(value: string | null): string | null {
    return value === null ? null : this.#cipher.hashes(value)[0]!;
  }
}
