import { ApiError } from "../api/client.ts";
import { useText } from "../preferences.tsx";

/** Why the server did not take what was sent: its sentence, and every fault with its place, value and what was expected. */
export function Problems({ error }: { error: unknown }) {
  const t = useText();
  const api = error instanceof ApiError ? error : null;
  const sentence = api === null ? String(error) : api.status === 0 ? t.states.unreachable : api.sentence[t.language];
  return (
    <div className="notice bad" role="alert">
      <strong>
        {t.area.problems}: {sentence}
      </strong>
      {api?.detail === null || api?.detail === undefined ? null : <p>{api.detail}</p>}
      {api === null || api.problems.length === 0 ? null : (
        <ul className="problems">
          {api.problems.map(({ where, value, expected }) => (
            <li key={`${where}${expected}`}>
              <code>{where}</code> {value === undefined ? "" : `${t.area.got} ${value}, `}
              {t.area.expected} {expected}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
