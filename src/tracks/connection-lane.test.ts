import type { DuckDBConnection } from "@duckdb/node-api";
import { expect, test } from "vitest";
import { ConnectionLane } from "./connection-lane.ts";

const one = (): DuckDBConnection[] => [{ disconnectSync() {} } as unknown as DuckDBConnection];

test("while a database cannot be opened again, who waits and who comes is told at once; afterwards all goes on", async () => {
  const lane = new ConnectionLane(1);
  lane.fill(one());
  expect(await lane.use(async () => 1)).toBe(1);
  await lane.empty();
  const waiting = lane.use(async () => 2);
  lane.refuse("Read-only file system");
  const refusal = { code: "STORE_UNAVAILABLE", message: expect.stringContaining("Read-only file system") as string };
  await expect(waiting).rejects.toMatchObject(refusal);
  await expect(lane.use(async () => 3)).rejects.toMatchObject(refusal);
  // The next try empties what is empty, and again cannot open.
  await lane.empty();
  await expect(lane.use(async () => 4)).rejects.toMatchObject(refusal);
  lane.fill(one());
  expect(await lane.use(async () => 5)).toBe(5);
});
