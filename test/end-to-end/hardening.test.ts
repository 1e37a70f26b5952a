import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, cookieOf, cookieOfOfficer, serve, squareCity, temporaryFolder, wuxing, type Served } from "./program.ts";

let served: Served;
let data: string;
let password: string;
let cookie: string;

beforeAll(async () => {
  data = await temporaryFolder();
  const city = await squareCity(114.23, 35.3);
  password = (await wuxing(["account", "add", "boss", "--role", "administrator", "--data", data])).stdout.trim();
  served = await serve(["--city", city, "--data", data]);
  cookie = await cookieOf(served.url, "boss", password);
}, 600_000);
afterAll(() => served.stop());

/** A burst of 40 requests of an account, of 400 of an address; the tests stand for a proxy. */
const SLOW = ["--requests-per-second", "2", "--trust-proxy", "127.0.0.1"];

describe("12. HTTP hardening: cookies, other sites' pages, content policy, rates, guessing, secrets", () => {
  it("keeps the session from scripts and from other sites", async () => {
    const answer = await signIn("boss", password);
    expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/; HttpOnly; SameSite=Strict; /)]);
    expect(answer.headers.getSetCookie()[0]).not.toContain("Secure");
    const behindProxy = await signIn("boss", password, { "x-forwarded-proto": "https" });
    expect(behindProxy.headers.getSetCookie()).toEqual([expect.stringMatching(/; Secure$/)]);
  });

  it.each([
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("refuses a write that another site's page sends with the cookie: %o", async (headers) => {
    const body = JSON.stringify({ label: "stolen", rights: ["accounts"], days: 1 });
    const stolen = await fetch(`${served.url}/api/v1/keys`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie, ...headers },
      body,
    });
    expect(stolen.status).toBe(403);
    expect(await stolen.json()).toMatchObject({ code: "FORBIDDEN" });
    const own = await fetch(`${served.url}/api/v1/keys`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie, origin: served.url, "sec-fetch-site": "same-origin" },
      body,
    });
    expect(own.status).toBe(200);
  });

  it("lets nothing run inline; styles only under a nonce that the page has and that is new each time", async () => {
    const nonces = await Promise.all(
      [1, 2].map(async () => {
        const answer = await fetch(`${served.url}/`);
        const policy = answer.headers.get("content-security-policy")!;
        expect(policy).toMatch(/default-src 'none'.*script-src 'self';/);
        expect(policy).not.toContain("unsafe-");
        const nonce = /style-src 'self' 'nonce-([\w-]+)'/.exec(policy)![1];
        expect(await answer.text()).toContain(nonce);
        return nonce;
      }),
    );
    expect(new Set(nonces).size).toBe(2);
  });

  it("answers no list with a password, a digest or a key of anybody", async () => {
    for (const path of ["/me", "/sessions", "/accounts", "/audit", "/session/options"]) {
      const text = await (await fetch(`${served.url}/api/v1${path}`, { headers: { cookie } })).text();
      for (const secret of [password, cookie.split("=")[1], "argon2"]) expect(text, `in ${path}`).not.toContain(secret);
    }
  });

  it("keeps neither a password nor a session's token on disk", async () => {
    expect((await ask(`${served.url}/api/v1/me`)).status).toBe(200);
    for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(entry.parentPath, entry.name));
      for (const secret of [password, cookie.split("=")[1]])
        expect(bytes.includes(secret), `${entry.name} holds a secret`).toBe(false);
    }
  });

  it("turns away who asks too often, by account and by address, and says when to come again", async () => {
    const slow = await serve(["--city", await squareCity(114.23, 35.3), "--data", await temporaryFolder(), ...SLOW]);
    try {
      // Each request names another address, as the proxy before us would: only the account is always the same.
      const asked = (address: string, own = cookieOfOfficer(slow.url)): Promise<Response> =>
        fetch(`${slow.url}/api/v1/city`, { headers: { cookie: own, "x-forwarded-for": address } });
      const byAccount = await Promise.all(Array.from({ length: 60 }, (_, i) => asked(`10.0.${i}.1`)));
      const turned = byAccount.filter(({ status }) => status === 429);
      expect(turned.length).toBeGreaterThan(5);
      expect(Number(turned[0].headers.get("retry-after"))).toBeGreaterThan(0);
      expect(await turned[0].json()).toMatchObject({ code: "TOO_MANY", message: { zh: "操作太频繁，请稍后再试" } });
      const byAddress = await Promise.all(Array.from({ length: 500 }, () => asked("10.9.9.9", "")));
      expect(new Set(byAddress.map(({ status }) => status))).toEqual(new Set([401, 429]));
      expect((await asked("10.9.9.10", "")).status).toBe(401);
    } finally {
      await slow.stop();
    }
  }, 600_000);

  // This address has to wait from here on.
  it("makes whoever guesses passwords wait", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push((await signIn("nobody", `wrong ${i}`)).status);
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(statuses.at(-1)).toBe(429);
  });

  it("logs neither a password nor a token, whatever goes wrong", async () => {
    const key = await fetch(`${served.url}/api/v1/keys`, {
      method: "POST",
      headers: { "content-type": "application/json", cookie },
      body: JSON.stringify({ label: "k", rights: ["system"], days: 1 }),
    });
    const token = ((await key.json()) as { key: string }).key;
    const wrong = `${password} that is not right`;
    const asked = [
      signIn("boss", wrong),
      signIn("boss", password),
      fetch(`${served.url}/api/v1/session`, { method: "POST", body: `{"password": "${wrong}"` }),
      fetch(`${served.url}/api/v1/accounts?q=%00`, { headers: { authorization: `Bearer ${token}` } }),
      fetch(`${served.url}/api/v1/nothing/${encodeURIComponent(token)}`, { headers: { cookie } }),
      fetch(`${served.url}/api/v1/session/password`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ account: "boss", code: "AAAA-AAAA-AAAA-AAAA", password: wrong }),
      }),
    ];
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status >= 400).length).toBeGreaterThan(3);
    const said = served.said();
    expect(said).toContain("console: ");
    for (const secret of [password, wrong, "wrong 3", token, cookie.split("=")[1], "AAAA-AAAA"])
      expect(said.includes(secret), "a secret is in what the server has said").toBe(false);
  });
});

function signIn(account: string, secret: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${served.url}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ account, password: secret }),
  });
}
