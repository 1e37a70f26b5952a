import type { Bilingual, CaseEntry, CaseStory } from "../../model/case.ts";
import { useText } from "../language.tsx";

/** What happened to a case, newest first. */
export function StoryList({ story, failed }: { story: CaseStory | undefined; failed: boolean }) {
  const t = useText();
  if (story === undefined) return <p className="phone-note">{failed ? t.states.unreachable : t.states.loading}</p>;
  return (
    <ol className="story">
      {story.entries.toReversed().map((entry) => (
        <li key={entry.seq}>
          <time dateTime={entry.at}>{timeOf(entry.at)}</time>
          {entry.actorName === null ? t.story.program : entry.actorName} ·{" "}
          {entry.label?.[t.language] ?? t.story[entry.kind]}
          {saidIn(entry, t.language).map((text) => (
            <p key={text}>{text}</p>
          ))}
        </li>
      ))}
    </ol>
  );
}

/** What the doer wrote, and what the program has to say to it. */
function saidIn({ form, detail }: CaseEntry, language: keyof Bilingual): string[] {
  const said = Object.values(form).filter((value): value is string => typeof value === "string");
  const says = detail["says"] as Bilingual | undefined;
  return says === undefined ? said : [...said, says[language]];
}

function timeOf(iso: string): string {
  return new Date(iso).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
