import { createServer } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CookieJar, startIdentityProvider, type IdentityProvider } from "./identity-provider.ts";
import { cookieOf, serve, squareCity, temporaryFolder, wuxing, type Served } from "./program.ts";

let served: Served;
let provider: IdentityProvider;
let boss: string;
let qian: string;

beforeAll(async () => {
  const data = await temporaryFolder();
  const city = await squareCity(114.23, 35.3);
  const added = await wuxing(["account", "add", "boss", "--role", "administrator", "auditor", "--data", data]);
  for (const id of ["wang", "li@example.org", "zhao@example.org"])
    await wuxing(["account", "add", id, "--role", "auditor", "--data", data]);
  qian = (await wuxing(["account", "add", "qian", "--role", "auditor", "--data", data])).stdout.trim();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  provider = await startIdentityProvider(`${url}/api/v1/session/openid/back`, {
    "s-wang": { email: "wang@example.org", email_verified: true },
    "s-li": { email: "li@example.org", email_verified: true },
    "s-false-zhao": { email: "zhao@example.org", email_verified: false },
    "s-second-li": { email: "li@example.org", email_verified: true },
    "s-qian": { email: "qian@example.org", email_verified: true },
    "s-boss": { email: "boss", email_verified: false },
  });
  const secretFile = join(data, "openid-secret");
  await writeFile(secretFile, "a secret of the test\n");
  const own = ["--city", city, "--data", data, "--http", String(port), "--public-url", url];
  const theirs = ["--openid-issuer", provider.issuer, "--openid-client", "wuxing"];
  served = await serve([...own, ...theirs, "--openid-secret-file", secretFile, "--openid-account-claim", "email"]);
  boss = await cookieOf(served.url, "boss", added.stdout.trim());
}, 180_000);
afterAll(async () => {
  await served.stop();
  provider.close();
});

