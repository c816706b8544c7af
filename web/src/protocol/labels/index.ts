// Labels: from a task's Label Studio config to canonical bytes, one file a task type.
import { BOXES, parseBoxes } from "./boxes";
import { MULTI_LABEL, parseMultiLabel, parseSingleChoice, SINGLE_CHOICE } from "./choices";
import { LabelError, type Form } from "./form";
import { NUMERIC, parseNumeric } from "./numeric";
import { PAIRWISE, parsePairwise } from "./pairwise";
import { parseSpans, SPANS } from "./spans";
import { faulty } from "../../texts/en";

export { MultiLabel, SingleChoice } from "./choices";
export { Boxes } from "./boxes";
export { answerOr, digest, hasAnswer, LabelError, type Answer, type Form } from "./form";
export { Numeric } from "./numeric";
export { LEFT, Pairwise, RIGHT, TIE } from "./pairwise";
export { Regions } from "./regions";
export { Spans } from "./spans";

const READERS: Readonly<Record<string, (config: string) => Form>> = {
  [SINGLE_CHOICE]: parseSingleChoice,
  [MULTI_LABEL]: parseMultiLabel,
  [PAIRWISE]: parsePairwise,
  [NUMERIC]: parseNumeric,
  [BOXES]: parseBoxes,
  [SPANS]: parseSpans,
};

/** The form of a task type, read from the task's config; throws `LabelError` where it is none of it. */
export function readForm(kind: string, config: string): Form {
  const read = READERS[kind];
  if (!read) throw new LabelError(faulty.config.kind(kind.slice(0, 80)));
  return read(config);
}
