import { PullToRefresh } from "antd-mobile";
import { useEffect } from "react";
import { Link } from "react-router";
import type { Notice } from "../../model/case.ts";
import { useText } from "../language.tsx";
import { usePhone } from "../phone.tsx";

/** What I was told, newest first; opening the page is reading it. */
export function NoticesPage() {
  const t = useText();
  const { notices, cases, refresh, readAll } = usePhone();
  useEffect(() => {
    void readAll();
  }, [readAll, notices]);
  return (
    <PullToRefresh onRefresh={refresh}>
      <h1 className="phone-title">{t.notices.title}</h1>
      {notices.length === 0 ? (
        <div className="phone-empty">
          <strong>{t.notices.none}</strong>
          <p>{t.notices.noneHint}</p>
        </div>
      ) : (
        <ul className="work">
          {notices.map((notice) => (
            <NoticeItem key={notice.id} notice={notice} isMine={cases.some(({ id }) => id === notice.case)} />
          ))}
        </ul>
      )}
    </PullToRefresh>
  );
}

function NoticeItem({ notice: { text, at, case: of }, isMine }: { notice: Notice; isMine: boolean }) {
  const t = useText();
  const content = (
    <>
      <span className="work-state">{dayAndTime(at)}</span>
      <span>{text[t.language]}</span>
    </>
  );
  return (
    <li>
      {of !== null && isMine ? (
        <Link to={`/task/${encodeURIComponent(of)}`} className="work-card">
          {content}
          <em>{t.map.open} ›</em>
        </Link>
      ) : (
        <div className="work-card work-card-plain">{content}</div>
      )}
    </li>
  );
}

function dayAndTime(iso: string): string {
  const at = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
