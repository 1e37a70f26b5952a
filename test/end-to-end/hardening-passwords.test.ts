import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cookieOf, serve, squareCity, temporaryFolder, wuxing, type Served } from "./program.ts";

interface Answer {
  status: number;
  body: Record<string, unknown> & { code?: string };
}

let served: Served;
let boss: string;
let wang: string;
let password: string;
let data: string;
let city: string;

beforeAll(async () => {
  data = await temporaryFolder();
  city = await squareCity(114.23, 35.3);
  const added = await wuxing(["account", "add", "boss", "--role", "administrator", "auditor", "--data", data]);
  const desk = await wuxing(["account", "add", "wang", "--desk", "--city", city, "--data", data, "--name", "王"]);
  password = desk.stdout.trim();
  served = await serve(["--city", city, "--data", data]);
  boss = await cookieOf(served.url, "boss", added.stdout.trim());
  wang = await cookieOf(served.url, "wang", password);
}, 180_000);
afterAll(() => served.stop());

describe("9. Accounts: a forgotten password over HTTP and on the command line", () => {
  const reason = "本人忘记密码，当面核对了身份";
  const next = "correct horse 2026";

  it("is set by no administrator, who makes a code with a reason that the account is told", async () => {
    const as = { cookie: boss };
    for (const [given, headers, status] of [
      [{}, as, 400],
      [{ reason: "不说" }, as, 400],
      [{ reason }, { cookie: wang }, 403],
      [{ reason, password: next }, as, 400],
    ] as const)
      expect(await ask("POST", "/accounts/wang/password-code", given, headers)).toMatchObject({ status });
    expect(await ask("POST", "/accounts/boss/password-code", { reason }, as)).toMatchObject({ status: 403 });
    const made = await ask("POST", "/accounts/wang/password-code", { reason }, as);
    expect(made).toMatchObject({ status: 200, body: { id: "wang" } });
    expect(JSON.stringify((await ask("GET", "/notices")).body)).toContain(
      `boss 为您的账号生成了重设密码的一次性码：${reason}`,
    );
    expect(JSON.stringify((await ask("GET", "/audit?subject=wang", undefined, as)).body)).toContain(reason);

    const code = made.body["code"] as string;
    expect(await choose("AAAA-AAAA-AAAA-AAAA")).toMatchObject({ status: 422, body: { code: "PASSWORD_CODE_INVALID" } });
    expect(await choose(code)).toMatchObject({ status: 200, body: { account: "wang" } });
    expect(await ask("GET", "/me")).toMatchObject({ status: 401, body: { code: "NOT_SIGNED_IN" } });
    expect(await signIn()).toMatchObject({ status: 401, body: { code: "SIGN_IN_FAILED" } });
    password = next;
    expect(await signIn()).toMatchObject({ status: 200 });
    expect(await choose(code)).toMatchObject({ status: 422 });
  });

  it("is changed by its person with the old one; the session in which it was done goes on", async () => {
    wang = await cookieOf(served.url, "wang", password);
    const other = await cookieOf(served.url, "wang", password);
    expect(await ask("POST", "/me/password", { password: "wrong", next: "another one 99" })).toMatchObject({
      status: 401,
    });
    expect(await ask("POST", "/me/password", { password, next: "short" })).toMatchObject({ status: 400 });
    expect(await ask("POST", "/me/password", { password, next: "another one 99" })).toMatchObject({ status: 200 });
    password = "another one 99";
    expect(await ask("GET", "/me")).toMatchObject({ status: 200 });
    expect(await ask("GET", "/me", undefined, { cookie: other })).toMatchObject({ status: 401 });
  });

  it("is chosen by a code of the command line, where no administrator can sign in any more", async () => {
    await served.stop();
    const args = ["account", "password-code", "boss", "--data", data];
    expect((await wuxing(args)).code).not.toBe(0);
    const made = await wuxing([...args, "--reason", reason]);
    expect(made.code).toBe(0);
    served = await serve(["--city", city, "--data", data]);
    expect(await choose(made.stdout.trim(), "boss", "the boss of all")).toMatchObject({ status: 400 });
    expect(await choose(made.stdout.trim(), "boss", "keeps accounts 7")).toMatchObject({ status: 200 });
    boss = await cookieOf(served.url, "boss", "keeps accounts 7");
    const noted = JSON.stringify((await ask("GET", "/audit?subject=boss", undefined, { cookie: boss })).body);
    expect(noted).toContain(`wuxing account password-code: ${reason}`);
  }, 120_000);

  function choose(code: string, account = "wang", chosen = next): Promise<Answer> {
    return ask("POST", "/session/password", { account, code, password: chosen }, {});
  }
});

async function ask(method: string, path: string, body?: unknown, headers: object = { cookie: wang }): Promise<Answer> {
  const answer = await fetch(`${served.url}/api/v1${path}`, {
    method,
    headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}

function signIn(): Promise<Answer> {
  return ask("POST", "/session", { account: "wang", password }, {});
}
