import { Link } from "react-router";
import type { ChangedStay, DryRun, DryRunStay } from "../../model/rule-version.ts";
import { useAreas } from "../api/queries.ts";
import { useDesk } from "../desk.tsx";
import { useText } from "../preferences.tsx";
import { span } from "../show/instant.ts";
import { count } from "../show/measure.ts";
import { TableFile } from "../show/table-file.tsx";
import type { Text } from "../text/zh.ts";
import { Plate } from "../show/plate.tsx";
import { useCancelDryRun } from "./rule-queries.ts";

/** How far a dry run is, then what it found: the two rules side by side, and each stay that differs. */
export function DryRunBox({ run }: { run: DryRun }) {
  const t = useText();
  const r = t.rule;
  const cancel = useCancelDryRun();
  const { vehicles, done } = run.progress;
  if (run.state === "running") {
    return (
      <div className="rule-progress" role="status">
        <span>{vehicles === 0 ? r.counting : r.progress(count(done), count(vehicles))}</span>
        <progress max={Math.max(1, vehicles)} value={done} aria-label={r.run} />
        <button type="button" className="plain" onClick={() => cancel.mutate(run.id)}>
          {r.cancel}
        </button>
      </div>
    );
  }
  if (run.state === "cancelled") return <p className="notice">{r.cancelled}</p>;
  if (run.state === "failed") {
    return (
      <p className="notice bad" role="alert">
        {r.runFailed}: {run.problem}
      </p>
    );
  }
  return <Result run={run} />;
}

function Result({ run }: { run: DryRun }) {
  const t = useText();
  const r = t.rule;
  const { clock } = useDesk();
  const { data: areas } = useAreas();
  const { exposures, locks, list } = run;
  return (
    <div className="rule-result">
      <table className="report-table" aria-label={r.run}>
        <thead>
          <tr>
            <td aria-label="—" />
            {[r.before, r.after, r.gained, r.lost, r.changed].map((name) => (
              <th key={name} scope="col" className="num">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{r.exposures}</th>
            {[exposures.before, exposures.after, exposures.gained, exposures.lost, exposures.changed].map(
              (value, column) => (
                <td key={[r.before, r.after, r.gained, r.lost, r.changed][column]} className="num">
                  {count(value)}
                </td>
              ),
            )}
          </tr>
          <tr>
            <th scope="row">{r.locks}</th>
            {[locks.before, locks.after, locks.gained, locks.lost].map((value, column) => (
              <td key={[r.before, r.after, r.gained, r.lost][column]} className="num">
                {count(value)}
              </td>
            ))}
            <td className="num">–</td>
          </tr>
        </tbody>
      </table>
      {list.length === 0 ? (
        <p className="muted report-line">{r.nothing}</p>
      ) : (
        <>
          <TableFile
            name={r.changed}
            head={[r.changed, t.gate.vehicle, t.area.title, r.before, r.after, r.locks]}
            rows={() =>
              list.map((stay) => [
                r.change[stay.change],
                stay.vehicle,
                areas?.find(({ id }) => id === stay.area)?.name ?? stay.area,
                stay.before === null ? "" : `${clock.full(stay.before.start)} ${span(stay.before.durationS * 1000, t)}`,
                stay.after === null ? "" : `${clock.full(stay.after.start)} ${span(stay.after.durationS * 1000, t)}`,
                lockChange(stay, r),
              ])
            }
          />
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by the keyboard */}
          <ul className="rule-changes" tabIndex={0} aria-label={r.changed}>
            {list.map((stay) => (
              <Stay key={`${stay.vehicle}${stay.area}${(stay.before ?? stay.after)!.start}`} stay={stay} />
            ))}
          </ul>
        </>
      )}
      {list.length < exposures.gained + exposures.lost + exposures.changed ? (
        <p className="muted report-line">{r.cut(list.length)}</p>
      ) : null}
    </div>
  );
}

/** Whether a vehicle would be locked that was not, or the other way round. */
function lockChange({ before, after }: ChangedStay, r: Text["rule"]): string | null {
  const [was, is] = [(before?.lockedAt ?? null) !== null, (after?.lockedAt ?? null) !== null];
  return was === is ? null : is ? r.lockGained : r.lockLost;
}

function Stay({ stay }: { stay: ChangedStay }) {
  const { vehicle, area: id, change, before, after } = stay;
  const t = useText();
  const r = t.rule;
  const { data: areas } = useAreas();
  const area = areas?.find((one) => one.id === id)?.name ?? id;
  return (
    <li className={change}>
      <span>
        <span aria-hidden="true">{{ gained: "＋", lost: "－", changed: "≠" }[change]}</span> {r.change[change]}
      </span>
      <span>
        <Link to={`/vehicle/${encodeURIComponent(vehicle)}`}>
          <Plate vehicle={vehicle} />
        </Link>{" "}
        {area}
        <br />
        <small>
          {before === null ? null : <StayTime stay={before} />}
          {before !== null && after !== null ? " → " : null}
          {after === null ? null : <StayTime stay={after} />}
        </small>
      </span>
      <b>{lockChange(stay, r)}</b>
    </li>
  );
}

function StayTime({ stay }: { stay: DryRunStay }) {
  const t = useText();
  const { clock } = useDesk();
  return (
    <>
      {clock.full(stay.start)} {span(stay.durationS * 1000, t)} ({t.report[stay.certainty]})
    </>
  );
}
