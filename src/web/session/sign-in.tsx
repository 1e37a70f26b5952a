import { useQueryClient } from "@tanstack/react-query";
import { Button, Form, Input } from "antd";
import { useState } from "react";
import { ApiError, send } from "../api/client.ts";
import { usePreferences } from "../preferences.tsx";
import { useDemoAccounts } from "./use-me.ts";
import "./session.css";

interface Credentials {
  account: string;
  password: string;
  code?: string;
}

/** Account, password and, where enabled, a code. In the demo its accounts are one click away. */
export function SignIn({ onDone }: { onDone?: () => void }) {
  const { t, language, setLanguage } = usePreferences();
  const queries = useQueryClient();
  const demo = useDemoAccounts();
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async ({ account, password, code }: Credentials): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await send("POST", "/session", { account: account.trim(), password, ...(code ? { code } : {}) });
      // Everything that was read was read by somebody else.
      await queries.resetQueries();
      onDone?.();
    } catch (error) {
      const isOurs = error instanceof ApiError && error.status !== 0;
      setFailure(isOurs ? [error.sentence[language], error.detail].filter(Boolean).join(" · ") : t.states.unreachable);
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <h1>
        {t.productName} <small>{t.deskName}</small>
      </h1>
      <Form
        layout="vertical"
        requiredMark={false}
        disabled={isBusy}
        onFinish={(values: Credentials) => void submit(values)}
      >
        <Form.Item name="account" label={t.session.account} rules={[{ required: true, message: t.session.needed }]}>
          <Input autoComplete="username" />
        </Form.Item>
        <Form.Item name="password" label={t.session.password} rules={[{ required: true, message: t.session.needed }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        <Form.Item name="code" label={t.session.code}>
          <Input autoComplete="one-time-code" inputMode="numeric" maxLength={6} />
        </Form.Item>
        {failure === null ? null : (
          <p className="sign-in-failed" role="alert">
            △ {failure}
          </p>
        )}
        <Button block type="primary" htmlType="submit" loading={isBusy}>
          {t.session.signIn}
        </Button>
      </Form>
      {demo.length === 0 ? null : (
        <section>
          <h2>{t.session.demo}</h2>
          <div className="sign-in-demo">
            {demo.map(({ account, password, ...name }) => (
              <Button key={account} size="small" disabled={isBusy} onClick={() => void submit({ account, password })}>
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
