import type { DuckDBConnection } from "@duckdb/node-api";
import { WuxingError } from "../model/errors.ts";

const WAITING_MAX = 10_000;

/**
 * Connections for one kind of work: each is used by one caller at a time, the others wait in order. So a long question
 * holds up other long questions, never a commit.
 */
export class ConnectionLane {
  private free: DuckDBConnection[] = [];
  private inUse = 0;
  private waiting: (() => void)[] = [];
  private open = false;
  private drained: (() => void) | undefined;
  /** Why there are no connections, when that is not over in a moment. */
  private refusal: string | null = null;
  readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  /** Gives the lane its `size` connections; those who wait go on. */
  fill(connections: DuckDBConnection[]): void {
    this.free = connections;
    this.open = true;
    this.refusal = null;
    for (let index = 0; index < connections.length; index++) this.waiting.shift()?.();
  }

  /** Waits until nobody uses a connection, then disconnects them all; those who come meanwhile wait for `fill`. */
  async empty(): Promise<void> {
    this.open = false;
    if (this.inUse > 0) {
      await new Promise<void>((resolve) => {
        this.drained = resolve;
      });
    }
    for (const connection of this.free) connection.disconnectSync();
    this.free = [];
  }

  /** Tells those who wait, and those who come before the next `fill`, that there is no connection to be had, and why. */
  refuse(reason: string): void {
    this.refusal = reason;
    for (const go of this.waiting.splice(0)) go();
  }

  /**
   * @throws WuxingError OVERLOADED when 10,000 wait already.
   * @throws WuxingError STORE_UNAVAILABLE after `refuse`.
   */
  async use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    while (!this.open || this.free.length === 0) {
      if (!this.open && this.refusal !== null) throw new WuxingError("STORE_UNAVAILABLE", this.refusal);
      if (this.waiting.length >= WAITING_MAX) throw new WuxingError("OVERLOADED", `${WAITING_MAX} questions wait`);
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
    }
    const connection = this.free.pop()!;
    this.inUse++;
    try {
      return await work(connection);
    } finally {
      this.inUse--;
      this.free.push(connection);
      if (this.open) {
        this.waiting.shift()?.();
      } else if (this.inUse === 0) {
        this.drained?.();
        this.drained = undefined;
      }
    }
  }
}
