import { Button, Form, Input } from "antd-mobile";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { askDemoAccounts } from "../api.ts";
import { ApiError } from "../../web/api/client.ts";
import { useLanguage } from "../language.tsx";
import { usePhone } from "../phone.tsx";

/** Account and password; once, then the phone stays signed in as long as the server lets it. */
export function SignInPage() {
  const { t, setLanguage } = useLanguage();
  const { signIn, connection } = usePhone();
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async ({ account, password, code }: Record<string, string>): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await signIn(account!.trim(), password!, code ?? "");
    } catch (error) {
      setFailure(
        error instanceof ApiError
          ? error.status === 0
            ? t.states.unreachable
            : error.sentence[t.language]
          : String(error),
      );
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <h1>{t.appName}</h1>
      {connection === "offline" ? <p className="phone-note">{t.signIn.offline}</p> : null}
      <p className="phone-note">{t.signIn.purpose}</p>
      <Form
        layout="vertical"
        requiredMarkStyle="none"
        onFinish={(values) => void submit(values as Record<string, string>)}
        footer={
          <Button block type="submit" color="primary" size="large" loading={isBusy} loadingText={t.signIn.go}>
            {t.signIn.go}
          </Button>
        }
      >
        <Form.Item name="account" label={t.signIn.account} rules={[{ required: true, message: t.form.required }]}>
          <Input autoComplete="username" autoCapitalize="off" clearable />
        </Form.Item>
        <Form.Item name="password" label={t.signIn.password} rules={[{ required: true, message: t.form.required }]}>
          <Input type="password" autoComplete="current-password" />
        </Form.Item>
        <Form.Item name="code" label={t.signIn.code}>
          <Input inputMode="numeric" autoComplete="one-time-code" />
        </Form.Item>
      </Form>
      {failure === null ? null : (
        <p className="phone-failed" role="alert">
          {failure}
        </p>
      )}
      <DemoAccounts onChoose={(account, password) => void submit({ account, password })} />
      <button type="button" className="phone-link" onClick={() => setLanguage(t.language === "zh" ? "en" : "zh")}>
        {t.switchLanguage}
      </button>
    </main>
  );
}

/** In the demo: its accounts, so that a stranger gets in with one tap. */
function DemoAccounts({ onChoose }: { onChoose: (account: string, password: string) => void }) {
  const { t } = useLanguage();
  const { data = [] } = useQuery({ queryKey: ["demo"], queryFn: askDemoAccounts, retry: false });
  if (data.length === 0) return null;
  return (
    <section>
      <h2>{t.signIn.demo}</h2>
      <div className="demo-accounts">
        {data.map(({ account, password, ...name }) => (
          <Button key={account} onClick={() => onChoose(account, password)}>
            {name[t.language]}
          </Button>
        ))}
      </div>
    </section>
  );
}
