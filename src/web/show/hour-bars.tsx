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
}

/** Counts by the hour, drawn without a library: a day is 24 bars. */
export function HourBars({ hours, height, label, compact = false }: HourBarsProps) {
  const up = Math.max(1, ...hours.map((hour) => hour.up));
  const down = Math.max(0, ...hours.map((hour) => hour.down ?? 0));
  const scale = 100 / (up + down);
  return (
    <figure className={`hour-bars${compact ? " compact" : ""}`} aria-label={label}>
      <div className="hour-columns" style={{ height }}>
        {hours.map((hour) => (
          <div key={hour.fromMs} className="hour" title={hour.label}>
            <div className="up" style={{ height: `${up * scale}%` }}>
              {(hour.marks ?? 0) > 0 ? <span className="hour-mark">{hour.marks}</span> : null}
              <span className={hour.unknown === true ? "bar unknown" : "bar"} style={{ height: `${(hour.up / up) * 100}%` }} />
            </div>
            {down > 0 ? (
              <div className="down" style={{ height: `${down * scale}%` }}>
                <span className="bar" style={{ height: `${((hour.down ?? 0) / down) * 100}%` }} />
              </div>
            ) : null}
          </div>
        ))}
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
