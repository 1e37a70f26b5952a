import type { Kysely } from "kysely";
import type { Bilingual } from "../model/case.ts";
import type { Tables } from "../store/tables.ts";
import { LeasedWork, PermanentFailure, type LeaseTerms } from "./leased-work.ts";
import type { NoticeChannel } from "./notice-channel.ts";

interface DeliveryRow {
  id: string;
  notice: string;
  channel: string;
  attempts: number;
}

export interface NoticeDeskOptions {
  kysely: Kysely<Tables>;
  channels: readonly NoticeChannel[];
  terms?: Partial<LeaseTerms>;
}

const SEND_TIMEOUT_MS = 20_000;

/** Sends what waits in the outbox, by every channel that the operator configured, at least once. */
export class NoticeDesk {
  readonly #kysely: Kysely<Tables>;
  readonly #channels: ReadonlyMap<string, NoticeChannel>;
  readonly #work: LeasedWork<DeliveryRow>;
  readonly #end = new AbortController();

  constructor({ kysely, channels, terms }: NoticeDeskOptions) {
    this.#kysely = kysely;
    this.#channels = new Map(channels.map((channel) => [channel.name, channel]));
    this.#work = new LeasedWork(kysely, "delivery", "sent", terms);
  }

  /** Names of the channels, for `writeNotices`. */
  get channels(): readonly string[] {
    return [...this.#channels.keys()];
  }

  /** Tries what is due, once. @returns how many were tried */
  async deliver(nowMs: number): Promise<number> {
    return this.#work.run(nowMs, (row) => this.#send(row));
  }

  /** Breaks off what is being sent; it is sent again after its lease. */
  close(): void {
    this.#end.abort();
    for (const channel of this.#channels.values()) channel.close?.();
  }

  async #send({ notice: id, channel: name }: DeliveryRow): Promise<void> {
    const channel = this.#channels.get(name);
    if (channel === undefined) throw new PermanentFailure(`the channel ${name} is not configured any more`);
    const notice = await this.#kysely.selectFrom("notice").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(SEND_TIMEOUT_MS)]);
    await channel.send(
      {
        id,
        at: new Date(notice.at_ms).toISOString(),
        person: notice.person ?? "",
        case: notice.case,
        kind: notice.kind,
        text: notice.body as Bilingual,
      },
      signal,
    );
  }
}
