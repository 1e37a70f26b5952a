import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { AreaInput } from "../../model/area.ts";
import type { AreaPreview } from "../../model/area-preview.ts";
import { send } from "../api/client.ts";

export const PREVIEW_DAYS = 14;
/** Nothing is asked while corners are still being clicked, ms. */
const SETTLED_MS = 450;

/** What the areas would find, asked for when they have not changed for a moment; a question that is out of date is given up. */
export function useAreaPreview(areas: readonly AreaInput[]): UseQueryResult<AreaPreview> & { waiting: boolean } {
  const question = JSON.stringify(areas.map(decisive));
  const [asked, setAsked] = useState("[]");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(question), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [question]);
  const query = useQuery({
    queryKey: ["area-preview", asked],
    queryFn: ({ signal }) =>
      send<AreaPreview>("POST", "/areas/preview", { areas: JSON.parse(asked) as unknown, days: PREVIEW_DAYS }, signal),
    enabled: asked !== "[]",
    staleTime: 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });
  return { ...query, waiting: asked !== question };
}

/** What of an area decides; a name that is being typed asks nothing anew. */
function decisive({ level, datum, geometry, from, to }: AreaInput): AreaInput {
  return { level, datum, geometry, from: from ?? null, to: to ?? null };
}
