/**
 * Posts a fix of each of many vehicles, `bus-0` and so on, at a second of 2022-05-10, as a source with a key does.
 * @returns `acknowledged`, or the status and the error's code
 */
export async function postFixes(url: string, key: string, vehicles: number, second: number): Promise<string> {
  const time = new Date(POSTED_FROM_MS + second * 1000).toISOString();
  const fixes = Array.from({ length: vehicles }, (_, vehicle) => ({
    vehicle: `bus-${vehicle}`,
    time,
    lon: 114 + ((vehicle * 7919 * (second + 1)) % 100_000) / 1e6,
    lat: 35 + ((vehicle * 104_729 * (second + 1)) % 100_000) / 1e6,
  }));
  const answer = await fetch(`${url}/api/v1/fixes`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ fixes }),
  });
  const body = (await answer.json()) as { accepted?: number; code?: string };
  return answer.status === 200 && body.accepted === vehicles ? "acknowledged" : `${answer.status} ${body.code ?? ""}`;
}

/** Second 0 of `postFixes`, ms UTC. */
export const POSTED_FROM_MS = Date.UTC(2022, 4, 10, 2);
