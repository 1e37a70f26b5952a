import type { ReactNode } from "react";

/** Figures with their names, three in a row. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="facts three">{children}</dl>;
}

export function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
