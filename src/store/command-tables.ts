import type { Generated } from "kysely";

/** Tables of migration 0007. Instants are ms UTC, bodies hexadecimal. */
export interface CommandTables {
  terminal_command: {
    id: number;
    terminal: string;
    message: number;
    answered_by: number;
    state: "waiting" | "sent" | "done" | "refused" | "unanswered" | "expired" | "cancelled";
    given_ms: number;
    valid_until_ms: number;
    sent_ms: number | null;
    attempts: number;
    result: number | null;
    answer: string | null;
    narrow_body: string;
    wide_body: string;
  };
  terminal_message: {
    id: Generated<number>;
    terminal: string;
    vehicle: string;
    message: number;
    received_ms: number;
    wide_header: boolean;
    body: string;
  };
}
