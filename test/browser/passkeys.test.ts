import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser, openPage } from "./browser.ts";
import { startDemo, type RunningServer } from "./running-server.ts";

interface Answer {
  status: number;
  body: Record<string, unknown> & { code?: string; account?: string; recoveryCodes?: string[]; challenge?: string };
}

const PASSWORD = "wuxing-demo";

const DEVICE = {
  protocol: "ctap2",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
} as const;

let browser: Browser;
let server: RunningServer;
let page: Page;
let cdp: CDPSession;
let authenticatorId: string;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo(["--demo-trucks", "20"])]);
});
beforeEach(async () => {
  const { page: opened, context } = await openPage(browser, {});
  page = opened;
  // Passkeys are bound to a name: an address has none. No page of ours is needed, only its origin.
  await page.goto(`${server.url.replace("127.0.0.1", "localhost")}/healthz`);
  cdp = await context.newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  ({ authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: DEVICE,
  }));
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

describe("9. Accounts: passkeys, in a real browser with a virtual authenticator", () => {
  it("sign in beside the password and alone, once for each challenge, and not in the name of another account", async () => {
    expect(await ask("/session", { account: "deputy", password: PASSWORD })).toMatchObject({ status: 200 });
    expect((await ask("/me/passkeys/options", { password: "wrong" })).status).toBe(401);
    const { made, answer } = await register();
    expect(answer.body.recoveryCodes).toHaveLength(10);
    expect((await ask("/me/passkeys", { label: "again", passkey: made })).body.code).toBe("PASSKEY_INVALID");

    expect((await ask("/session", { account: "deputy", password: PASSWORD })).body.code).toBe("CODE_NEEDED");
    const beside = await answerOf("get", await ask("/session/passkey/options"));
    const other = { account: "auditor", password: PASSWORD };
    expect((await ask("/session", { ...other, passkey: beside })).body.account).toBe("auditor");
    const proof = await answerOf("get", await ask("/session/passkey/options"));
    expect((await ask("/session", { account: "deputy", password: PASSWORD, passkey: proof })).status).toBe(200);
    expect((await ask("/session", { account: "deputy", password: PASSWORD, passkey: proof })).status).toBe(401);

    const alone = await answerOf("get", await ask("/session/passkey/options"));
    expect(await ask("/session/passkey", { passkey: alone })).toMatchObject({
      status: 200,
      body: { account: "deputy" },
    });
    expect((await ask("/session/passkey", { passkey: alone })).status).toBe(401);
  });

  it("of a device that has not made sure of its person do not sign in alone", async () => {
    expect(await ask("/session", { account: "county", password: PASSWORD })).toMatchObject({ status: 200 });
    expect((await register()).answer.status).toBe(200);
    await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    // What a page may ask a browser for, whatever the server had said.
    const { body } = await ask("/session/passkey/options");
    const alone = await answerOf("get", { status: 200, body: { ...body, userVerification: "discouraged" } });
    expect((await ask("/session/passkey", { passkey: alone })).body.code).toBe("SIGN_IN_FAILED");
  });

  it("of a security key that keeps no list and knows no person sign in beside the password, and only beside it", async () => {
    await cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
    const { authenticatorId: key } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        ...DEVICE,
        transport: "usb",
        hasResidentKey: false,
        hasUserVerification: false,
        isUserVerified: false,
      },
    });
    const grid = { account: "grid", password: PASSWORD };
    expect(await ask("/session", grid)).toMatchObject({ status: 200 });
    expect((await register()).answer.body.recoveryCodes).toHaveLength(10);
    const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId: key });
    expect(credentials.map(({ isResidentCredential }) => isResidentCredential)).toEqual([false]);

    expect((await ask("/session", grid)).body).toMatchObject({ code: "CODE_NEEDED", detail: "passkey" });
    // Without being told which, the key has none.
    await expect(answerOf("get", await ask("/session/passkey/options"))).rejects.toThrow(/NotAllowedError/);
    const options = await ask("/session/passkey/options", grid);
    expect(options.body).toMatchObject({ userVerification: "discouraged", allowCredentials: [{ type: "public-key" }] });
    const passkey = await answerOf("get", options);
    expect(await ask("/session", { ...grid, passkey })).toMatchObject({ status: 200, body: { account: "grid" } });

    // Whoever fails so often has to wait in between: an answer of 429 uses nothing up.
    const refused = async (path: string, body: object): Promise<void> => {
      await expect.poll(async () => (await ask(path, body)).status, { timeout: 20_000, interval: 500 }).toBe(401);
    };
    await refused("/session/passkey", { passkey: await answerOf("get", await ask("/session/passkey/options", grid)) });
    const beside = await answerOf("get", await ask("/session/passkey/options", grid));
    await refused("/session", { account: "deputy", password: PASSWORD, passkey: beside });
    await refused("/session/passkey/options", { ...grid, password: "wrong" });
  });
});

/** A passkey of whoever is signed in, made on this device. */
async function register(): Promise<{ made: object; answer: Answer }> {
  const made = await answerOf("create", await ask("/me/passkeys/options", { password: PASSWORD }));
  return { made, answer: await ask("/me/passkeys", { label: "这台电脑", passkey: made }) };
}

/** As our page asks: from its origin, with its cookies. */
function ask(path: string, body?: object): Promise<Answer> {
  return page.evaluate(
    async ([at, text]) => {
      const init = text === null ? {} : { headers: { "content-type": "application/json" }, body: text };
      const answer = await fetch(`/api/v1${at}`, { method: "POST", ...init });
      return { status: answer.status, body: (await answer.json()) as Answer["body"] };
    },
    [path, body === undefined ? null : JSON.stringify(body)] as const,
  );
}

/** What the browser's own authenticator makes of the server's options. */
function answerOf(way: "create" | "get", { body }: Answer): Promise<object> {
  return page.evaluate(
    async ([kind, options]) => {
      const credential =
        kind === "create"
          ? await navigator.credentials.create({
              publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options as never),
            })
          : await navigator.credentials.get({
              publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options as never),
            });
      return (credential as PublicKeyCredential).toJSON();
    },
    [way, body] as const,
  );
}
