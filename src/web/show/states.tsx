import { Button } from "antd";
import { Component, type ErrorInfo, type ReactNode } from "react";
import { ApiError } from "../api/client.ts";
import { useText } from "../preferences.tsx";
import { PurposeChoice } from "./purpose-choice.tsx";

/** Keeps the layout while something is read. */
export function Loading({ rows = 4, label }: { rows?: number; label?: string }) {
  const t = useText();
  return (
    <div className="loading" role="status" aria-label={label ?? t.states.loading}>
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} style={{ width: `${[92, 76, 84, 58][row % 4]}%` }} />
      ))}
    </div>
  );
}

/** Nothing there: says what would fill the place. */
export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {hint === undefined ? null : <p>{hint}</p>}
      {children}
    </div>
  );
}

interface FailedProps {
  error: unknown;
  /** What could not be done. */
  what: string;
  stillWorks?: string;
  retry?: () => void;
}

/** Something failed: what, why, what still works, and what to do. */
export function Failed({ error, what, stillWorks, retry }: FailedProps) {
  const t = useText();
  if (error instanceof ApiError && error.code === "PURPOSE_NEEDED") {
    return (
      <div className="failed needs" role="alert">
        <strong>{t.settings.purposeTitle}</strong>
        <PurposeChoice />
      </div>
    );
  }
  const why =
    error instanceof ApiError
      ? error.status === 0
        ? t.states.unreachable
        : [error.sentence[t.language], error.detail, `(${error.code})`].filter(Boolean).join(" ")
      : String(error);
  return (
    <div className="failed" role="alert">
      <strong>
        <span aria-hidden="true">△ </span>
        {what}
      </strong>
      <p>{why}</p>
      {stillWorks === undefined ? null : <p>{stillWorks}</p>}
      {retry === undefined ? null : (
        <Button size="small" onClick={retry}>
          {t.states.retry}
        </Button>
      )}
    </div>
  );
}

/** One part of the page that breaks leaves the others standing. */
export class Fence extends Component<{ message: string; children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    reportError(new Error(`${error.message}${info.componentStack ?? ""}`, { cause: error }));
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <div className="failed" role="alert">
        <strong>△ {this.props.message}</strong>
      </div>
    );
  }
}
