/** One hour of a chart: bars above the line, bars below it, and marks that stand out. */
export interface HourBar {
  fromMs: number;
  up: number;
  down?: number;
  marks?: number;
  label: string;
  /** `06`, drawn under every third hour. */
  tick: string;
  unknown?: boolean;
}

interface HourBarsProps {
  hours: readonly HourBar[];
  height: number;
  label: string;
  compact?: boolean;
  /** With it every hour is a button. */
  onChoose?: (fromMs: number) => void;
  chosenMs?: number | null;
}

/** Counts by the hour, drawn without a library: a day is 24 bars. */
export function HourBars({ hours, height, label, compact = false, onChoose, chosenMs = null }: HourBarsProps) {
  const up = Math.max(1, ...hours.map((hour) => hour.up));
  const down = Math.max(0, ...hours.map((hour) => hour.down ?? 0));
  return (
    <figure className={`hour-bars${compact ? " compact" : ""}`} aria-label={label}>
      <div className="hour-columns" style={{ height }}>
        {hours.map((hour) =>
          onChoose === undefined ? (
            <div key={hour.fromMs} className="hour" title={hour.label}>
              <Bars hour={hour} up={up} down={down} />
            </div>
          ) : (
            <button
              key={hour.fromMs}
              type="button"
              className="hour"
              title={hour.label}
              aria-label={hour.label}
              aria-pressed={hour.fromMs === chosenMs}
              onClick={() => onChoose(hour.fromMs)}
            >
              <Bars hour={hour} up={up} down={down} />
            </button>
          ),
        )}
      </div>
      {compact ? null : (
        <div className="hour-ticks" aria-hidden="true">
          {hours.map((hour) => (
            <span key={hour.fromMs}>{Number(hour.tick) % 3 === 0 ? hour.tick : ""}</span>
          ))}
        </div>
      )}
    </figure>
  );
}

function Bars({ hour, up, down }: { hour: HourBar; up: number; down: number }) {
  const scale = 100 / (up + down);
  return (
    <>
      <span className="up" style={{ height: `${up * scale}%` }}>
        {(hour.marks ?? 0) > 0 ? <span className="hour-mark">{hour.marks}</span> : null}
        <span
          className={hour.unknown === true ? "hour-bar unknown" : "hour-bar"}
          style={{ height: `${(hour.up / up) * 100}%` }}
        />
      </span>
      {down > 0 ? (
        <span className="down" style={{ height: `${down * scale}%` }}>
          <span className="hour-bar" style={{ height: `${((hour.down ?? 0) / down) * 100}%` }} />
        </span>
      ) : null}
    </>
  );
}
