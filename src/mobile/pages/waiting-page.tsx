import { Button, Dialog } from "antd-mobile";
import { useText } from "../language.tsx";
import { dropAction, sendAgain } from "../kept/outbox.ts";
import { progressOf } from "../kept/progress.ts";
import type { WaitingAction } from "../kept/phone-store.ts";
import { usePhone } from "../phone.tsx";
import { SignInPage } from "./sign-in-page.tsx";

/** What was done on this phone and the server does not have yet; where it needs a choice, both sides. */
export function WaitingPage() {
  const t = useText();
  const { waiting, refresh, isBusy, connection, signOut } = usePhone();
  const leave = async (): Promise<void> => {
    if (waiting.length > 0) {
      await Dialog.alert({ content: t.signIn.signOutAsk(waiting.length) });
    } else if (await Dialog.confirm({ content: t.signIn.signOutAsk(0) })) await signOut();
  };
  return (
    <div className="waiting">
      {connection === "signed-out" ? (
        <>
          <p className="phone-note">{t.waiting.signIn}</p>
          <SignInPage />
        </>
      ) : null}
      {waiting.length === 0 ? (
        <div className="phone-empty">
          <strong>{t.waiting.none}</strong>
          <p>{t.waiting.noneHint}</p>
        </div>
      ) : (
        <>
          <ul className="work">
            {waiting.map((action) => (
              <WaitingItem key={action.id} action={action} />
            ))}
          </ul>
          <Button
            block
            size="large"
            color="primary"
            loading={isBusy}
            loadingText={t.waiting.sendNow}
            onClick={() => void refresh()}
          >
            {t.waiting.sendNow}
          </Button>
        </>
      )}
      <button type="button" className="phone-link" onClick={() => void leave()}>
        {t.signIn.signOut}
      </button>
    </div>
  );
}

function WaitingItem({ action }: { action: WaitingAction }) {
  const t = useText();
  const { cases, types, waiting, store, reread, refresh } = usePhone();
  const kept = cases.find(({ id }) => id === action.case);
  const type = kept === undefined ? undefined : types.get(kept.type);
  const label =
    type?.transitions.find(({ action: name }) => name === action.action)?.label[t.language] ?? action.action;
  const first = waiting.find((other) => other.case === action.case);
  const state =
    action.state !== "waiting"
      ? t.waiting[action.state]
      : first?.id === action.id
        ? t.waiting.waiting
        : t.waiting.behind;
  const now = action.now === null ? null : progressOf(action.now, type, []).now;
  const isPossible = now?.next.some(({ action: name }) => name === action.action) ?? false;

  const again = async (): Promise<void> => {
    await sendAgain(store, action.order!);
    await refresh();
  };
  const drop = async (): Promise<void> => {
    if (!(await Dialog.confirm({ content: t.waiting.dropAsk }))) return;
    await dropAction(store, action.order!);
    await reread();
    await refresh();
  };
  return (
    <li className="work-card" data-over={action.state === "waiting" ? undefined : true}>
      <span className="work-clock">{state}</span>
      <strong>{kept?.title[t.language] ?? action.case}</strong>
      {action.state === "waiting" ? (
        <span>
          {label} · {timeOf(action.at)}
        </span>
      ) : (
        <div className="sides">
          <section>
            <h2>{t.waiting.mine}</h2>
            <p>
              {label} · {timeOf(action.at)}
            </p>
            {Object.entries(action.form).map(([name, value]) => (
              <p key={name}>{String(value)}</p>
            ))}
          </section>
          <section>
            <h2>{t.waiting.theirs}</h2>
            <p>{now === null ? (action.problem?.[t.language] ?? "") : now.stateLabel[t.language]}</p>
            {now === null ? null : <p>{action.problem?.[t.language]}</p>}
          </section>
          {isPossible ? (
            <Button color="primary" onClick={() => void again()}>
              {t.waiting.again}
            </Button>
          ) : (
            <p>{t.waiting.goneAction}</p>
          )}
          <Button fill="outline" onClick={() => void drop()}>
            {t.waiting.drop}
          </Button>
        </div>
      )}
    </li>
  );
}

function timeOf(iso: string): string {
  return new Date(iso).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
