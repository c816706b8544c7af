// Answers that were given: in a few words, and, where they are regions, drawn over the item for whoever asks.
import { useState } from "react";
import type { Hex } from "viem";
import { answerOr, Boxes, Regions, type Answer, type Form } from "../protocol/labels";
import { t } from "../texts/en";
import type { Item } from "./content";
import { ItemView } from "./ItemView";

/** So many regions are told one by one; of more, how many there are of each class. */
const MOST_TOLD = 2;

/** An answer in words that fit a table. */
export function inShort(form: Form, answer: Answer): string {
  const parts = form instanceof Regions ? form.parts(answer) : [];
  if (!(form instanceof Regions) || parts.length <= MOST_TOLD) return form.describe(answer);
  const counts = new Map<number, number>();
  for (const { of } of parts) counts.set(of, (counts.get(of) ?? 0) + 1);
  return [...counts].map(([of, count]) => `${form.classes[of]}${count > 1 ? ` × ${count}` : ""}`).join(", ");
}

/** The same of canonical bytes, which are shown as they are where they are no label of the form. */
export function labelInShort(form: Form | null, label: Hex): string {
  const answer = form && answerOr(form, label);
  return form && answer !== null ? inShort(form, answer) : label;
}

interface Props {
  campaign: Hex;
  config: string;
  form: Form;
  item: Item;
  /** Answers by who gave them, in words. */
  answers: readonly (readonly [who: string, answer: Answer])[];
}

/** The item with one of the answers drawn over it; nothing for forms whose answers are words alone. */
export function Drawn(props: Props) {
  const [open, setOpen] = useState(false);
  if (!(props.form instanceof Regions) || !props.answers.length) return null;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t.label.regions.look}</summary>
      {open && <Chosen {...props} />}
    </details>
  );
}

function Chosen({ campaign, config, form, item, answers }: Props) {
  const [at, setAt] = useState(0);
  const [, answer] = answers[at] ?? answers[0]!;
  return (
    <div className="stack tight reasons">
      {answers.length > 1 && (
        <div className="row" role="group" aria-label={t.label.regions.whose}>
          {answers.map(([who], place) => (
            <button key={place} type="button" className="button small" aria-pressed={place === at} onClick={() => setAt(place)}>
              {who}
            </button>
          ))}
        </div>
      )}
      <ItemView {...{ campaign, config, form, item, answer }} />
      {(answers.length > 1 || inShort(form, answer) !== form.describe(answer)) && <p className="small-text">{form.describe(answer)}</p>}
      <p className="quiet small-text">{form instanceof Boxes ? t.label.regions.boxUnits : t.label.regions.spanUnits}</p>
    </div>
  );
}
