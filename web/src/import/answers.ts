// Answers to a task as people write them in a table (labelshare.commands.answers).
import { LabelError, LEFT, MultiLabel, Numeric, Pairwise, RIGHT, Regions, SingleChoice, TIE, type Answer, type Form } from "../protocol/labels";
import { faulty } from "../texts/en";

const NONE = "(none)";
const PREFERENCES: Readonly<Record<string, number>> = { left: LEFT, right: RIGHT, tie: TIE };

/** A class; classes with commas between, or `(none)`; left, right or tie; a decimal; or a Label Studio result. */
export function answerOf(form: Form, text: string): Answer {
  const exact = form instanceof SingleChoice ? form.answers.get(text) : undefined;
  if (exact !== undefined) return exact;
  if (text.startsWith("[")) return form.fromResult(parsed(text));
  if (form instanceof Regions && text === NONE) return form.of([]);
  if (form instanceof MultiLabel) return several(form, text);
  if (form instanceof Pairwise && text in PREFERENCES) return PREFERENCES[text]!;
  if (form instanceof Numeric) return form.fromText(text);
  throw new LabelError(faulty.label.noneOfThem(text.slice(0, 80)));
}

function several(form: MultiLabel, text: string): number {
  if (text === NONE) return 0;
  const chosen = text.split(",").map((part) => part.trim());
  return form.fromResult([{ from_name: form.name, to_name: form.toName, type: "choices", value: { choices: chosen } }]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new LabelError(faulty.label.noResult(text.slice(0, 80)));
  }
}
