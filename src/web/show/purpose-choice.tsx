import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, send } from "../api/client.ts";
import { useText } from "../preferences.tsx";
import { useMe } from "../session/use-me.ts";
import "./purpose-choice.css";

/** One click says what personal data is read for; what was masked or refused is then read anew. */
export function PurposeChoice() {
  const t = useText();
  const queries = useQueryClient();
  const { data: me } = useMe();
  const [failure, setFailure] = useState<string | null>(null);
  const fitting = me?.purposes.filter(({ classes }) => classes.includes("track")) ?? [];
  const choose = async (purpose: string): Promise<void> => {
    try {
      await send("POST", "/session/purpose", { purpose });
      await queries.resetQueries();
    } catch (error) {
      setFailure(error instanceof ApiError ? error.sentence[t.language] : String(error));
    }
  };
  return (
    <div className="purpose-choice">
      <p>{fitting.length === 0 ? t.settings.purposeNone : t.settings.purposeAsk}</p>
      <div>
        {fitting.map((each) => (
          <button key={each.id} type="button" className="primary" onClick={() => void choose(each.id)}>
            {each[t.language]}
          </button>
        ))}
      </div>
      {failure === null ? null : <p role="alert">△ {failure}</p>}
    </div>
  );
}
