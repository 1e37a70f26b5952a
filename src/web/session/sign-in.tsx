import { browserSupportsWebAuthn } from "@simplewebauthn/browser";
import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { ApiError, send } from "../api/client.ts";
import { usePreferences } from "../preferences.tsx";
import { cameBack, forgetComingBack } from "./come-back.ts";
import { NewPassword, type NewPasswordWish } from "./new-password.tsx";
import { askPasskey, PasskeyCancelled } from "./passkey.ts";
import { useSignInOptions } from "./use-me.ts";
import "./session.css";

interface Credentials {
  account: string;
  password: string;
}

/**
 * Account and password, then a code where the account has one; or a passkey, or the organization's own sign-in. In the demo
 * its accounts are one click away.
 */
export function SignIn({ onDone }: { onDone?: () => void }) {
  const { t, language, setLanguage } = usePreferences();
  const queries = useQueryClient();
  const { demo, openId } = useSignInOptions();
  const [failure, setFailure] = useState<string | null>(() => cameBack(location.search, t)?.text ?? null);
  const [isBusy, setBusy] = useState(false);
  const [isForgotten, setForgotten] = useState(false);
  /** Right, but not enough: what has to come as well. */
  const [half, setHalf] = useState<(Credentials & { ways: string }) | null>(null);

  const attempt = async (doing: () => Promise<unknown>, credentials?: Credentials): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await doing();
      forgetComingBack();
      // Everything that was read was read by somebody else.
      await queries.resetQueries();
      onDone?.();
    } catch (error) {
      if (error instanceof PasskeyCancelled) setFailure(t.signIn.cancelled);
      else if (!(error instanceof ApiError) || error.status === 0) setFailure(t.states.unreachable);
      else if (error.code === "CODE_NEEDED" && credentials !== undefined)
        setHalf({ ...credentials, ways: error.detail ?? "" });
      else setFailure([error.sentence[language], error.detail].filter(Boolean).join(" · "));
    } finally {
      setBusy(false);
    }
  };
  const enter = ({ account, password }: Credentials): Promise<void> => {
    const credentials = { account: account.trim(), password };
    return attempt(() => send("POST", "/session", credentials), credentials);
  };
  /** Whoever has chosen a password goes on with it: it is no second factor. */
  const choose = ({ account, code, password }: NewPasswordWish): Promise<void> =>
    attempt(
      async () => {
        await send("POST", "/session/password", { account, code, password });
        setForgotten(false);
        await send("POST", "/session", { account, password });
      },
      { account, password },
    );
  const enterWith = (proof: () => Promise<object>): Promise<void> =>
    attempt(async () => {
      const { account, password } = half!;
      await send("POST", "/session", { account, password, ...(await proof()) });
    });
  const alone = (): Promise<void> =>
    attempt(async () => send("POST", "/session/passkey", { passkey: await askPasskey() }));

  return (
    <main className="sign-in">
      <h1>
        {t.productName} <small>{t.deskName}</small>
      </h1>
      {failure === null ? null : (
        <p className="sign-in-failed" role="alert">
          △ {failure}
        </p>
      )}
      {isForgotten ? (
        <NewPassword
          isBusy={isBusy}
          onBack={() => setForgotten(false)}
          onChoose={(wish) => void choose({ ...wish, account: wish.account.trim(), code: wish.code.trim() })}
        />
      ) : half === null ? (
        <>
          <Form
            layout="vertical"
            requiredMark={false}
            disabled={isBusy}
            onFinish={(values: Credentials) => void enter(values)}
          >
            <Form.Item name="account" label={t.session.account} rules={[{ required: true, message: t.session.needed }]}>
              <Input autoComplete="username webauthn" />
            </Form.Item>
            <Form.Item
              name="password"
              label={t.session.password}
              rules={[{ required: true, message: t.session.needed }]}
            >
              <Input.Password autoComplete="current-password" />
            </Form.Item>
            <Button block type="primary" htmlType="submit" loading={isBusy}>
              {t.session.signIn}
            </Button>
          </Form>
          {browserSupportsWebAuthn() ? (
            <Button block disabled={isBusy} onClick={() => void alone()}>
              {t.signIn.passkey}
            </Button>
          ) : null}
          {openId ? (
            <Button block disabled={isBusy} href="/api/v1/session/openid">
              {t.signIn.openId}
            </Button>
          ) : null}
          <Button block type="text" disabled={isBusy} onClick={() => setForgotten(true)}>
            {t.signIn.forgotten}
          </Button>
        </>
      ) : (
        <Form
          layout="vertical"
          requiredMark={false}
          disabled={isBusy}
          onFinish={({ code }: { code: string }) => void enterWith(async () => ({ code: code.trim() }))}
        >
          <Form.Item
            name="code"
            label={t.signIn.code}
            extra={t.signIn.codeHint}
            rules={[{ required: true, message: t.session.needed }]}
          >
            <Input autoComplete="one-time-code" maxLength={20} />
          </Form.Item>
          <Button block type="primary" htmlType="submit" loading={isBusy}>
            {t.signIn.next}
          </Button>
          <div className="sign-in-other">
            {half.ways.includes("passkey") ? (
              <Button
                onClick={() =>
                  void enterWith(async () => {
                    const { account, password } = half;
                    return { passkey: await askPasskey({ account, password }) };
                  })
                }
              >
                {t.signIn.passkeyInstead}
              </Button>
            ) : null}
            <Button onClick={() => setHalf(null)}>{t.signIn.back}</Button>
          </div>
        </Form>
      )}
      {demo.length === 0 ? null : (
        <section>
          <h2>{t.session.demo}</h2>
          <div className="sign-in-demo">
            {demo.map(({ account, password, ...name }) => (
              <Button key={account} size="small" disabled={isBusy} onClick={() => void enter({ account, password })}>
                {name[language]}
              </Button>
            ))}
          </div>
        </section>
      )}
      <button type="button" className="bar-button" onClick={() => setLanguage(language === "zh" ? "en" : "zh")}>
        {t.bar.switchLanguage}
      </button>
    </main>
  );
}
