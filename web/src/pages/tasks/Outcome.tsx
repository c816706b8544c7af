// One practice answer beside the settled result: whether it agrees, what was answered, and how sure the result is.
import { useEffect, useRef } from "react";
import { agrees, type Practice, type Settled } from "../../app/practiceItems";
import { inShort } from "../../editor/Answered";
import type { Answer, Form } from "../../protocol/labels";
import { t } from "../../texts/en";
import { percentText } from "../../ui/format";
import { Facts, Meter } from "../../ui/parts";

const MOST_GIVEN = 6;
const words = t.practice;

export function Outcome({ practice, settled, answer, onwards }: { practice: Practice; settled: Settled; answer: Answer; onwards: () => void }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const { form } = practice;
  const isRight = agrees(practice, answer, settled.winner);
  return (
    <>
      <div className={`notice outcome ${isRight ? "good" : "warn"}`}>
        <h2 tabIndex={-1} ref={heading}>
          {isRight ? words.agrees : words.differs(inShort(form, settled.winner))}
        </h2>
        <Facts
          rows={[
            [words.yours, <strong key="yours">{inShort(form, answer)}</strong>],
            [words.result, <strong key="result">{inShort(form, settled.winner)}</strong>],
            [words.sure, t.audit.confidence(percentText(settled.confidenceQ16, 65_536))],
          ]}
        />
        <Given form={form} settled={settled} />
      </div>
      <div className="row">
        <button type="button" className="button primary" onClick={onwards}>
          {words.next}
        </button>
      </div>
    </>
  );
}

function Given({ form, settled: { given } }: { form: Form; settled: Settled }) {
  const all = given.reduce((sum, [, count]) => sum + count, 0);
  const rest = given.slice(MOST_GIVEN).reduce((sum, [, count]) => sum + count, 0);
  return (
    <div className="stack tight fill">
      <p className="quiet small-text">{words.given(all)}</p>
      <ul className="bars">
        {given.slice(0, MOST_GIVEN).map(([answer, count]) => (
          <li key={answer}>
            <span className="row apart">
              <span>{inShort(form, answer)}</span>
              <span className="number">{words.times(count, all)}</span>
            </span>
            <Meter part={count} whole={all} label={inShort(form, answer)} />
          </li>
        ))}
      </ul>
      {rest > 0 && <p className="quiet small-text">{words.rest(rest)}</p>}
    </div>
  );
}
