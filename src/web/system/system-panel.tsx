import { Link } from "react-router";
import "./system.css";
import { useSystem } from "../api/queries.ts";
import { useDesk, useLive } from "../desk.tsx";
import { Panel, Section } from "../frame/panel.tsx";
import { useText } from "../preferences.tsx";
import { roughSpan } from "../show/instant.ts";
import { count } from "../show/measure.ts";
import { Failed, Loading } from "../show/states.tsx";
import { SettingsTabs } from "../settings/settings-tabs.tsx";
import { Fact, Facts } from "./facts.tsx";
import { IntakeSections } from "./intake-section.tsx";

/** How the system itself is: what is wrong, what waits, what has come in. */
export function SystemPanel() {
  const t = useText();
  const { clock } = useDesk();
  const { connection, lostSinceMs, pace } = useLive();
  const { data, isError, error, refetch } = useSystem();
  const s = t.system;
  if (data === undefined) {
    return (
      <Panel title={s.title} loading={!isError}>
        <Failed error={error} what={t.states.failed} retry={() => void refetch()} />
      </Panel>
    );
  }
  const { health, watch, figures } = data;
  const retro = watch.retro.filter(({ done, vehicles }) => done < vehicles);
  return (
    <Panel title={s.title}>
      <SettingsTabs />
      <div className="section">
        {connection === "lost" ? (
          <p className="notice bad">{t.bar.lostHint(clock.second(lostSinceMs ?? Date.now()))}</p>
        ) : null}
        {health.state === "ok" ? (
          <p className="notice good">
            <strong>✓ {t.bar.healthOk}</strong>
            <br />
            {s.okHint}
          </p>
        ) : (
          health.reasons.map((reason) => (
            <div key={reason.part} className="notice bad">
              <strong>
                △ {s.part[reason.part]}: {reason[t.language]}
              </strong>
              {reason.detail === null ? null : <p>{reason.detail}</p>}
              <p className="muted">{s.partHint[reason.part]}</p>
            </div>
          ))
        )}
      </div>
      <Section title={s.clock}>
        <Facts>
          <Fact name={t.bar.cityTime} value={clock.full(data.cityTimeMs)} />
          <Fact name={t.bar.eventTime} value={data.eventTimeMs === null ? s.none : clock.full(data.eventTimeMs)} />
          <Fact name={s.pace} value={pace < 1.5 ? s.realTime : t.bar.replay(pace.toFixed(1))} />
        </Facts>
      </Section>
      <Section title={s.ingest} aside={<Link to="/terminals">{t.terminals.title}</Link>}>
        <Facts>
          <Fact name={t.bar.rate} value={`${count(data.fixesPerSecond)} ${t.bar.rateUnit}`} />
          <Fact
            name={t.bar.lag}
            value={
              data.lagMs === null ? "–" : data.lagMs < 10_000 ? `${count(data.lagMs)} ms` : roughSpan(data.lagMs, t)
            }
          />
          <Fact name={t.bar.terminals} value={count(data.connections)} />
          <Fact name={s.terminalsWaiting} value={count(data.terminalsWaiting)} />
          <Fact name={s.fixes} value={count(watch.fixes)} />
          <Fact name={s.aside} value={count(watch.fixesAside)} />
          <Fact name={s.late} value={count(watch.fixesLate)} />
        </Facts>
      </Section>
      <IntakeSections />
      <Section title={s.work}>
        <Facts>
          <Fact name={s.rematchQueue} value={count(watch.rematchQueue)} />
          <Fact name={s.rematches} value={count(watch.rematches)} />
          <Fact name={s.ledgerQueue} value={count(watch.ledgerQueue)} />
          <Fact
            name={s.retro}
            value={
              retro.length === 0
                ? s.nothing
                : retro.map(({ area, done, vehicles }) => `${area} ${done}/${vehicles}`).join(", ")
            }
          />
        </Facts>
      </Section>
      <Section title={s.ledger}>
        <Facts>
          <Fact name={t.lockState.live} value={count(figures.locks.live)} />
          <Fact name={t.lockState.review} value={count(figures.locks.review)} />
          <Fact name={t.lockState.released} value={count(figures.locks.released)} />
          <Fact name={t.lockState.expired} value={count(figures.locks.expired)} />
          <Fact name={s.exposures} value={count(figures.exposures)} />
          <Fact name={t.nav.areas} value={count(figures.areas)} />
        </Facts>
      </Section>
      {isError ? <Loading rows={1} /> : null}
      <p className="section system-links">
        <a href="/api/docs" target="_blank" rel="noreferrer">
          {t.nav.api}
        </a>
        <a href="/metrics" target="_blank" rel="noreferrer">
          {s.metrics}
        </a>
        <Link to="/wall" target="_blank">
          {t.health.wall}
        </Link>
      </p>
    </Panel>
  );
}
