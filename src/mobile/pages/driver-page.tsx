import { Button, TextArea } from "antd-mobile";
import { useEffect, useState } from "react";
import { useParams } from "react-router";
import type { DriverView } from "../../model/driver.ts";
import { ApiError, get, send } from "../../web/api/client.ts";
import { useLanguage } from "../language.tsx";
import { describeMeters, describeSpan } from "../parts/time-left.ts";
import { DestinationPart } from "./destination-part.tsx";

/** The driver's page, opened by a link in a message: am I listed, why, until when, what can I do, whom to call, how do I object. */
export function DriverPage() {
  const { t, setLanguage } = useLanguage();
  const { token = "" } = useParams();
  const [view, setView] = useState<DriverView | null>(null);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const path = `/driver/${encodeURIComponent(token)}`;

  useEffect(() => {
    get<DriverView>(path).then(setView, setFailure);
  }, [path]);

  if (failure !== null) {
    const isLink = failure.status !== 0 && failure.status < 500;
    return (
      <main className="driver">
        <h1>{t.driver.title}</h1>
        <p className="phone-failed" role="alert">
          <strong>{isLink ? t.driver.invalid : t.states.failed}</strong>
          <br />
          {isLink ? t.driver.invalidHint : t.states.unreachable}
        </p>
      </main>
    );
  }
  if (view === null) return <p className="phone-note">{t.states.loading}…</p>;
  const isLocked = view.state === "locked";
  return (
    <main className="driver">
      <button type="button" className="phone-link" onClick={() => setLanguage(t.language === "zh" ? "en" : "zh")}>
        {t.switchLanguage}
      </button>
      <h1>
        {view.plate} · {t.driver.title}
      </h1>
      <p className="driver-state" data-ended={isLocked ? undefined : true}>
        {isLocked ? t.driver.listed : `✓ ${t.driver.ended}`}
      </p>
      {isLocked ? <Facts view={view} /> : null}
      <h2>{t.driver.why}</h2>
      <p>{view.rule[t.language]}</p>
      {view.exposures.map((exposure) => (
        <p key={exposure.start}>
          {dateOf(exposure.start)}{" "}
          {t.driver.near(
            exposure.areaName,
            describeSpan(t, exposure.minutes * 60_000),
            describeMeters(exposure.minDistanceM),
          )}
        </p>
      ))}
      <DestinationPart view={view} path={path} onChange={setView} />
      <Objection view={view} path={path} onChange={setView} />
    </main>
  );
}

function Facts({ view }: { view: DriverView }) {
  const { t } = useLanguage();
  return (
    <>
      <h2>{t.driver.what}</h2>
      <p>{view.whatToDo[t.language]}</p>
      {view.until === null ? null : (
        <p>
          {t.driver.until} {dateOf(view.until)}
        </p>
      )}
      {view.call === null ? null : (
        <a className="driver-call" href={`tel:${view.call}`}>
          {t.driver.call} {view.call}
        </a>
      )}
    </>
  );
}

function Objection({ view, path, onChange }: { view: DriverView; path: string; onChange: (view: DriverView) => void }) {
  const { t } = useLanguage();
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const { objection } = view;
  const submit = async (): Promise<void> => {
    try {
      onChange(await send<DriverView>("POST", `${path}/contest`, { text: text.trim() }));
      setOpen(false);
      setFailure(null);
    } catch (error) {
      setFailure(error instanceof ApiError && error.status !== 0 ? error.sentence[t.language] : t.states.unreachable);
    }
  };
  return (
    <section>
      <h2>{t.driver.contest}</h2>
      {objection === null ? null : (
        <p>
          {t.driver.objections[objection.state]} <q>{objection.text}</q>
        </p>
      )}
      {objection?.state === "open" || view.confirmation === "contested" ? null : isOpen ? (
        <div className="sheet">
          <label>
            <span>{t.driver.contestHint}</span>
            <TextArea rows={4} maxLength={2000} value={text} onChange={setText} />
          </label>
          <Button block color="primary" size="large" disabled={text.trim() === ""} onClick={() => void submit()}>
            {t.driver.contestSend}
          </Button>
        </div>
      ) : (
        <Button block size="large" onClick={() => setOpen(true)}>
          {t.driver.contest}
        </Button>
      )}
      {failure === null ? null : (
        <p className="phone-failed" role="alert">
          {failure}
        </p>
      )}
    </section>
  );
}

function dateOf(iso: string): string {
  const at = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
