import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Command } from "../gateway/command.ts";
import type { FindingEvent, Lock } from "../model/finding.ts";
import type { LockFilter } from "../store/ledger.ts";
import { decodeTracking } from "../wire/jt808/8202-tracking.ts";
import { followLocked } from "./follow-locked.ts";

function lock(vehicle: string, state: Lock["state"]): Lock {
  const at = "2026-03-01T04:00:00.000Z";
  const times = { lockedAt: at, learntAt: at, exposedAt: at, expiresAt: at };
  return { id: `lock-${vehicle}`, vehicle, state, ...times, exposures: [], enteredAt: null, release: null };
}

function event(of: Lock, change: FindingEvent["change"]): FindingEvent {
  return { seq: 1, at: of.learntAt, kind: "lock", change, id: of.id, vehicle: of.vehicle, cause: "live", body: of };
}

it("vehicles that are locked at the start and those that become so are followed until their lock ends", async () => {
  let tell: (events: readonly FindingEvent[]) => void = () => {};
  const pages = [
    { items: [lock("A_2", "live")], next: "more" },
    { items: [lock("B_2", "live")], next: null },
  ];
  const ledger = {
    locks: async ({ cursor, state }: LockFilter) => {
      expect(state).toBe("live");
      return pages[cursor === undefined ? 0 : 1];
    },
    subscribe: (listener: typeof tell) => {
      tell = listener;
      return () => (tell = () => {});
    },
  };
  const sent: string[] = [];
  const desk = {
    terminalsOf: (vehicle: string) => [`of ${vehicle}`],
    send: (terminal: string, command: Command) => {
      sent.push(`${terminal}: ${decodeTracking(command.body(false)).intervalSec}`);
      const tracked = {
        id: sent.length,
        terminal,
        messageId: command.messageId,
        state: "done" as const,
        givenMs: 0,
        validUntilMs: 0,
        sentMs: 0,
        attempts: 1,
        result: 0,
        answer: undefined,
      };
      return { tracked, finished: Promise.resolve(tracked) };
    },
  };
  const stop = await followLocked(ledger, desk, { sweepMs: 5 });
  tell([event(lock("C_2", "live"), "opened"), event(lock("A_2", "released"), "closed")]);
  await sleep(40);
  // A was released before its terminal was told anything.
  expect(sent.toSorted()).toEqual(["of B_2: 5", "of C_2: 5"]);
  tell([event(lock("B_2", "review"), "revised"), event(lock("C_2", "live"), "withdrawn")]);
  await sleep(20);
  expect(sent.slice(2).toSorted()).toEqual(["of B_2: 0", "of C_2: 0"]);
  stop();
});
