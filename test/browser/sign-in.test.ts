import { createHmac } from "node:crypto";
import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, openConsole } from "./browser.ts";
import { startDemo, type RunningServer } from "./running-server.ts";
import { counts, isAccessible } from "./seen.ts";

const PASSWORD = "wuxing-demo";

let browser: Browser;
let server: RunningServer;
/** Passkeys are bound to a name: an address has none. */
let url: string;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startDemo(["--demo-trucks", "20"])]);
  url = server.url.replace("127.0.0.1", "localhost");
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

describe("9 a second factor, as somebody at the console sees it", () => {
  it("a passkey is added with the password, then signs in beside it and alone", async () => {
    const { page, errors } = await open();
    const device = await authenticator(page);
    await signIn(page, "county");
    await guard(page);
    await page.getByRole("dialog").getByLabel("密码", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "添加通行密钥" }).click();
    await page.getByText("恢复码只显示这一次").waitFor();
    await counts(page.locator(".guard-codes li"), 10);
    await picture(page, "recovery-codes");
    await page.getByRole("button", { name: "我已抄好" }).click();
    await page.getByText("这台电脑").waitFor();
    await expect.poll(() => credentialsOf(device)).toBe(1);
    await signOut(page);

    await signIn(page, "county", true);
    await page.getByLabel("动态码或恢复码").waitFor();
    await picture(page, "code");
    await page.getByRole("button", { name: "改用通行密钥" }).click();
    await isIn(page, "county");
    await signOut(page);

    await openSignIn(page);
    await page.getByRole("button", { name: "用通行密钥登录" }).click();
    await isIn(page, "county");
    expect(errors.filter((text) => !/status of 40[13]/u.test(text))).toEqual([]);
  });

  it("codes are switched on by the square code's key, asked for at the next sign-in, and each is good once", async () => {
    const { page } = await open();
    await signIn(page, "grid");
    await guard(page);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("密码", { exact: true }).fill(PASSWORD);
    await dialog.getByRole("button", { name: "启用动态码" }).click();
    await dialog.getByRole("img", { name: "动态码的二维码" }).waitFor();
    await picture(page, "totp");
    await isAccessible(page);
    const secret = (await dialog.locator(".guard-secret").innerText()).replaceAll(" ", "");
    const code = totp(secret);
    await dialog.getByLabel("输入应用显示的 6 位动态码").fill(code);
    await dialog.getByRole("button", { name: "确认启用" }).click();
    const recovery = await dialog.locator(".guard-codes li").first().innerText();
    await dialog.getByRole("button", { name: "我已抄好" }).click();
    await dialog.getByText("剩 10 个").waitFor();
    await signOut(page);
    await signIn(page, "grid", true);
    await page.getByLabel("动态码或恢复码").fill(code);
    await page.getByRole("button", { name: "继续" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("动态码或恢复码").fill(recovery);
    await page.getByRole("button", { name: "继续" }).click();
    await isIn(page, "grid");
  });
});

async function open(): Promise<{ page: Page; errors: string[] }> {
  return openConsole(browser, url, { purpose: null, width: 1366, height: 768 });
}

async function authenticator(page: Page): Promise<{ cdp: CDPSession; id: string }> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { cdp, id: authenticatorId };
}

async function credentialsOf({ cdp, id }: { cdp: CDPSession; id: string }): Promise<number> {
  return (await cdp.send("WebAuthn.getCredentials", { authenticatorId: id })).credentials.length;
}

async function openSignIn(page: Page): Promise<void> {
  await page.locator(".bar-user").first().click();
  await page.getByRole("button", { name: "换账号登录" }).click();
}

/** @param isHalf the password is not enough: it ends where a code is asked for */
async function signIn(page: Page, account: string, isHalf = false): Promise<void> {
  await openSignIn(page);
  const form = page.locator(".sign-in");
  await form.getByLabel("账号").fill(account);
  await form.getByLabel("密码", { exact: true }).fill(PASSWORD);
  await form.getByRole("button", { name: "登录", exact: true }).click();
  if (!isHalf) await isIn(page, account);
}

function accountOf(page: Page): Promise<string> {
  return page.evaluate(async () => ((await (await fetch("/api/v1/me")).json()) as { account: string }).account);
}

async function isIn(page: Page, account: string): Promise<void> {
  await expect.poll(() => accountOf(page)).toBe(account);
  await page.locator(".sign-in form").waitFor({ state: "detached" });
}

async function guard(page: Page): Promise<void> {
  const button = page.getByRole("button", { name: "登录保护…" });
  // The menu of before is still folding away.
  await button.waitFor({ state: "hidden" });
  await page.locator(".bar-user").first().click();
  await button.click();
  await page.getByRole("dialog").getByLabel("密码", { exact: true }).waitFor();
}

async function signOut(page: Page): Promise<void> {
  await page.evaluate(() => fetch("/api/v1/session", { method: "DELETE" }));
  await page.reload();
  await page.locator(".bar-user").first().waitFor();
}

async function picture(page: Page, name: string): Promise<void> {
  const dir = process.env["WUXING_PICTURES"];
  if (dir !== undefined) await page.screenshot({ path: `${dir}/${name}.png` });
}

/** As an authenticator reckons it (RFC 4226, 5.3), made without ours. */
function totp(secret: string): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = Array.from(secret, (letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeUInt32BE(Math.floor(Date.now() / 30_000), 4);
  const mac = createHmac("sha1", key).update(counter).digest();
  return String((mac.subarray(mac.at(-1)! & 15).readUInt32BE() & 0x7fffffff) % 1e6).padStart(6, "0");
}
