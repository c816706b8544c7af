// A round of practice in the end: how many answers agree with the results, in words, and where to go from here.
import { useEffect } from "react";
import { agrees, type Done, type Practice } from "../../app/practiceItems";
import { Link } from "../../app/router";
import { inShort } from "../../editor/Answered";
import { t } from "../../texts/en";
import { percentText } from "../../ui/format";
import { Notice, Page } from "../../ui/parts";
import { focusHeading } from "./answering";

const words = t.practice;
/** From these parts on a score is good, or middling. */
const [GOOD, MIDDLING] = [0.9, 0.7];

interface Props {
  done: readonly Done[];
  practice: Practice;
  /** Where the real work is. */
  work: string;
  /** So many items come with the next round that were not seen yet. */
  left: number;
  again: () => void;
}

export function PracticeScore({ done, practice, work, left, again }: Props) {
  useEffect(() => focusHeading(), []);
  const answered = done.filter((each) => each.answer !== null);
  const right = answered.filter((each) => agrees(practice, each.answer!, each.winner)).length;
  const skipped = done.length - answered.length;
  return (
    <Page title={answered.length ? words.score(right, answered.length) : words.allSkipped} crumb={{ href: "/tasks", text: t.work.title }}>
      {answered.length > 0 && <Verdict part={right / answered.length} />}
      <p className="quiet">
        {skipped > 0 && `${words.skippedCount(skipped)} `}
        {words.few}
      </p>
      <div className="row">
        <button type="button" className="button" onClick={again}>
          {words.more(left)}
        </button>
        <Link className="button primary" href={work}>
          {work === "/tasks" ? words.toTasks : words.toWork}
        </Link>
      </div>
      <Answers done={done} practice={practice} />
      <p className="quiet small-text">{words.kept}</p>
    </Page>
  );
}

function Verdict({ part }: { part: number }) {
  const [kind, [title, todo]] = part >= GOOD ? (["good", words.good] as const) : part >= MIDDLING ? (["", words.middling] as const) : (["warn", words.poor] as const);
  return (
    <Notice kind={kind} title={title}>
      <p>{todo}</p>
    </Notice>
  );
}

function Answers({ done, practice }: Pick<Props, "done" | "practice">) {
  const { campaign, spec, form } = practice;
  return (
    <div className="table-wrap" tabIndex={0} role="region" aria-label={words.answers}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.earnings.item}</th>
            <th scope="col">{words.yours}</th>
            <th scope="col">{words.result}</th>
            <th scope="col">{words.sureShort}</th>
          </tr>
        </thead>
        <tbody>
          {done.map(({ item, answer, winner, confidenceQ16 }) => (
            <tr key={item}>
              <td>
                <Link href={`/campaigns/${campaign.id}/audit/${item}`}>{spec.items[item]?.name ?? t.audit.itemTitle(item)}</Link>
              </td>
              <td>{answer === null ? <span className="quiet">{t.label.skipped}</span> : <Yours text={inShort(form, answer)} agrees={agrees(practice, answer, winner)} />}</td>
              <td>{inShort(form, winner)}</td>
              <td className="number">{percentText(confidenceQ16, 65_536)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Yours({ text, agrees }: { text: string; agrees: boolean }) {
  return (
    <>
      {text} <span className={agrees ? "quiet small-text" : "small-text"}>({agrees ? t.audit.winner : t.audit.differs})</span>
    </>
  );
}
