import { Link } from "react-router";
import type { Lock } from "../../model/finding.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { VehicleMark } from "../show/symbols.tsx";

/** A lock in one line, on the page of its vehicle. */
export function LockLine({ lock, nowMs }: { lock: Lock; nowMs: number }) {
  const t = useText();
  const { clock } = useDesk();
  const open = lock.state === "live" || lock.state === "review";
  return (
    <p className="lock-line">
      <VehicleMark state={open ? "locked" : lock.state === "released" ? "released" : "ordinary"} size={16} />
      <Link to={`/lock/${encodeURIComponent(lock.id)}`}>{t.lockState[lock.state]}</Link>
      <span className="muted">
        {t.lock.since} {clock.full(lock.lockedAt, nowMs)} · {lockEnd(lock, t, (at) => clock.full(at, nowMs))}
      </span>
    </p>
  );
}

/** How the lock ended or when it will. */
export function lockEnd(lock: Lock, t: ReturnType<typeof useText>, at: (instant: string) => string): string {
  if (lock.release !== null) return t.lock.released(lock.release.by, at(lock.release.at));
  return lock.state === "expired" ? t.lock.expired(at(lock.expiresAt)) : `${t.lock.expires} ${at(lock.expiresAt)}`;
}
