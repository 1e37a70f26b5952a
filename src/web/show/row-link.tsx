import type { ReactNode } from "react";
import { Link } from "react-router";

interface RowLinkProps {
  to: string;
  className: string;
  /** The row that the keys are on. */
  isChosen?: boolean;
  children: ReactNode;
}

/** A row of a list that leads somewhere. */
export function RowLink({ to, className, isChosen = false, children }: RowLinkProps) {
  return (
    <Link
      className={`row ${className}${isChosen ? " chosen" : ""}`}
      to={to}
      aria-current={isChosen ? "true" : undefined}
    >
      {children}
    </Link>
  );
}
