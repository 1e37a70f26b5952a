import type { Area } from "../../model/area.ts";
import type { Exposure } from "../../model/finding.ts";
import { useAreas, useVehicleExposures } from "../api/queries.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { roughSpan, span } from "../show/instant.ts";
import { isMasked } from "../show/measure.ts";
import { Plate } from "../show/plate.tsx";
import { VehicleMark } from "../show/symbols.tsx";
import { acknowledged } from "./acknowledged.ts";
import type { Waiting } from "./desk-clock.ts";

/** A lock that waits for a person: one sentence, its clock, one action. */
export function Card({ waiting, chosen, onOpen }: { waiting: Waiting; chosen: boolean; onOpen: () => void }) {
  const t = useText();
  const { cityName, clock, live } = useDesk();
  const { lock, urgency, of } = waiting;
  const { data: exposures } = useVehicleExposures(lock.vehicle, !isMasked(lock.vehicle));
  const { data: areas } = useAreas();
  const nowMs = live.cityNowMs();
  const grounds = (exposures?.items ?? []).filter(({ id }) => lock.exposures.includes(id));
  const main = mainGround(grounds, areas ?? []);
  const more = Math.max(0, lock.exposures.length - 1);
  const entered =
    lock.enteredAt === null
      ? t.card.enteredUnknown(cityName)
      : t.card.entered(clock.short(lock.enteredAt, nowMs), cityName);
  return (
    <article className={`card ${urgency}${chosen ? " chosen" : ""}`} data-lock={lock.id}>
      <p>
        <VehicleMark state="locked" size={16} /> <Plate vehicle={lock.vehicle} />{" "}
        {urgency === "review" ? (
          t.card.review
        ) : isMasked(lock.vehicle) ? (
          t.card.masked
        ) : main === undefined ? (
          <span className="card-waiting">…</span>
        ) : (
          <>
            <StaySentence exposure={main} area={areas?.find(({ id }) => id === main.area)} nowMs={nowMs} />
            {more > 0 ? t.card.more(more) : ""}
            {", "}
            {entered}
          </>
        )}
      </p>
      {of === null ? null : (
        <p className="card-case">
          <b>{of.stateLabel[t.language]}</b>{" "}
          <span className="card-who" title={of.placeName}>
            {of.takenByName ?? shortPlace(of.placeName)}
          </span>
          {of.level > 0 ? <span className="card-level">{t.rail.raised(of.level)}</span> : null}
        </p>
      )}
      <div className="card-foot">
        {urgency === "noted" || waiting.limit === null ? (
          <span className="limit" />
        ) : (
          <Limit {...waiting.limit} nowMs={nowMs} />
        )}
        {urgency === "review" ? null : (
          <button
            type="button"
            className="card-note"
            title={t.rail.noteHint}
            onClick={() => acknowledged.toggle(lock.id)}
          >
            {urgency === "noted" ? t.rail.unnote : t.rail.note}
          </button>
        )}
        <button type="button" className="card-action" onClick={onOpen}>
          {urgency === "review"
            ? t.rail.decide
            : of?.next[0] === undefined
              ? t.rail.open
              : `${of.next[0].label[t.language]}…`}
        </button>
      </div>
    </article>
  );
}

/** `延津县 · 石婆固镇 · 老仪门村民委员会 · 老仪门第一网格`: what is nearest to the ground. */
function shortPlace(path: string): string {
  return path.split(" · ").slice(-2).join(" · ");
}

/** 在郑州××高风险区 800 m 内停留 14 分 20 秒 (06:12–06:26) */
function StaySentence({ exposure, area, nowMs }: { exposure: Exposure; area: Area | undefined; nowMs: number }) {
  const t = useText();
  const { clock } = useDesk();
  const place = area === undefined ? t.card.unknownArea : area.name;
  const stay = span(exposure.durationS * 1000, t);
  const from = clock.short(exposure.start, nowMs);
  if (exposure.end === null) return t.card.ongoing(place, stay, from);
  return t.card.stay(place, stay, from, clock.minute(exposure.end));
}

/** The ground that weighs most: in a high-risk area before a medium one, then the longer stay. */
function mainGround(grounds: readonly Exposure[], areas: readonly Area[]): Exposure | undefined {
  const high = new Set(areas.filter(({ level }) => level === "high").map(({ id }) => id));
  return grounds.toSorted(
    (a, b) => Number(high.has(b.area)) - Number(high.has(a.area)) || b.durationS - a.durationS,
  )[0];
}

/** The clock of the limit: a bar that fills; over the limit it breaks into blocks. */
function Limit({ fromMs, dueMs, nowMs }: { fromMs: number; dueMs: number; nowMs: number }) {
  const t = useText();
  const leftMs = dueMs - nowMs;
  const over = leftMs < 0;
  const share = Math.min(1, Math.max(0, (nowMs - fromMs) / Math.max(1, dueMs - fromMs)));
  return (
    <div className={`limit${over ? " over" : ""}`}>
      <span className="limit-bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <small>{over ? `▲ ${t.rail.overdueBy(roughSpan(-leftMs, t))}` : t.rail.left(roughSpan(leftMs, t))}</small>
    </div>
  );
}
