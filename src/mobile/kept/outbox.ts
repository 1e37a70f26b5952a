import type { CaseSummary } from "../../model/case.ts";
import { ApiError } from "../../web/api/client.ts";
import type { PhoneStore, WaitingAction } from "./phone-store.ts";

/** The server, as the outbox needs it. Both throw ApiError. */
export interface ActionServer {
  /** @returns the photo's id; the same photo has the same id. */
  upload: (photo: Blob) => Promise<string>;
  act: (action: WaitingAction) => Promise<CaseSummary>;
}

/** Why sending stopped: everything was sent, no network, or the session has ended. */
export type SendingEnd = "done" | "offline" | "signed-out";

/** By case: the version from which this phone's own steps have led, and the one to which they have. */
const ownSteps = new Map<string, { from: number; to: number }>();

/**
 * Keeps a step that was just done. Whoever did it may have seen the case as it was before a step of their own that the server
 * has meanwhile taken: that is nobody else's change, and the step stands on what it made of the case.
 */
export async function keepAction(
  store: PhoneStore,
  action: Omit<WaitingAction, "order" | "uploaded" | "state" | "now" | "problem">,
): Promise<void> {
  const own = ownSteps.get(action.case);
  const isBehind = own !== undefined && own.from <= action.version && action.version < own.to;
  const version = isBehind ? own.to : action.version;
  await store.add("action", { ...action, version, uploaded: [], state: "waiting", now: null, problem: null });
}

/**
 * Sends what waits, in the order in which it was done. A step whose predecessor on the same case is unsettled stays
 * behind it. Nothing is forgotten before the server has said that it has it, and sending the same twice does it once.
 */
export async function sendWaiting(store: PhoneStore, server: ActionServer): Promise<SendingEnd> {
  const unsettled = new Set<string>();
  for (const action of await store.getAll("action")) {
    if (action.state !== "waiting" || unsettled.has(action.case)) {
      unsettled.add(action.case);
      continue;
    }
    try {
      await sendOne(store, server, action.order!);
    } catch (error) {
      const end = await settleFailure(store, action.order!, error);
      if (end !== null) return end;
      unsettled.add(action.case);
    }
  }
  return "done";
}

async function sendOne(store: PhoneStore, server: ActionServer, order: number): Promise<void> {
  const action = await store.get("action", order);
  if (action === undefined) return;
  for (const photo of action.photos.slice(action.uploaded.length)) {
    action.uploaded.push(await server.upload(photo));
    await store.put("action", action);
  }
  const now = await server.act(action);
  const settling = store.transaction(["case", "action"], "readwrite");
  await settling.objectStore("case").put(now);
  await settling.objectStore("action").delete(order);
  // The steps after it were done on what it made of the case.
  for (const later of await settling.objectStore("action").getAll())
    if (later.case === action.case && later.state === "waiting")
      await settling.objectStore("action").put({ ...later, version: now.version });
  await settling.done;
  const own = ownSteps.get(action.case);
  ownSteps.set(action.case, { from: own?.to === action.version ? own.from : action.version, to: now.version });
}

/** @returns why sending ends here, or null when only this action could not be done */
async function settleFailure(store: PhoneStore, order: number, error: unknown): Promise<SendingEnd | null> {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) return "signed-out";
  // No answer, a busy server or a broken one: all of it may be sent again.
  if (error.status === 0 || error.status === 429 || error.status >= 500) return "offline";
  const action = await store.get("action", order);
  if (action === undefined) return null;
  const now = caseOf(error);
  await store.put("action", {
    ...action,
    state: error.code === "CASE_CHANGED" ? "conflict" : "refused",
    now,
    problem: error.sentence,
  });
  if (now !== null) await store.put("case", now);
  return null;
}

/** The present case that a refusal carries. */
function caseOf({ current }: ApiError): CaseSummary | null {
  return current === undefined ? null : (current as CaseSummary);
}

/** Has a step that was in conflict done on what the case is now. The same id: it was never done. */
export async function sendAgain(store: PhoneStore, order: number): Promise<void> {
  const action = await store.get("action", order);
  if (action === undefined || action.now === null) return;
  await store.put("action", { ...action, state: "waiting", version: action.now.version, now: null, problem: null });
}

/** Forgets a step, and the steps on the same case that were done after it: they stood on it. */
export async function dropAction(store: PhoneStore, order: number): Promise<void> {
  const dropped = await store.get("action", order);
  const dropping = store.transaction("action", "readwrite");
  for (const action of await dropping.store.getAll())
    if (action.case === dropped?.case && action.order! >= order) await dropping.store.delete(action.order!);
  await dropping.done;
}
