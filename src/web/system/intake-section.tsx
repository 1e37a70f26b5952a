import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { get } from "../api/client.ts";
import { useDesk } from "../desk.tsx";
import { Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { count } from "../show/measure.ts";
import { Failed, Loading } from "../show/states.tsx";
import { Fact, Facts } from "./facts.tsx";

type Counts = Record<string, number>;

/** The answer of `/system`. */
interface SystemView {
  today: { since: string; fixes: number; late: number; aside: number; frames: number; rejected: Counts } | null;
  gateway: {
    framesIn: number;
    fixesStored: number;
    fixesNotStored: number;
    fixesQuarantined: number;
    unacknowledgedFixes: number;
    rejected: Counts;
    deviations: Counts;
  } | null;
  tracks: {
    queuedFixes: number;
    hotFixes: number;
    files: number;
    fileFixes: number;
    fileBytes: number;
    lastCommitMs: number;
    slowestCommitMs: number;
  };
  disk: { freeBytes: number; totalBytes: number } | null;
}

const REFRESH_MS = 5000;

/** What came in today, what was refused and why, and what the stores and the disk hold. */
export function IntakeSections() {
  const t = useText();
  const h = t.health;
  const { clock, live } = useDesk();
  const { data, isError, error, refetch } = useQuery({
    queryKey: ["system", "intake"],
    queryFn: () => get<SystemView>("/system"),
    refetchInterval: REFRESH_MS,
  });
  if (data === undefined) {
    return isError ? (
      <Failed error={error} what={t.states.failed} retry={() => void refetch()} />
    ) : (
      <div className="section">
        <Loading rows={6} />
      </div>
    );
  }
  const { today, gateway, tracks, disk } = data;
  return (
    <>
      <Section title={h.today} aside={<Link to={`/reports/day/${clock.day(live.cityNowMs())}`}>{h.report}</Link>}>
        {today === null ? (
          <p className="muted">{h.todayNone}</p>
        ) : (
          <>
            <Facts>
              <Fact name={t.report.fixes} value={count(today.fixes)} />
              <Fact name={t.report.late} value={count(today.late)} />
              <Fact name={t.report.aside} value={count(today.aside)} />
              <Fact name={t.report.frames} value={count(today.frames)} />
            </Facts>
            <Reasons title={h.rejected} none={h.noRejected} counts={today.rejected} />
          </>
        )}
      </Section>
      <Section title={h.gateway}>
        {gateway === null ? (
          <p className="muted">{h.noGateway}</p>
        ) : (
          <>
            <Facts>
              <Fact name={h.framesIn} value={count(gateway.framesIn)} />
              <Fact name={h.stored} value={count(gateway.fixesStored)} />
              <Fact name={h.notStored} value={count(gateway.fixesNotStored)} />
              <Fact name={h.quarantined} value={count(gateway.fixesQuarantined)} />
              <Fact name={h.duplicates} value={count(gateway.unacknowledgedFixes)} />
            </Facts>
            <Reasons title={h.rejected} none={h.noRejected} counts={gateway.rejected} />
            {Object.keys(gateway.deviations).length === 0 ? null : (
              <Reasons title={h.deviations} none="" counts={gateway.deviations} />
            )}
          </>
        )}
      </Section>
      <Section title={h.disk}>
        <Facts>
          <Fact name={h.free} value={disk === null ? "–" : `${bytes(disk.freeBytes)} / ${bytes(disk.totalBytes)}`} />
          <Fact name={h.bytes} value={bytes(tracks.fileBytes)} />
          <Fact name={h.files} value={count(tracks.files)} />
          <Fact name={h.fixes} value={count(tracks.fileFixes)} />
          <Fact name={h.hot} value={count(tracks.hotFixes)} />
          <Fact name={h.queued} value={count(tracks.queuedFixes)} />
          <Fact name={h.lastCommit} value={`${count(tracks.lastCommitMs)} ms`} />
          <Fact name={h.slowest} value={`${count(tracks.slowestCommitMs)} ms`} />
        </Facts>
      </Section>
    </>
  );
}

/** Counts by reason, most frequent first. */
function Reasons({ title, none, counts }: { title: string; none: string; counts: Counts }) {
  const rows = Object.entries(counts)
    .filter(([, number]) => number > 0)
    .toSorted(([, a], [, b]) => b - a);
  return (
    <p className="reasons">
      {title}: {rows.length === 0 ? <span className="muted">{none}</span> : null}
      {rows.map(([reason, number]) => (
        <span key={reason}>
          <code>{reason}</code> <b>{count(number)}</b>
        </span>
      ))}
    </p>
  );
}

function bytes(value: number): string {
  const power = value < 1e6 ? 1 : value < 1e9 ? 2 : 3;
  return `${(value / 1000 ** power).toFixed(power === 1 ? 0 : 1)} ${["B", "kB", "MB", "GB"][power]!}`;
}
