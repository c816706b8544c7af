// Whether the oracle would take a campaign on, told before anything is signed, with what to change.
import type { AcceptanceAnswer } from "../../api/types";
import { takenFrom, type Declined, type Offered } from "../../fund/acceptance";
import { f } from "../../texts/en";
import { bpsText, spanText } from "../../ui/format";
import { Notice } from "../../ui/parts";
import type { Unit } from "../../wallet/chain";
import { reasonOf } from "../Waiting";

interface Given {
  declined: readonly Declined[];
  asked: AcceptanceAnswer;
  /** Its schedule begins with the funding, at zero. */
  offered: Offered;
  unit: Unit;
}

export function TakenNotice({ declined, asked, offered, unit }: Given) {
  const words = f.review.taken;
  const after = takenFrom(asked, offered);
  if (!declined.length) return after > 0 ? <Notice kind="warn" title={words.laterTitle(spanText(after))}><p>{words.later}</p></Notice> : null;
  return (
    <Notice kind="bad" title={words.title}>
      <p>{words.nothing}</p>
      <ul>
        {declined.map((each) => (
          <li key={each.kind}>{`${reasonOf(each, unit)} ${changeOf(each)}`}</li>
        ))}
      </ul>
    </Notice>
  );
}

function changeOf(each: Declined): string {
  const words = f.review.taken;
  switch (each.kind) {
    case "requester": return words.requester;
    case "escrow": return words.work;
    case "fee": return each.enoughBps === null ? words.work : words.fee(bpsText(each.enoughBps));
    case "long": return words.long;
  }
}
