// What every label form gives, and the parts that forms share.
import { keccak256, type Hex } from "viem";
import { faulty } from "../../texts/en";

/** A label or a config that is not what the protocol takes; the words say why. */
export class LabelError extends Error {}

/** A region of a Label Studio result. */
export interface Region {
  from_name: string;
  to_name: string;
  type: string;
  value: Record<string, unknown>;
}

/** What is answered: a number from 0 to `nClasses` - 1, or, in the forms of regions, the label's canonical bytes. */
export type Answer = number | Hex;

/** The labels of one task: its answers, each with one spelling in bytes. */
export interface Form {
  readonly kind: string;
  readonly nClasses: number;
  encode(answer: Answer): Hex;
  decode(label: Hex): Answer;
  describe(answer: Answer): string;
  fromResult(result: unknown): Answer;
  toResult(answer: Answer): Region[];
}

/** Whether a form has an answer. */
export function hasAnswer(form: Form, answer: Answer): boolean {
  try {
    form.encode(answer);
    return true;
  } catch (fault) {
    if (fault instanceof LabelError) return false;
    throw fault;
  }
}

/** The answer of canonical bytes; null for bytes that are no label of the form. */
export function answerOr(form: Form, label: Hex): Answer | null {
  try {
    return form.decode(label);
  } catch (fault) {
    if (fault instanceof LabelError) return null;
    throw fault;
  }
}

/** keccak256 of a label's canonical bytes. */
export function digest(label: Hex): Hex {
  return keccak256(label);
}

export function checkAnswer(form: Pick<Form, "nClasses">, answer: Answer): asserts answer is number {
  if (typeof answer !== "number" || !Number.isSafeInteger(answer) || answer < 0 || answer >= form.nClasses) {
    throw new LabelError(faulty.label.noClass(answer, form.nClasses));
  }
}

export function noLabel(kind: string, label: Hex): LabelError {
  return new LabelError(faulty.label.notCanonical(label.slice(0, 82), kind));
}

export function region(control: string, name: string, toName: string, key: string, value: unknown): Region {
  return { from_name: name, to_name: toName, type: control, value: { [key]: value } };
}

/** `value.<key>` of the only region of a result; throws where another control made it. */
export function held(result: unknown, control: string, name: string, toName: string, key: string): unknown {
  if (!Array.isArray(result) || result.length !== 1 || typeof result[0] !== "object" || result[0] === null) {
    throw new LabelError(faulty.label.oneRegion(name));
  }
  const found = result[0] as Partial<Region>;
  for (const [field, expected] of [["type", control], ["from_name", name], ["to_name", toName]] as const) {
    if (found[field] !== expected) throw new LabelError(faulty.label.otherField(field, expected));
  }
  const value = found.value;
  return typeof value === "object" && value !== null ? value[key] : undefined;
}
