import { browserSupportsWebAuthn } from "@simplewebauthn/browser";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { encode } from "uqr";
import { ApiError, get, send } from "../api/client.ts";
import { usePreferences } from "../preferences.tsx";
import { cameBack } from "./come-back.ts";
import { IdentityLink } from "./identity-link.tsx";
import { PASSWORD_LENGTH_MIN } from "./new-password.tsx";
import { makePasskey, PasskeyCancelled } from "./passkey.ts";

interface Guard {
  totp: boolean;
  recoveryCodes: number;
  passkeys: { id: string; label: string; createdAt: string; usedAt: string | null }[];
}

const GUARD_KEY = ["me", "factors"] as const;

/** What my account asks for besides the password. Every change asks for what it has now. */
export function AccountGuard() {
  const { t, language } = usePreferences();
  const queries = useQueryClient();
  const { data } = useQuery({ queryKey: GUARD_KEY, queryFn: () => get<Guard>("/me/factors") });
  const [proof, setProof] = useState({ password: "", code: "" });
  const [begun, setBegun] = useState<{ secret: string; uri: string } | null>(null);
  const [first, setFirst] = useState("");
  const [next, setNext] = useState("");
  const [codes, setCodes] = useState<string[] | null>(null);
  const [said, setSaid] = useState(() => cameBack(location.search, t));
  if (data === undefined) return null;
  const { totp, passkeys, recoveryCodes } = data;
  const hasMore = totp || passkeys.length > 0;
  const given = { password: proof.password, ...(proof.code.trim() === "" ? {} : { code: proof.code.trim() }) };

  const attempt = async (doing: () => Promise<unknown>): Promise<void> => {
    setSaid(null);
    try {
      await doing();
      setSaid({ text: t.guard.done, isFailure: false });
    } catch (error) {
      const text =
        error instanceof PasskeyCancelled
          ? t.signIn.cancelled
          : error instanceof ApiError && error.status !== 0
            ? error.sentence[language]
            : t.states.unreachable;
      setSaid({ text, isFailure: true });
    } finally {
      // A code is good once.
      setProof((before) => ({ ...before, code: "" }));
      await queries.invalidateQueries({ queryKey: GUARD_KEY });
    }
  };
  const show = ({ recoveryCodes: shown }: { recoveryCodes: string[] }): void => {
    if (shown.length > 0) setCodes(shown);
  };

  if (codes !== null)
    return (
      <div className="guard">
        <p role="alert">{t.guard.once}</p>
        <ul className="guard-codes">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <Button type="primary" onClick={() => setCodes(null)}>
          {t.guard.saved}
        </Button>
      </div>
    );
  const isReady = proof.password !== "";
  return (
    <div className="guard">
      <p>{hasMore ? t.guard.proveBoth : t.guard.prove}</p>
      <div className="guard-proof">
        <Input.Password
          aria-label={t.guard.password}
          placeholder={t.guard.password}
          autoComplete="current-password"
          value={proof.password}
          onChange={({ target }) => setProof({ ...proof, password: target.value })}
        />
        {hasMore ? (
          <Input
            aria-label={t.guard.code}
            placeholder={t.guard.code}
            autoComplete="one-time-code"
            maxLength={20}
            value={proof.code}
            onChange={({ target }) => setProof({ ...proof, code: target.value })}
          />
        ) : null}
      </div>
      {said === null ? null : said.isFailure ? (
        <p className="sign-in-failed" role="alert">
          △ {said.text}
        </p>
      ) : (
        <p role="status">{said.text}</p>
      )}
      <section>
        <h2>{t.guard.change}</h2>
        <p>{t.guard.changeHint}</p>
        <div className="guard-line">
          <Input.Password
            aria-label={t.signIn.newPassword}
            placeholder={`${t.signIn.newPassword} (${t.signIn.newPasswordHint})`}
            autoComplete="new-password"
            maxLength={200}
            value={next}
            onChange={({ target }) => setNext(target.value)}
          />
          <Button
            disabled={!isReady || next.length < PASSWORD_LENGTH_MIN}
            onClick={() =>
              void attempt(async () => {
                await send("POST", "/me/password", { ...given, next });
                setNext("");
                setProof({ password: "", code: "" });
              })
            }
          >
            {t.guard.change}
          </Button>
        </div>
      </section>
      <section>
        <h2>
          {t.guard.totp}: {totp ? t.guard.on : t.guard.off}
        </h2>
        {totp ? (
          <div className="guard-line">
            <Button disabled={!isReady} onClick={() => void attempt(() => send("POST", "/me/totp/off", given))}>
              {t.guard.switchOff}
            </Button>
          </div>
        ) : begun === null ? (
          <div className="guard-line">
            <Button
              disabled={!isReady}
              onClick={() => void attempt(async () => setBegun(await send("POST", "/me/totp", given)))}
            >
              {t.guard.switchOn}
            </Button>
          </div>
        ) : (
          <>
            <p>{t.guard.scan}</p>
            <QrCode text={begun.uri} label={t.guard.qr} />
            <code className="guard-secret">{begun.secret.match(/.{1,4}/g)?.join(" ")}</code>
            <div className="guard-line">
              <Input
                aria-label={t.guard.first}
                placeholder={t.guard.first}
                inputMode="numeric"
                autoComplete="one-time-code"
                maxLength={7}
                value={first}
                onChange={({ target }) => setFirst(target.value)}
              />
              <Button
                type="primary"
                disabled={first === ""}
                onClick={() =>
                  void attempt(async () => {
                    show(await send("POST", "/me/totp/confirm", { code: first }));
                    setBegun(null);
                    setFirst("");
                  })
                }
              >
                {t.guard.confirm}
              </Button>
            </div>
          </>
        )}
      </section>
      <section>
        <h2>{t.guard.passkeys}</h2>
        {passkeys.length === 0 ? <p>{t.guard.none}</p> : null}
        {passkeys.map(({ id, label, usedAt }) => (
          <div className="guard-line" key={id}>
            <span>{label}</span>
            <small>{usedAt === null ? t.guard.unused : t.guard.used(new Date(usedAt).toLocaleString(language))}</small>
            <Button
              size="small"
              disabled={!isReady}
              onClick={() => void attempt(() => send("POST", `/me/passkeys/${encodeURIComponent(id)}/remove`, given))}
            >
              {t.guard.remove}
            </Button>
          </div>
        ))}
        {browserSupportsWebAuthn() ? (
          <div className="guard-line">
            <Button
              disabled={!isReady}
              onClick={() =>
                void attempt(async () => {
                  const passkey = await makePasskey(given);
                  show(await send("POST", "/me/passkeys", { label: t.guard.labelPreset, passkey }));
                })
              }
            >
              {t.guard.add}
            </Button>
          </div>
        ) : (
          <p>{t.guard.unsupported}</p>
        )}
      </section>
      <IdentityLink given={given} isReady={isReady} attempt={attempt} />
      {hasMore ? (
        <section>
          <h2>
            {t.guard.recovery}: {t.guard.left(recoveryCodes)}
          </h2>
          <div className="guard-line">
            <Button
              disabled={!isReady}
              onClick={() => void attempt(async () => show(await send("POST", "/me/recovery-codes", given)))}
            >
              {t.guard.renew}
            </Button>
          </div>
        </section>
      ) : null}
    </div>
  );
}

/** A text as a square code, dark on light whatever the page's colours: cameras want it so. */
function QrCode({ text, label }: { text: string; label: string }) {
  const { size, data } = encode(text, { border: 2 });
  const path = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg className="guard-qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path d={path} />
    </svg>
  );
}
