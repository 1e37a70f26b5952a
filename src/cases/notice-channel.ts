import type { Bilingual } from "../model/case.ts";

/** A notice on its way out. */
export interface OutgoingNotice {
  /** Its identity: a receiver that gets it twice knows it by this. */
  id: string;
  at: string;
  person: string;
  case: string | null;
  kind: string;
  text: Bilingual;
}

/** A way out beside the inbox. */
export interface NoticeChannel {
  readonly name: string;
  /**
   * Sends, or throws: `PermanentFailure` when trying again makes no sense.
   * @param signal ends the attempt
   */
  send: (notice: OutgoingNotice, signal: AbortSignal) => Promise<void>;
  close?: () => void;
}

/** How a person can be reached; null where nothing is known. */
export interface Contact {
  /** Mobile number. */
  phone: string | null;
  mail: string | null;
}

export type ContactFinder = (person: string) => Promise<Contact>;
