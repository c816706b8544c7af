// `single-choice.v1` and `multi-label.v1`: one class of several, or any of up to 32.
import { concatHex, type Hex } from "viem";
import { sizeOf, uint } from "../bytes";
import { attribute, classes, onlyControl } from "./config";
import { checkAnswer, held, LabelError, noLabel, region, type Answer, type Form, type Region } from "./form";
import { faulty } from "../../texts/en";

export const SINGLE_CHOICE = "single-choice.v1";
export const MULTI_LABEL = "multi-label.v1";
const MAX_LABELS = 32; // so that the sets of classes are at most 2^32

abstract class Choices {
  constructor(
    readonly name: string,
    readonly toName: string,
    readonly classes: readonly string[],
    readonly answers: ReadonlyMap<string, number>,
  ) {}

  protected chosen(result: unknown): unknown {
    return held(result, "choices", this.name, this.toName, "choices");
  }

  protected classOf(text: unknown): number {
    const found = typeof text === "string" ? this.answers.get(text) : undefined;
    if (found === undefined) throw new LabelError(faulty.label.none);
    return found;
  }

  protected textsOf(members: ReadonlySet<number>): string[] {
    return [...this.answers].filter(([, index]) => members.has(index)).map(([text]) => text);
  }
}

export class SingleChoice extends Choices implements Form {
  readonly kind = SINGLE_CHOICE;

  get nClasses(): number {
    return this.classes.length;
  }

  encode(answer: number): Hex {
    checkAnswer(this, answer);
    return concatHex(["0x01", uint(answer, 2)]);
  }

  decode(label: Hex): number {
    if (sizeOf(label) !== 3 || !label.startsWith("0x01")) throw noLabel(this.kind, label);
    const answer = Number(`0x${label.slice(4)}`);
    checkAnswer(this, answer);
    return answer;
  }

  describe(answer: number): string {
    checkAnswer(this, answer);
    return this.classes[answer]!;
  }

  fromResult(result: unknown): number {
    const chosen = this.chosen(result);
    if (!Array.isArray(chosen) || chosen.length !== 1) throw new LabelError(faulty.label.oneChoice);
    return this.classOf(chosen[0]);
  }

  toResult(answer: number): Region[] {
    checkAnswer(this, answer);
    return [region("choices", this.name, this.toName, "choices", this.textsOf(new Set([answer])))];
  }
}

/** An answer is a bit mask of classes: class c is bit c. */
export class MultiLabel extends Choices implements Form {
  readonly kind = MULTI_LABEL;

  get nClasses(): number {
    return 2 ** this.classes.length;
  }

  encode(answer: number): Hex {
    return concatHex(["0x02", ...this.members(answer).map((index) => uint(index, 2))]);
  }

  decode(label: Hex): number {
    const digits = label.slice(4).match(/.{1,4}/g) ?? [];
    const indices = new Set(digits.map((each) => parseInt(each, 16)));
    let answer = 0;
    for (const index of indices) if (index < this.classes.length) answer += 2 ** index;
    // Odd lengths, another order, repetitions and unknown classes: none of them is what the set spells.
    if (label !== this.encode(answer)) throw noLabel(this.kind, label);
    return answer;
  }

  describe(answer: number): string {
    return this.members(answer).map((index) => this.classes[index]).join(", ") || "(none)";
  }

  fromResult(result: unknown): number {
    if (Array.isArray(result) && result.length === 0) return 0;
    const chosen = this.chosen(result);
    if (!Array.isArray(chosen)) throw new LabelError(faulty.label.choices);
    const indices = chosen.map((text) => this.classOf(text));
    if (new Set(chosen).size !== chosen.length) throw new LabelError(faulty.label.twice);
    return indices.reduce((sum, index) => sum + 2 ** index, 0);
  }

  toResult(answer: number): Region[] {
    const chosen = this.textsOf(new Set(this.members(answer)));
    return chosen.length ? [region("choices", this.name, this.toName, "choices", chosen)] : [];
  }

  members(answer: Answer): number[] {
    checkAnswer(this, answer);
    return this.classes.map((_, index) => index).filter((index) => Math.floor(answer / 2 ** index) % 2 === 1);
  }
}

export function parseSingleChoice(config: string): SingleChoice {
  const { control } = onlyControl(config, SINGLE_CHOICE, "Choices");
  const choice = control.attributes.get("choice") ?? "single";
  if (choice !== "single" && choice !== "single-radio") throw new LabelError(faulty.config.notSingle(choice.slice(0, 80)));
  const { names, answers } = classes(control);
  return new SingleChoice(attribute(control, "name"), attribute(control, "toName"), names, answers);
}

export function parseMultiLabel(config: string): MultiLabel {
  const { control } = onlyControl(config, MULTI_LABEL, "Choices");
  if (control.attributes.get("choice") !== "multiple") throw new LabelError(faulty.config.notMultiple);
  const { names, answers } = classes(control, { most: MAX_LABELS });
  return new MultiLabel(attribute(control, "name"), attribute(control, "toName"), names, answers);
}
