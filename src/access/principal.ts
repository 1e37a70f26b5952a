import type { Right } from "./rights.ts";

/** On whose behalf something is read or done: an account, signed in or by a key. */
export interface Principal {
  readonly account: string;
  /** The person that holds duties; null for a machine. */
  readonly person: string | null;
  readonly name: string;
  /** What the account may do, by its duties and roles, or less by its key. */
  readonly rights: ReadonlySet<Right>;
  /** Purposes that it may read personal data for. */
  readonly purposes: readonly string[];
  /** Places that it may see, each with all below it: paths, closed by a slash. */
  readonly paths: readonly string[];
  readonly duties: readonly { place: string; slot: string }[];
  /** The session that it came by; null by a key or in the demo. */
  readonly session: string | null;
}
