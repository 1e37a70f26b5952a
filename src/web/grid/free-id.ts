import { ApiError, get } from "../api/client.ts";
import type { ShapedPlace } from "./grid-queries.ts";

/** Tries at most; a community has a handful of grids. */
const TRIES_MAX = 60;

/**
 * Identities for new grids of a community, in the way of those it has: the common beginning and the next free number. Identities that were ever given are not free.
 */
export async function freeIds(parent: string, wanted: number): Promise<string[]> {
  const { items } = await get<{ items: ShapedPlace[] }>("/places", { parent });
  const numbers = items.map(({ id }) => /^(.*?)(\d{1,4})$/.exec(id));
  const width = numbers.find((match) => match !== null)?.[2]?.length ?? 2;
  const stem = numbers.find((match) => match !== null)?.[1] ?? `${parent}g`;
  let next = Math.max(0, ...numbers.map((match) => Number(match?.[2] ?? 0)));
  const found: string[] = [];
  for (let tries = 0; found.length < wanted && tries < TRIES_MAX; tries++) {
    const id = `${stem}${String(++next).padStart(width, "0")}`;
    const given = await get(`/places/${encodeURIComponent(id)}/versions`).then(
      () => true,
      (error: unknown) => !(error instanceof ApiError && error.status === 404),
    );
    if (!given) found.push(id);
  }
  return found;
}
