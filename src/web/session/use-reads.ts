import { useMe } from "./use-me.ts";

/** Whether the purpose that was chosen opens a class of fields; undefined while nobody knows. */
export function useReads(fields: string): boolean | undefined {
  const { data: me } = useMe();
  if (me === undefined || me === null) return undefined;
  return me.purposes.find(({ id }) => id === me.purpose)?.classes.includes(fields) ?? false;
}
