import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import type { CaseSummary, CaseTypeView, Notice } from "../model/case.ts";
import { ApiError } from "../web/api/client.ts";
import { openEventStream } from "../web/api/event-stream.ts";
import {
  askMe,
  askNotices,
  askSync,
  beginShift,
  markRead,
  actOn,
  signIn as signInAt,
  signOut as signOutAt,
  uploadPhoto,
} from "./api.ts";
import { keepAction, sendWaiting } from "./kept/outbox.ts";
import { erasePhoneStore, type KeptPerson, type PhoneStore, type WaitingAction } from "./kept/phone-store.ts";
import { Rounds } from "./kept/rounds.ts";
import { syncCases } from "./kept/sync.ts";

/** `off-shift`: what it reads for has ended; nothing new is taken over until its person begins a shift again. */
type Connection = "online" | "offline" | "signed-out" | "off-shift";

interface Phone {
  /** Null until the first sign-in on this phone. */
  me: KeptPerson | null;
  connection: Connection;
  syncedAtMs: number | null;
  /** How far the city's clock is ahead of this phone's, ms. */
  aheadMs: number;
  cases: readonly CaseSummary[];
  types: ReadonlyMap<string, CaseTypeView>;
  waiting: readonly WaitingAction[];
  /** What I was told, newest first. */
  notices: readonly Notice[];
  isBusy: boolean;
  /** Marks what I was told as read, here and there. */
  readAll: () => Promise<void>;
  /** Sends what waits and takes over what changed. */
  refresh: () => Promise<void>;
  /** Keeps what was done, and sends it when it can. */
  act: (action: Omit<WaitingAction, "order" | "uploaded" | "state" | "now" | "problem">) => Promise<void>;
  /** Reads what this phone keeps again, after a change of the outbox. */
  reread: () => Promise<void>;
  store: PhoneStore;
  signIn: (account: string, password: string, code: string) => Promise<void>;
  /** Says that this is for work on cases, for another shift. */
  beginShift: () => Promise<void>;
  signOut: () => Promise<void>;
}

const PhoneContext = createContext<Phone | null>(null);
const REFRESH_MS = 30_000;
const WORK_STREAM = "/api/v1/work/stream";

export function usePhone(): Phone {
  const phone = use(PhoneContext);
  if (phone === null) throw new Error("the phone is read outside its provider");
  return phone;
}

/** The present instant by the city's clock, ms UTC, renewed often enough for clocks that count minutes. */
export function useNowMs(): number {
  const { aheadMs } = usePhone();
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs + aheadMs;
}

/** Everything of the phone: what it keeps, whether it has a network, and who holds it. */
export function PhoneProvider({ store, children }: { store: PhoneStore; children: ReactNode }) {
  const [kept, setKept] = useState<Kept | null>(null);
  const [connection, setConnection] = useState<Connection>(navigator.onLine ? "online" : "offline");
  const [isBusy, setBusy] = useState(false);
  const reread = useCallback(async () => setKept(await readKept(store)), [store]);
  const [rounds] = useState(
    () =>
      new Rounds(async () => {
        setBusy(true);
        try {
          setConnection(await exchange(store));
          setKept(await readKept(store));
        } catch (error) {
          reportError(error);
        } finally {
          setBusy(false);
        }
      }),
  );
  const refresh = useCallback(() => rounds.run(), [rounds]);

  useEffect(() => {
    void reread().then(refresh);
    const timer = setInterval(() => void refresh(), REFRESH_MS);
    const soon = (): void => void refresh();
    const gone = (): void => setConnection("offline");
    const seen = (): void => {
      if (document.visibilityState === "visible") soon();
    };
    window.addEventListener("online", soon);
    window.addEventListener("offline", gone);
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", soon);
      window.removeEventListener("offline", gone);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [reread, refresh]);

  // What changes for me comes at once; the rounds every half minute are for when the stream does not.
  const isOnline = connection === "online";
  useEffect(() => {
    if (!isOnline) return;
    return openEventStream({ url: WORK_STREAM, onEvent: () => void refresh(), onState: () => {} });
  }, [isOnline, refresh]);

  const readAll = useCallback(async () => {
    const notices = ((await store.get("note", "notices")) as Notice[] | undefined) ?? [];
    if (!isOnline || notices.every(({ readAt }) => readAt !== null)) return;
    const readAt = new Date().toISOString();
    try {
      for (const { id, readAt: before } of notices) if (before === null) await markRead(id);
      await store.put(
        "note",
        notices.map((notice) => ({ ...notice, readAt: notice.readAt ?? readAt })),
        "notices",
      );
      await reread();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }, [store, isOnline, reread]);

  const value = useMemo<Phone | null>(() => {
    if (kept === null) return null;
    return {
      ...kept,
      connection,
      isBusy,
      refresh,
      readAll,
      reread,
      store,
      act: async (action) => {
        await keepAction(store, action);
        await reread();
        await refresh();
      },
      signIn: async (account, password, code) => {
        await signInAt(account, password, code);
        await beginShift();
        await refresh();
      },
      beginShift: async () => {
        await beginShift();
        await refresh();
      },
      signOut: async () => {
        await signOutAt();
        await erasePhoneStore(store);
        await reread();
        setConnection("signed-out");
      },
    };
  }, [kept, connection, isBusy, refresh, readAll, reread, store]);

  return value === null ? null : <PhoneContext value={value}>{children}</PhoneContext>;
}

type Kept = Pick<Phone, "me" | "aheadMs" | "syncedAtMs" | "cases" | "types" | "waiting" | "notices">;

async function readKept(store: PhoneStore): Promise<Kept> {
  const [me, syncedAt, clock, notices, cases, types, waiting] = await Promise.all([
    store.get("note", "me"),
    store.get("note", "syncedAt"),
    store.get("note", "clock"),
    store.get("note", "notices"),
    store.getAll("case"),
    store.getAll("type"),
    store.getAll("action"),
  ]);
  return {
    me: (me as KeptPerson | undefined) ?? null,
    aheadMs: (clock as number | undefined) ?? 0,
    syncedAtMs: (syncedAt as number | undefined) ?? null,
    notices: (notices as Notice[] | undefined) ?? [],
    cases,
    types: new Map(types.map((type) => [type.id, type])),
    waiting,
  };
}

/** One round with the server: who am I, what waits, what changed. */
async function exchange(store: PhoneStore): Promise<Connection> {
  try {
    const { isDemo, purpose, purposes, ...me } = await askMe();
    // The demo takes a browser for its duty officer; a phone is somebody's own.
    if (isDemo) return "signed-out";
    const before = (await store.get("note", "me")) as KeptPerson | undefined;
    if (before !== undefined && before.account !== me.account) {
      // What another person did here is not thrown away: that person has to sign in and send it.
      if ((await store.count("action")) > 0) return "signed-out";
      await erasePhoneStore(store);
    }
    await store.put("note", me, "me");
    const end = await sendWaiting(store, { upload: uploadPhoto, act: actOn });
    if (end !== "done") return end;
    // What comes now would be masked: it must not take the place of what is here.
    if (purpose === null && purposes.length > 0) return "off-shift";
    await syncCases(store, askSync, Date.now);
    await store.put("note", await askNotices(), "notices");
    return "online";
  } catch (error) {
    if (error instanceof ApiError) return error.status === 401 ? "signed-out" : "offline";
    throw error;
  }
}