describe("9. Accounts: OpenID Connect", () => {
  it("signs nobody in whom no account is linked to, and says whom to link", async () => {
    const { jar, end } = await through("s-wang");
    expect(end.searchParams.get("failed")).toBe("IDENTITY_UNLINKED");
    expect(end.searchParams.get("detail")).toBe("s-wang");
    expect((await me(jar)).status).toBe(401);
  });

  it("signs in by the link of an administrator, with the rights of the account and no other", async () => {
    const linked = await administer("POST", "/accounts/wang/identity", {
      subject: "s-wang",
      reason: "当面核对了本人身份证件",
    });
    expect(linked.status).toBe(200);
    const { jar, end } = await through("s-wang");
    expect(end.search).toBe("");
    expect(await (await me(jar)).json()).toMatchObject({ account: "wang", rights: ["audit"] });
    expect((await jar.fetch(`${served.url}/api/v1/accounts`)).status).toBe(403);
    const again = await administer("POST", "/accounts/wang/identity", {
      subject: "s-li",
      reason: "当面核对了本人身份证件",
    });
    expect(again.status).toBe(400);
    const own = await administer("POST", "/accounts/boss/identity", {
      subject: "s-boss",
      reason: "自己给自己的账号关联身份",
    });
    expect(own.status).toBe(403);
  });

  it("links by the claim of the settings where the provider has checked it, once", async () => {
    const { jar, end } = await through("s-li");
    expect(end.search).toBe("");
    expect(await (await me(jar)).json()).toMatchObject({ account: "li@example.org" });
    expect((await through("s-li")).end.search).toBe("");
    for (const stranger of ["s-second-li", "s-false-zhao", "s-boss"])
      expect((await through(stranger)).end.searchParams.get("failed")).toBe("IDENTITY_UNLINKED");
  });

  it("refuses an answer that another browser began, one that was used, and one that nobody began", async () => {
    const jar = new CookieJar();
    const begun = await jar.fetch(`${served.url}/api/v1/session/openid`);
    expect(begun.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax/);
    const to = new URL(begun.headers.get("location")!);
    expect(to.searchParams.get("code_challenge_method")).toBe("S256");
    const stolen = new CookieJar();
    expect((await stolen.goThrough(to.href, "s-wang")).searchParams.get("failed")).toBe("SIGN_IN_FAILED");
    expect((await me(stolen)).status).toBe(401);
    expect((await jar.goThrough(to.href, "s-wang")).searchParams.get("failed")).toBe("SIGN_IN_FAILED");
    for (const query of ["", "?state=x&code=y", "?error=access_denied"]) {
      const answer = await jar.fetch(`${served.url}/api/v1/session/openid/back${query}`);
      expect(answer.headers.get("location")).toContain("failed=SIGN_IN_FAILED");
    }
  });

  it("links one's own account, for whoever has proved again who it is, and unlinks it", async () => {
    const jar = new CookieJar();
    await signIn(jar, "qian", qian);
    expect(await bodyOf(jar, "GET", "/me/identities")).toEqual({ issuer: provider.issuer, items: [] });
    expect((await asked(jar, "POST", "/me/identities", { password: "wrong" })).status).toBe(401);
    const { url } = await bodyOf(jar, "POST", "/me/identities", { password: qian });
    const end = await jar.goThrough(url as string, "s-qian");
    expect(end.search).toBe("?linked=openid");
    expect(await bodyOf(jar, "GET", "/me/identities")).toMatchObject({
      items: [{ issuer: provider.issuer, subject: "s-qian", linkedBy: "qian" }],
    });
    const provided = await through("s-qian");
    expect(await (await me(provided.jar)).json()).toMatchObject({ account: "qian" });
    expect((await asked(jar, "POST", "/me/identities", { password: qian })).status).toBe(400);
    expect((await asked(jar, "DELETE", "/me/identities", { password: "wrong" })).status).toBe(401);
    expect(await bodyOf(jar, "DELETE", "/me/identities", { password: qian })).toEqual({ unlinked: true });
    expect((await me(provided.jar)).status).toBe(401);
    expect((await me(jar)).status).toBe(200);
    expect((await through("s-qian")).end.searchParams.get("failed")).toBe("IDENTITY_UNLINKED");
    const notes = await (await administer("GET", "/audit?subject=qian&limit=50")).text();
    expect(notes).toContain("the account is linked to an identity");
  });

  it("links nothing in another browser, for a session that has ended, or what is another's already", async () => {
    const jar = new CookieJar();
    await signIn(jar, "qian", qian);
    const begin = async (): Promise<string> =>
      (await bodyOf(jar, "POST", "/me/identities", { password: qian }))["url"] as string;
    const failure = (end: URL): string | null => end.searchParams.get("failed");
    expect(failure(await new CookieJar().goThrough(await begin(), "s-qian"))).toBe("SIGN_IN_FAILED");
    expect(failure(await jar.goThrough(await begin(), "s-wang"))).toBe("INPUT_INVALID");
    const url = await begin();
    expect((await asked(jar, "DELETE", "/session")).status).toBe(200);
    expect(failure(await jar.goThrough(url, "s-qian"))).toBe("SIGN_IN_FAILED");
    expect((await me(jar)).status).toBe(401);
    expect(failure((await through("s-qian")).end)).toBe("IDENTITY_UNLINKED");
  });

  it("signs nobody in whose account is blocked, or was unlinked", async () => {
    const { jar } = await through("s-li");
    await administer("DELETE", "/accounts/li@example.org/identity");
    expect((await me(jar)).status).toBe(401);
    await administer("POST", "/accounts/wang/block");
    expect((await through("s-wang")).end.searchParams.get("failed")).toBe("SIGN_IN_FAILED");
  });
});

async function through(person: string): Promise<{ jar: CookieJar; end: URL }> {
  const jar = new CookieJar();
  return { jar, end: await jar.goThrough(`${served.url}/api/v1/session/openid`, person) };
}

function me(jar: CookieJar): Promise<Response> {
  return jar.fetch(`${served.url}/api/v1/me`);
}

async function signIn(jar: CookieJar, account: string, password: string): Promise<void> {
  expect((await asked(jar, "POST", "/session", { account, password })).status).toBe(200);
}

/** As our page asks. */
function asked(jar: CookieJar, method: string, path: string, given?: object): Promise<Response> {
  const init =
    given === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(given) };
  return jar.fetch(`${served.url}/api/v1${path}`, { method, ...init });
}

async function bodyOf(jar: CookieJar, method: string, path: string, given?: object): Promise<Record<string, unknown>> {
  const answer = await asked(jar, method, path, given);
  expect(`${method} ${path} ${answer.status}`).toBe(`${method} ${path} 200`);
  return (await answer.json()) as Record<string, unknown>;
}

function administer(method: string, path: string, body?: object): Promise<Response> {
  const headers = { cookie: boss, ...(body === undefined ? {} : { "content-type": "application/json" }) };
  return fetch(`${served.url}/api/v1${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** The provider knows where browsers come back to before the platform runs. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
