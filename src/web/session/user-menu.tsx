import { useQueryClient } from "@tanstack/react-query";
import { Button, Modal, Popover, Radio } from "antd";
import { useState } from "react";
import { ApiError, send } from "../api/client.ts";
import { overlayRoom } from "../look.tsx";
import { usePreferences } from "../preferences.tsx";
import { AccountGuard } from "./account-guard.tsx";
import { cameBack, forgetComingBack } from "./come-back.ts";
import { SignIn } from "./sign-in.tsx";
import { ME_KEY, useMe } from "./use-me.ts";
import "./session.css";

/** Who sits here, what the reads are for, and the way out. */
export function UserMenu() {
  const { t, language } = usePreferences();
  const queries = useQueryClient();
  const { data: me } = useMe();
  const [isOpen, setOpen] = useState(false);
  const [isChanging, setChanging] = useState(false);
  // Whoever comes back from linking the account goes on where it was begun.
  const [isGuarding, setGuarding] = useState(() => cameBack(location.search, t) !== null);
  const [failure, setFailure] = useState<string | null>(null);
  if (me === undefined || me === null) return null;
  const purpose = me.purposes.find(({ id }) => id === me.purpose);

  const attempt = async (doing: Promise<unknown>): Promise<void> => {
    try {
      await doing;
      setFailure(null);
      await queries.resetQueries();
    } catch (error) {
      setFailure(error instanceof ApiError ? error.sentence[language] : String(error));
    }
  };
  // The menu would lie over the dialog that it opens.
  const show = (opening: (isShown: true) => void): void => {
    setOpen(false);
    opening(true);
  };
  const duty = me.duties[0];
  const content = (
    <div className="user-menu">
      <strong>{me.name}</strong>
      <p>{me.isDemo ? t.session.isDemo : me.account}</p>
      {me.duties.map(({ place, placeName, slot }) => (
        <p key={`${place} ${slot}`}>
          {placeName} · {t.session.slots[slot as keyof typeof t.session.slots] ?? slot}
        </p>
      ))}
      {me.purposes.length === 0 ? null : (
        <fieldset>
          <legend>{t.session.purpose}</legend>
          <Radio.Group
            value={me.purpose}
            onChange={(event) =>
              void attempt(send("POST", "/session/purpose", { purpose: event.target.value as string }))
            }
          >
            {me.purposes.map((each) => (
              <Radio key={each.id} value={each.id}>
                {each[language]}
              </Radio>
            ))}
          </Radio.Group>
          <small>{t.session.purposeHint}</small>
        </fieldset>
      )}
      {failure === null ? null : <p role="alert">△ {failure}</p>}
      <div className="user-menu-out">
        <Button size="small" onClick={() => show(setChanging)}>
          {t.session.other}
        </Button>
        {me.isDemo ? null : (
          <>
            <Button size="small" onClick={() => show(setGuarding)}>
              {t.guard.open}
            </Button>
            <Button size="small" onClick={() => void attempt(send("DELETE", "/session", undefined))}>
              {t.session.signOut}
            </Button>
          </>
        )}
      </div>
    </div>
  );
  return (
    <>
      <Popover trigger="click" placement="bottomRight" content={content} open={isOpen} onOpenChange={setOpen}>
        <button type="button" className="bar-user" title={t.session.menu}>
          {me.isDemo ? t.session.isDemo : (duty?.placeName ?? me.name)}
          <small>
            {purpose === undefined ? t.session.noPurpose : purpose[language]}
            {me.purposeUntil == null ? null : ` ${t.purposes.until(hourOf(me.purposeUntil))}`}
          </small>
        </button>
      </Popover>
      {purpose === undefined ? null : (
        <button
          type="button"
          className="bar-button"
          onClick={() => void attempt(send("POST", "/session/purpose", { purpose: null }))}
        >
          {t.purposes.end}
        </button>
      )}
      <Modal
        open={isGuarding}
        title={t.guard.title}
        footer={null}
        onCancel={() => {
          forgetComingBack();
          setGuarding(false);
        }}
        destroyOnHidden
        getContainer={overlayRoom}
      >
        <AccountGuard />
      </Modal>
      <Modal
        open={isChanging}
        footer={null}
        onCancel={() => setChanging(false)}
        destroyOnHidden
        getContainer={overlayRoom}
      >
        <SignIn
          onDone={() => {
            setChanging(false);
            void queries.invalidateQueries({ queryKey: ME_KEY });
          }}
        />
      </Modal>
    </>
  );
}

/** By the clock of whoever sits here: a shift is theirs. */
function hourOf(instant: string): string {
  return new Date(instant).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
