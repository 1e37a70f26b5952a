import type { z } from "zod";
import type { caseSyncSchema, CaseStory, CaseSummary, Notice } from "../model/case.ts";
import { answerOf, ApiError, get, send } from "../web/api/client.ts";
import type { KeptPerson, WaitingAction } from "./kept/phone-store.ts";

export type SyncAnswer = z.infer<typeof caseSyncSchema>;

const PATIENCE_MS = 60_000;
const NOTICES_SHOWN = 50;
const SHIFT_PURPOSE = "case-work";

type MeAnswer = KeptPerson & { isDemo: boolean; purpose: string | null; purposes: { id: string }[] };

export function askMe(): Promise<MeAnswer> {
  return get<MeAnswer>("/me");
}

export function askSync(since: string | undefined): Promise<SyncAnswer> {
  return get<SyncAnswer>("/sync", { since });
}

/** My inbox, newest first: what a phone shows of it. */
export async function askNotices(): Promise<Notice[]> {
  return (await get<{ items: Notice[] }>("/notices", { limit: NOTICES_SHOWN })).items;
}

export async function markRead(id: string): Promise<void> {
  await send("POST", `/notices/${encodeURIComponent(id)}/read`, {});
}

export function askCase(id: string): Promise<CaseStory> {
  return get<CaseStory>(`/cases/${encodeURIComponent(id)}`);
}

export function actOn(action: WaitingAction): Promise<CaseSummary> {
  return send<CaseSummary>("POST", `/cases/${encodeURIComponent(action.case)}/actions`, {
    id: action.id,
    action: action.action,
    version: action.version,
    at: action.at,
    form: action.form,
    attachments: action.uploaded,
    ...(action.position === null ? {} : { position: action.position }),
  });
}

/** @returns the photo's id */
export async function uploadPhoto(photo: Blob): Promise<string> {
  let response: Response;
  try {
    response = await fetch("/api/v1/attachments", {
      method: "POST",
      headers: { "content-type": photo.type },
      body: photo,
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new ApiError(0, {});
  }
  return (await answerOf<{ id: string }>(response)).id;
}

export async function signIn(account: string, password: string, code: string): Promise<void> {
  await send("POST", "/session", { account, password, ...(code === "" ? {} : { code }) });
}

/** Says that what is read is read for work on cases, where that is a purpose of one's duties: for a shift. */
export async function beginShift(): Promise<void> {
  const { purposes } = await askMe();
  if (purposes.some(({ id }) => id === SHIFT_PURPOSE))
    await send("POST", "/session/purpose", { purpose: SHIFT_PURPOSE });
}

export async function signOut(): Promise<void> {
  const response = await fetch("/api/v1/session", { method: "DELETE" }).catch(() => null);
  if (response === null) throw new ApiError(0, {});
}

export interface DemoAccount {
  account: string;
  password: string;
  zh: string;
  en: string;
}

export async function askDemoAccounts(): Promise<DemoAccount[]> {
  return (await get<{ demo: DemoAccount[] }>("/session/options")).demo;
}
