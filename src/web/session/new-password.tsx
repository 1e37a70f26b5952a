import { Button, Form, Input } from "antd";
import { useText } from "../preferences.tsx";

export interface NewPasswordWish {
  account: string;
  code: string;
  password: string;
}

interface NewPasswordProps {
  isBusy: boolean;
  onChoose: (wish: NewPasswordWish) => void;
  onBack: () => void;
}

/** As the server wants it. */
export const PASSWORD_LENGTH_MIN = 10;

/** For who has forgotten the password: a new one, by the code that an administrator made. */
export function NewPassword({ isBusy, onChoose, onBack }: NewPasswordProps) {
  const t = useText();
  const needed = { required: true, message: t.session.needed };
  const long = { min: PASSWORD_LENGTH_MIN, message: t.signIn.newPasswordHint };
  return (
    <Form layout="vertical" requiredMark={false} disabled={isBusy} onFinish={onChoose}>
      <Form.Item name="account" label={t.session.account} rules={[needed]}>
        <Input autoComplete="username" />
      </Form.Item>
      <Form.Item name="code" label={t.signIn.onceCode} extra={t.signIn.onceCodeHint} rules={[needed]}>
        <Input autoComplete="one-time-code" maxLength={40} />
      </Form.Item>
      <Form.Item
        name="password"
        label={t.signIn.newPassword}
        extra={t.signIn.newPasswordHint}
        validateTrigger="onBlur"
        rules={[needed, long]}
      >
        <Input.Password autoComplete="new-password" maxLength={200} />
      </Form.Item>
      <Button block type="primary" htmlType="submit" loading={isBusy}>
        {t.signIn.choose}
      </Button>
      <div className="sign-in-other">
        <Button onClick={onBack}>{t.signIn.back}</Button>
      </div>
    </Form>
  );
}
