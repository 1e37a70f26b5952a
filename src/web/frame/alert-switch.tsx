import { useText } from "../preferences.tsx";
import { alerts, useAlertChoice } from "./alerts.ts";

/** How this desk is told of a new lock: by sound, by the browser, or only on the page. */
export function AlertSwitch() {
  const t = useText();
  const { sound, notice, asleep, denied } = useAlertChoice();
  return (
    <div className="alert-switch" role="group" aria-label={t.alert.title}>
      <button type="button" aria-pressed={sound} title={t.alert.soundHint} onClick={() => alerts.toggleSound()}>
        <svg viewBox="0 0 24 24" width="15" height="15" aria-hidden="true">
          <path
            d="M4 9h4l5-4v14l-5-4H4z"
            fill={sound ? "currentColor" : "none"}
            stroke="currentColor"
            strokeWidth="1.8"
          />
          {sound ? (
            <path
              d="M16 8.5a5 5 0 0 1 0 7M18.5 6a8.5 8.5 0 0 1 0 12"
              fill="none"
              stroke="currentColor"
              strokeWidth="1.8"
            />
          ) : (
            <path d="M16 9.5l5 5M21 9.5l-5 5" stroke="currentColor" strokeWidth="1.8" />
          )}
        </svg>
        {t.alert.sound} {sound ? t.alert.on : t.alert.off}
      </button>
      <button type="button" aria-pressed={notice} title={t.alert.noticeHint} onClick={() => void alerts.toggleNotice()}>
        <svg viewBox="0 0 24 24" width="15" height="15" aria-hidden="true">
          <path
            d="M6 17V11a6 6 0 0 1 12 0v6l1.5 2h-15zM10 21.5h4"
            fill={notice ? "currentColor" : "none"}
            stroke="currentColor"
            strokeWidth="1.8"
          />
        </svg>
        {t.alert.notice} {notice ? t.alert.on : t.alert.off}
      </button>
      {denied || (asleep && sound) ? <small role="status">{denied ? t.alert.denied : t.alert.asleep}</small> : null}
    </div>
  );
}
