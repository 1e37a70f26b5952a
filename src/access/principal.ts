/** Classes of fields. Everything but `open` is masked until a purpose that the rights allow is given. */
export const FIELD_CLASSES = ["open", "identity", "contact", "track", "health"] as const;
export type FieldClass = (typeof FIELD_CLASSES)[number];

/** On whose behalf something is read or done: an account, signed in or by a key. */
export interface Principal {
  readonly account: string;
  /** The person that holds duties; null for a machine. */
  readonly person: string | null;
  readonly name: string;
}
